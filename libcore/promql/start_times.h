// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace mcore {

/// The start time of a sample, and the sample's own: since when it counts, and until when. 0: unknown.
struct StartedAt {
  std::int64_t start_ms = 0;
  std::int64_t t_ms = 0;
};

/// The pair of sample `i`; `start_ms` may be empty, then nothing is known.
[[nodiscard]] inline StartedAt started_at(std::span<const std::int64_t> start_ms, std::span<const std::int64_t> t_ms,
                                          std::size_t i) noexcept {
  return {.start_ms = i < start_ms.size() ? start_ms[i] : 0, .t_ms = t_ms[i]};
}

/// Whether `now` counts anew since `before`. A start at the sample itself or behind it says nothing. One exactly at the
/// sample before is a reset where every sample starts at its predecessor (deltas), unless that one's own start was
/// unknown (OpenTelemetry writes such series with start and time equal).
[[nodiscard]] inline bool is_start_reset(StartedAt before, StartedAt now) noexcept {
  if (now.start_ms == 0 || now.start_ms >= now.t_ms || now.start_ms < before.t_ms) {
    return false;
  }
  if (now.start_ms > before.t_ms) {
    return true;
  }
  return before.start_ms != 0 && before.start_ms < before.t_ms;
}

/// Whether `now` claims time that `before` had counted already, with another start: damaged data.
[[nodiscard]] inline bool starts_overlap(StartedAt before, StartedAt now) noexcept {
  return now.start_ms != 0 && now.start_ms < before.t_ms && now.start_ms != before.start_ms;
}

}  // namespace mcore
