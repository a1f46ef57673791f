// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

namespace mcore {

/// A closed range of time: both ends count. Units: milliseconds since the Unix epoch.
struct TimeRange {
  std::int64_t min_t_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t max_t_ms = std::numeric_limits<std::int64_t>::max();
  [[nodiscard]] bool contains(std::int64_t t_ms) const noexcept { return t_ms >= min_t_ms && t_ms <= max_t_ms; }
  [[nodiscard]] bool overlaps(const TimeRange& other) const noexcept {
    return min_t_ms <= other.max_t_ms && other.min_t_ms <= max_t_ms;
  }
  [[nodiscard]] bool operator==(const TimeRange&) const = default;
};

}  // namespace mcore
