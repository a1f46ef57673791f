// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "storage/querier.h"
#include "tsdb/head_home.h"

namespace mcore {

/// Span of the smallest blocks and of their alignment, as in a server.
inline constexpr std::int64_t kBlockSpanMs = 7'200'000;

/// The start of the aligned window that holds a time; where there is no such time any more, the earliest there is.
[[nodiscard]] constexpr std::int64_t window_start(std::int64_t t_ms) noexcept {
  constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();
  const std::int64_t rest = t_ms % kBlockSpanMs;
  const std::int64_t into = rest < 0 ? rest + kBlockSpanMs : rest;
  return t_ms < kEarliest + into ? kEarliest : t_ms - into;
}
/// The last time in the window that begins there.
[[nodiscard]] constexpr std::int64_t window_last(std::int64_t window) noexcept {
  constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
  const std::int64_t rest = window % kBlockSpanMs;  // not 0 only in the first window there is, which is cut short
  const std::int64_t span = rest < 0 ? -rest : kBlockSpanMs;
  return window > kLatest - (span - 1) ? kLatest : window + (span - 1);
}

struct HeadUpkeepOptions {
  std::chrono::milliseconds lock_timeout{10'000};
  std::function<void(const std::string& what, double share)> on_progress{};
  std::function<bool()> is_cancelled{};  // asked between steps of bounded length
  DamageReport on_damage{};
};

/// The time up to which the head is to be cut now, if it is: the end of an aligned window that lies an hour behind the
/// newest sample and not ahead of the clock, with something before it (spec 6.4; DESIGN section 4, "cut").
/// `force`: whatever is in order goes too, up to the end of the window of the newest sample or to the clock.
[[nodiscard]] std::optional<std::int64_t> cut_time(const HeadCommit& commit, std::int64_t now_ms, bool force);

struct HeadCutResult {
  bool done = false;
  std::int64_t cut_t_ms = kNoTime;
  std::uint64_t samples = 0;
  std::vector<std::string> blocks{};  // their ULIDs
};

/// Moves what lies before a time out of the head into blocks: raises the floor, begins new log segments, writes blocks
/// beside the writers, and commits them if nothing has come between. The log stays as it is: tsdb/log_shrink.h.
///
/// Requires: the upkeep lock. Killed anywhere it leaves a folder below HOME/stage, and the logs as they were.
/// Errors:   throws Error (kBusy: a server has the store; kIo).
[[nodiscard]] HeadCutResult cut_head(const HeadHome& home, std::int64_t cut_t_ms, const HeadUpkeepOptions& options);

/// The writer's lock and the store's, for the moment in which upkeep changes something.
struct StoreLocks {
  FileLock writer;
  FileLock store;
};
[[nodiscard]] StoreLocks lock_for_upkeep(const HeadHome& home, std::chrono::milliseconds timeout);

}  // namespace mcore
