// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/time_text.h"
#include "render/value_unit.h"

namespace mcore {

/// A mark on an axis of values.
struct ValueTick {
  double at = 0;
  std::string text{};
};

/// An axis of values: from `low` to `high`, both round, with marks at round steps between.
///
/// Shape: low < high, both finite; at least two ticks, ascending, all spelled in one prefix of the unit.
struct ValueScale {
  double low = 0;
  double high = 1;
  std::vector<ValueTick> ticks{};
  /// 0 at the low end, 1 at the high one; what lies beyond is beyond here too.
  [[nodiscard]] double place(double value) const noexcept;
};

/// The axis for finite values between `low` and `high`. Zero belongs to it where the values are not far from it; a
/// constant stands in the middle. Steps are 1, 2 or 5 of a power of ten, of a binary prefix for bytes, of minutes,
/// hours or days for long spans of seconds. Requires: low <= high, both finite; most_ticks >= 2.
[[nodiscard]] ValueScale value_scale(double low, double high, int most_ticks, ValueUnit unit, HumanStyle style = {});

struct TimeTick {
  std::int64_t t_ms = 0;
  std::string text{};
};

/// Marks at round times of the wall clock within a range, both ends included, at most `most_ticks`: 03:15, Nov 19,
/// 2026. Midnight is written as the day. Fewer where the range is short of them, none if start > end.
[[nodiscard]] std::vector<TimeTick> time_ticks(std::int64_t start_ms, std::int64_t end_ms, int most_ticks,
                                               TimeZone zone);

/// How far the wall clock is ahead of UTC.
[[nodiscard]] std::int64_t utc_offset_ms(std::int64_t t_ms, TimeZone zone) noexcept;

/// A range for a person: "2025-11-19 03:12 to 09:12 UTC"; seconds where there are some.
[[nodiscard]] std::string time_range_text(std::int64_t start_ms, std::int64_t end_ms, TimeZone zone);

}  // namespace mcore
