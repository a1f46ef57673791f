// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace mcore {

// The literals of PromQL, with Go's rules and the words of Go's errors (Error::why()).

/// `12`, `0x1F`, `017`, `1_000.5e3`, `Inf`, `nan`.
[[nodiscard]] Result<double> read_promql_number(std::string_view text);

/// `1h30m` in seconds.
[[nodiscard]] Result<double> read_promql_duration(std::string_view text);

/// Seconds as whole milliseconds by way of Go's nanoseconds: rounded there, then cut.
[[nodiscard]] std::int64_t duration_ms(double seconds) noexcept;
/// Whether Go's 64 bits of nanoseconds cannot hold a duration; true for NaN.
[[nodiscard]] bool is_out_of_duration_range(double seconds) noexcept;

}  // namespace mcore
