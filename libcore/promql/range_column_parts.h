// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/number_text.h"
#include "promql/range_columns.h"
#include "promql/range_rate.h"

namespace mcore {

// The parts of call_range_columns(), with its terms. The plan in `scratch` is that of the samples.

/// Marks a step that has no answer. The bits are stored as a number: g++ may quiet a signalling NaN that it meets as a
/// constant of type double.
inline void put_no_answer(double& slot) noexcept {
  std::memcpy(&slot, &kStaleNanBits, sizeof slot);
}

void growth_columns(GrowthKind kind, std::span<const double> value, RangeScratch& scratch, std::span<double> out);

void sum_columns(bool is_mean, std::span<const double> value, RangeScratch& scratch, std::span<double> out);

enum class Extreme : std::uint8_t { kMin, kMax, kTimeOfMin, kTimeOfMax };
void extreme_columns(Extreme extreme, const FloatColumns& samples, RangeScratch& scratch, std::span<double> out);

void quantile_columns(std::span<const double> value, std::span<const double> phi, RangeScratch& scratch,
                      std::span<double> out);

}  // namespace mcore
