// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_lock.h"
#include "base/shared_queue.h"
#include "storage/querier.h"
#include "tsdb/head_files.h"
#include "tsdb/head_layout.h"
#include "tsdb/log_applier.h"
#include "tsdb/log_directory.h"
#include "tsdb/log_position.h"

namespace mcore {

/// How the two logs of a store stand, as a listing of their folders tells.
struct LogState {
  std::int64_t checkpoint = -1;
  std::int64_t wal_segment = -1;  // the last one
  std::uint64_t wal_size = 0;
  std::int64_t wbl_segment = -1;
  std::uint64_t wbl_size = 0;
  [[nodiscard]] bool operator==(const LogState&) const = default;
};
[[nodiscard]] LogState look_at_logs(const std::string& store);

/// How a head and the logs stand to each other.
enum class HeadStanding : std::uint8_t {
  kCurrent,  // the head holds all that the logs do
  kBehind,   // the logs hold more, written by one of our own into the segment the head knows
  kForeign,  // a server wrote since: a new segment
  kGone,     // not to be brought forward: truncated, replaced, checkpointed by others
};
[[nodiscard]] HeadStanding compare_with_logs(const HeadCommit& commit, const LogState& logs);

/// What bringing a head forward, or building one, found.
struct HeadCatchUp {
  LogApplyCounts counts;
  bool rebuilt = false;
  bool foreign = false;  // records of a server were among it
  // How the last segments end: what lies behind the marks is to be cut off before anything is written there.
  bool wal_has_tail = false;
  bool wbl_has_tail = false;
  std::uint64_t damages = 0;
};

/// The newest generation below `home` that serves, if any.
[[nodiscard]] std::optional<HeadFiles> open_newest_head(const std::string& home, bool writable);

/// The place of a store's head: STORE/head, or a folder of one user's cache for stores that must not be written to.
///
///     HOME/writer           lock: one process at a time changes the head
///     HOME/queue            the order of those who wait for the lock, and a bell for those who wait for a flush
///     HOME/sync             lock: one process at a time flushes the logs (tsdb/log_flush.h)
///     HOME/upkeep           lock: one process at a time compacts
///     HOME/<format>/<n>/    generation n; the highest serves
///
/// Errors:  throws Error (kIo; kCorrupt where damage stops it).
/// Threads: one.
class HeadHome {
 public:
  /// `home` is made where it lacks. `serves_writers`: refs that a server keeps beside its logs count as taken.
  HeadHome(std::string store, std::string home, NewFileOwner owner, bool serves_writers = true);

  [[nodiscard]] const std::string& store() const noexcept { return store_; }
  [[nodiscard]] const std::string& folder() const noexcept { return home_; }
  [[nodiscard]] const NewFileOwner& owner() const noexcept { return owner_; }

  /// Takes the lock that makes this process the writer; nothing after the timeout.
  [[nodiscard]] std::optional<FileLock> lock_writer(std::chrono::milliseconds timeout) const;
  /// Shared, for somebody may remove the head, and the queue with it, at any time.
  [[nodiscard]] std::shared_ptr<SharedQueue> queue() const;
  /// Makes the folders again that somebody has removed.
  void make_folders() const;
  [[nodiscard]] std::string writer_lock_path() const { return home_ + "/writer"; }

  [[nodiscard]] std::optional<HeadFiles> open(bool writable) const { return open_newest_head(home_, writable); }

  /// Makes the head hold all that the logs do: brings `files` forward, or builds a new generation in their place.
  /// `floor_t_ms`: in-order samples before it are in blocks, where a generation is built. Damage is reported and
  /// skipped; without `on_damage` it throws. Requires: the writer's lock.
  HeadCatchUp catch_up(std::optional<HeadFiles>& files, std::int64_t floor_t_ms, const DamageReport& on_damage) const;
  /// Builds a new generation from the logs, whatever there is.
  HeadCatchUp rebuild(std::optional<HeadFiles>& files, std::int64_t floor_t_ms, const DamageReport& on_damage) const;
  /// Builds a generation beside the serving one, and beside the writers, without taking its place; switch_to() does
  /// that. Requires: the upkeep lock.
  [[nodiscard]] HeadFiles build_aside(std::int64_t floor_t_ms, const DamageReport& on_damage,
                                      HeadCatchUp& result) const;
  /// Brings such a generation forward; false if the logs do not go on from it. Requires: the writer's lock.
  [[nodiscard]] bool bring_up(HeadFiles& built) const;
  void switch_to(std::optional<HeadFiles>& files, HeadFiles built) const;
  /// Brings the head forward and cuts off what lies behind the last whole record of each log: the torn end of a killed
  /// writer, or a server's padding. Requires: the writer's lock and the store's.
  void cut_tails(std::optional<HeadFiles>& files, std::int64_t floor_t_ms) const;
  /// Cuts off the logs what a failed flush has lost, if there was one. Done by catch_up() too, whoever comes first.
  /// Requires: the writer's lock.
  /// Errors:   throws Error (kIo; kBusy where a server has the store).
  void cut_back_lost() const;

 private:
  [[nodiscard]] std::string generations() const { return home_ + "/" + std::to_string(kHeadFormat); }
  [[nodiscard]] HeadFiles build(std::string_view prefix, std::int64_t floor_t_ms, const DamageReport& on_damage,
                                HeadCatchUp& result) const;
  [[nodiscard]] LogPosition end_of_wbl() const;
  void keep_from_cutting(HeadFiles& files, const HeadCommit& commit) const;
  [[nodiscard]] bool bring_forward(HeadFiles& files, std::int64_t floor_t_ms, const DamageReport& on_damage,
                                   HeadCatchUp& result) const;

  std::string store_;
  std::string home_;
  NewFileOwner owner_;
  bool serves_writers_;
  mutable std::shared_ptr<SharedQueue> queue_{};  // opened at first use
};

}  // namespace mcore
