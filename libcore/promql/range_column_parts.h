// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/number_text.h"
#include "promql/range_columns.h"
#include "promql/range_rate.h"

// Many windows at once want the widest vectors that the machine has: such a function is compiled for several kinds of
// processor, and the loader picks one. Sanitizers start before the loader's choice can be made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define MCORE_VECTOR_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define MCORE_VECTOR_CLONES
#endif

namespace mcore {

// The parts of call_range_columns(), with its terms.

/// Marks a step that has no answer. The bits are stored as a number: g++ may quiet a signalling NaN that it meets as a
/// constant of type double.
inline void put_no_answer(double& slot) noexcept {
  std::memcpy(&slot, &kStaleNanBits, sizeof slot);
}

/// Calls take(step, begin, end) with the samples [begin, end) of each window, the empty ones included. Both ends only
/// ever move forward, so no search is needed.
template <typename Take>
void for_each_window(const FloatColumns& samples, const RangeWindows& windows, Take&& take) {
  const std::span<const std::int64_t> t_ms = samples.t_ms;
  std::size_t begin = 0;
  std::size_t end = 0;
  for (std::size_t step = 0; step < windows.count; ++step) {
    const std::int64_t to_ms = windows.first_t_ms + static_cast<std::int64_t>(step) * windows.step_ms;
    const std::int64_t from_ms = to_ms - windows.range_ms;
    while (end < t_ms.size() && t_ms[end] <= to_ms) {
      ++end;
    }
    while (begin < end && t_ms[begin] <= from_ms) {
      ++begin;
    }
    take(step, begin, end);
  }
}

void growth_columns(GrowthKind kind, const FloatColumns& samples, const RangeWindows& windows, RangeScratch& scratch,
                    std::span<double> out);

void sum_columns(bool is_mean, const FloatColumns& samples, const RangeWindows& windows, RangeScratch& scratch,
                 std::span<double> out);

enum class Extreme : std::uint8_t { kMin, kMax, kTimeOfMin, kTimeOfMax };
void extreme_columns(Extreme extreme, const FloatColumns& samples, const RangeWindows& windows, RangeScratch& scratch,
                     std::span<double> out);

void quantile_columns(const FloatColumns& samples, const RangeWindows& windows, std::span<const double> phi,
                      RangeScratch& scratch, std::span<double> out);

}  // namespace mcore
