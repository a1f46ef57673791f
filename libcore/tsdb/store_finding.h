// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mcore {

/// Something about a store that its owner should know.
struct StoreFinding {
  enum class Part : std::uint8_t { kStore, kBlock, kLog, kHead, kHeadChunks };
  bool is_note = false;  // nothing is wrong: a leftover, the torn end of a killed writer
  Part part = Part::kStore;
  std::string path{};
  std::optional<std::uint64_t> offset{};  // in the file
  std::string text{};
};
using FindingReport = std::function<void(const StoreFinding&)>;

/// "store", "block", "log", "head", "head chunks".
[[nodiscard]] std::string_view finding_part_text(StoreFinding::Part part) noexcept;

/// The finding that an Error of a reader is: file and byte taken out of its words.
[[nodiscard]] StoreFinding finding_of(StoreFinding::Part part, const Error& error);

/// `PATH at byte N: TEXT`
[[nodiscard]] std::string finding_text(const StoreFinding& finding);

}  // namespace mcore
