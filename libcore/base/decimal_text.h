// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace mcore {

/// Room that write_decimal() needs at most: a sign, "0.", 323 zeros and 17 digits.
inline constexpr std::size_t kDecimalTextSize = 352;

/// Writes the shortest digits that read back the same without an exponent, as Go's 'f' does: "0.5", "-0",
/// "9223372036854776000", "NaN", "+Inf", "-Inf". Returns the end of what was written.
/// Requires: kDecimalTextSize bytes of room at `out`.
char* write_decimal(char* out, double value) noexcept;

/// Room that write_api_float() needs at most.
inline constexpr std::size_t kApiFloatTextSize = 32;

/// The same as Prometheus' HTTP API writes sample values: with an exponent below 1e-6 and from 1e21 ("1e-07", "1e+21").
/// Requires: kApiFloatTextSize bytes of room at `out`.
/// Cost:     about 8 ns for a whole number, 15 ns for one of few digits, 50 ns for 17 digits.
char* write_api_float(char* out, double value) noexcept;

/// Both as strings.
[[nodiscard]] std::string decimal_text(double value);
[[nodiscard]] std::string api_float_text(double value);

}  // namespace mcore
