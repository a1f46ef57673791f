// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace mcore {

/// The folder of recordings of real programs that lies beside a full checkout (`../shared/conformance`, or what
/// $METRICUTILS_CONFORMANCE names), or nothing: then a test says that it skips and why.
[[nodiscard]] std::optional<std::filesystem::path> conformance_folder();

/// A folder with the real programs (`bin/promtool`, ...): $METRICUTILS_PEERS, else ~/.cache/metricutils-peers.
[[nodiscard]] std::optional<std::filesystem::path> peers_folder();

/// The bytes of a file; throws on failure.
[[nodiscard]] std::string read_test_file(const std::filesystem::path& path);

}  // namespace mcore
