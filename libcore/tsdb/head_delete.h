// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>

#include "model/matcher.h"
#include "model/time_range.h"
#include "storage/querier.h"
#include "tsdb/head_home.h"

namespace mcore {

struct HeadDeleteOptions {
  std::chrono::milliseconds lock_timeout{10'000};
  bool dry_run = false;  // only count
  DamageReport on_damage{};
};

/// What was deleted from the head, or would be.
struct HeadDeletion {
  std::uint64_t series = 0;
  std::uint64_t samples = 0;
  std::uint64_t late_samples = 0;
};

/// Deletes samples from what only the logs hold: of the series that match any of the selectors (none: of all), in a
/// closed range (DESIGN section 4, "deletion"). What lies in blocks is deletion.h's, and comes after this: a cut in
/// between moves only what is left.
///
/// In-order samples are hidden by a tombstone in the WAL, cut to the first and last that the series has there, for it
/// would hide what comes later, too. Late samples are written out of the WBL, for a server forgets its tombstones when
/// it moves those. Readers see neither from one commit on, and until a cut has left them out an append into the time is
/// refused. When it returns, all of that is on the disk. Done again it does nothing, or the rest of what a killed one
/// did.
///
/// Requires: the upkeep lock.
/// Errors:   throws Error: kBusy if a server has the store or a lock is not had in time, kIo, kCorrupt for a damaged
/// log. Cost:     decodes the range of each series before it takes the locks; the segments of the WBL that hold such
/// samples
///           are written anew.
HeadDeletion delete_from_head(const HeadHome& home, std::span<const Selector> selectors, TimeRange range,
                              const HeadDeleteOptions& options = {});

}  // namespace mcore
