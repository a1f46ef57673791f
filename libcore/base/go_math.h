// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace mcore {

// Logarithms and powers with the bits of the Go runtime on amd64. The C library rounds a little better, so that its
// answers differ from a server's in the last digit now and then.
//
// Cost: some nanoseconds.

/// NaN for a negative number, -Inf for zero.
[[nodiscard]] double go_log(double x) noexcept;
/// Exact for powers of two.
[[nodiscard]] double go_log2(double x) noexcept;
[[nodiscard]] double go_log10(double x) noexcept;
/// 2^x.
[[nodiscard]] double go_exp2(double x) noexcept;

}  // namespace mcore
