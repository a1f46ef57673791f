// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace mcore {

/// How a floating-point text was read.
enum class FloatStatus {
  kOk,
  kSyntax,     // not a number
  kRange,      // a number beyond the largest finite double
  kForbidden,  // 'p', 'P' or '_': Go forms that no exposition format takes
};

/// Reads a whole text as Go's strconv.ParseFloat does (any case of inf, infinity and nan, signs), without
/// hexadecimal and underscores, as every exposition format wants it. A NaN comes back as the field's normal NaN
/// (kNormalNanBits). Cost: about 5 ns for what fits 19 digits and a small exponent, else std::from_chars.
[[nodiscard]] FloatStatus parse_float(std::string_view text, double& value) noexcept;

/// Room that write_float needs at most.
inline constexpr std::size_t kFloatTextSize = 32;

/// Writes `value` as the exposition formats do: the shortest digits that read back the same in Go's 'g' layout (an
/// exponent below 1e-4 and from 1e6: "999999", "1e+06", "0.0001", "1e-05"), "NaN", "+Inf", "-Inf". Returns the end of
/// what was written.
/// Requires: kFloatTextSize bytes of room at `out`.
char* write_float(char* out, double value) noexcept;

/// The same as a string.
[[nodiscard]] std::string float_text(double value);

/// Never with an exponent, as the HTTP API of Prometheus writes values: the shortest digits that read back the same,
/// filled up with zeros ("100000000000000000000000", "0.000001"), "NaN", "+Inf", "-Inf".
[[nodiscard]] std::string decimal_text(double value);

/// As OpenMetrics wants values of `le` and `quantile`: float_text with ".0" behind a whole number ("1.0", "1e+06").
[[nodiscard]] std::string openmetrics_float_text(double value);

/// The bits of the NaN that parse_float returns, Prometheus' "normal" NaN; a staleness marker has other bits.
inline constexpr std::uint64_t kNormalNanBits = 0x7FF8000000000001U;
/// The bits of a staleness marker: the series has no value from here on (feature list C-034).
inline constexpr std::uint64_t kStaleNanBits = 0x7FF0000000000002U;
[[nodiscard]] inline bool is_stale_marker(double value) noexcept {
  return std::bit_cast<std::uint64_t>(value) == kStaleNanBits;
}

}  // namespace mcore
