// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mcore {

/// Reads a duration as Prometheus writes it, `1h30m`, `250ms`, `1d`: units y w d h m s ms in descending order, each at
/// most once, or plain seconds, `90`, `0.5`.
/// Errors: anything else, an empty text, more than 100 years.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Writes a duration as Prometheus does, `1h30m`, `90d`, `-250ms`, `0s`; years and weeks only where nothing is left
/// over.
[[nodiscard]] std::string duration_text(std::chrono::milliseconds duration);

/// Reads a size as Prometheus does, `100`, `64KB`, `1MiB`, `2G`: KB and KiB alike are 1024 bytes. 0 is allowed.
[[nodiscard]] Result<std::uint64_t> parse_byte_size(std::string_view text);

}  // namespace mcore
