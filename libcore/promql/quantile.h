// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace mcore {

/// The `phi`-quantile of samples as quantile() and quantile_over_time() take it: NaN sorts below everything, a rank
/// between two samples is their weighted mean. -Inf for phi below 0, +Inf above 1, NaN for a phi of NaN or without
/// values. Reorders `values`.
/// Cost: linear.
[[nodiscard]] double quantile_of(double phi, std::span<double> values);

/// The same where the values are in order already.
/// Requires: NaNs first, then ascending, zeros of either sign in the order in which they came.
[[nodiscard]] double quantile_of_sorted(double phi, std::span<const double> values) noexcept;

}  // namespace mcore
