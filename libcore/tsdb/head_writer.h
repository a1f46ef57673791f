// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/histogram.h"
#include "model/labels.h"
#include "model/metric_type.h"
#include "tsdb/hash_tables.h"
#include "tsdb/head_files.h"
#include "tsdb/head_layout.h"

namespace mcore {

/// A range of time that was deleted from one series of the head. Both ends count.
struct HeadTombstone {
  std::uint32_t series = 0;
  std::uint32_t unused = 0;
  std::int64_t min_t_ms = 0;
  std::int64_t max_t_ms = 0;
};
/// By series, then time.
[[nodiscard]] std::span<const HeadTombstone> head_tombstones(const HeadFiles& files, const HeadCommit& commit) noexcept;
/// Those of one series. Cost: logarithmic.
[[nodiscard]] std::span<const HeadTombstone> tombstones_of(std::span<const HeadTombstone> all,
                                                           std::uint32_t series) noexcept;

/// Changes a head: one commit at a time, unseen by readers until publish().
///
/// Lifetime: borrows the files. What it was handed is copied.
/// Errors:   throws Error (kIo) when a file cannot grow, kLimit when the head is as large as it can be, kCorrupt where
///           it finds the files damaged: then abandon() leaves the head as it was published.
/// Threads:  one writer at a time over all processes; the caller holds the writers' lock.
/// Cost:     a float in order: about 20 ns; a new series: about a microsecond.
class HeadWriter {
 public:
  enum class Mode : std::uint8_t {
    kShared,    // others may be reading
    kBuilding,  // nobody knows the files yet: tables grow in memory, states are changed in place
  };
  HeadWriter(HeadFiles& files, Mode mode);

  /// Starts a commit behind the published one; what a killed writer left half done is undone first.
  void begin();
  /// Takes the published commit to look things up in, and changes nothing: no lock is needed, find_ref() and the like
  /// are all that may follow, and what state() gives may be newer, or nothing if writers were faster.
  void look();
  /// What the commit will publish beside series and samples: floor, log marks, retirement. Valid after begin().
  [[nodiscard]] HeadCommit& next() noexcept { return next_; }
  [[nodiscard]] const HeadCommit& next() const noexcept { return next_; }
  /// Makes the commit the published one.
  void publish();
  /// Forgets the commit.
  void abandon() noexcept;

  /// The series of a label set, unless it has left the log. `guess`, an id, is looked at first: the series of one
  /// scrape lie side by side.
  [[nodiscard]] std::optional<std::uint32_t> find(LabelsView labels, std::uint64_t hash, std::uint32_t guess) const;
  [[nodiscard]] std::optional<std::uint32_t> find_ref(std::uint64_t ref, std::uint32_t guess) const;
  /// Requires: find() did not find it; `ref` is in use by no other; no more than kLargestLabelSet bytes.
  std::uint32_t add_series(LabelsView labels, std::uint64_t hash, std::uint64_t ref);
  /// Another ref of a series, which records of the log use too.
  void add_alias(std::uint64_t ref, std::uint32_t id);
  /// Keeps next_ref above a number that is in use. Those from kRefLimit on, which no series of ours may get anyway, do
  /// not count: one of them in a log must not use up all that are left.
  void note_ref(std::uint64_t ref) noexcept {
    if (ref < kRefLimit) {
      next_.next_ref = std::max(next_.next_ref, ref + 1);
    }
  }

  /// Asks for the memory of a series that is about to be appended to.
  void prefetch(std::uint32_t id) const noexcept {
    if (id < next_.series_count) {
      __builtin_prefetch(&files_.entry(id));
      __builtin_prefetch(&files_.entry(id).state[1]);
    }
  }
  void prefetch_slab(std::uint32_t id) const noexcept {
    if (id < next_.series_count) {
      const SeriesState& state = files_.entry(id).state[0];
      __builtin_prefetch(files_.payload(state.slab) + state.used / 8, 1);
    }
  }

  [[nodiscard]] std::uint64_t ref_of(std::uint32_t id) const noexcept { return files_.entry(id).ref; }
  /// Newest in-order sample, this commit's included; kNoTime if there is none.
  [[nodiscard]] std::int64_t last_t_ms(std::uint32_t id) const noexcept { return current(id).last_t_ms; }
  [[nodiscard]] SeriesStateView state(std::uint32_t id) const noexcept;

  /// Requires: t_ms > last_t_ms(id).
  void append(std::uint32_t id, std::int64_t t_ms, double value);
  void append(std::uint32_t id, std::int64_t t_ms, const Histogram& histogram);
  /// A sample that is older than the series' newest or than the floor. Of several at one time readers take the first.
  void append_late(std::uint32_t id, std::int64_t t_ms, double value);
  void append_late(std::uint32_t id, std::int64_t t_ms, const Histogram& histogram);

  /// Marks the series as changed by this commit, so that it is not retired.
  void keep(std::uint32_t id) { (void)writable(id); }
  /// Forgets what the series holds; its label set may be added anew (tsdb-format 4.7, full-range tombstones).
  void drop(std::uint32_t id);
  [[nodiscard]] const std::vector<HeadTombstone>& tombstones() const noexcept { return tombstones_; }
  void set_tombstones(std::vector<HeadTombstone> tombstones);

  /// The id of a metadata entry, made where it is new.
  [[nodiscard]] std::uint32_t metadata_id(MetricType type, std::string_view unit, std::string_view help);
  /// Whether that changed anything.
  bool set_metadata(std::uint32_t id, std::uint32_t metadata);

 private:
  [[nodiscard]] const SeriesState& current(std::uint32_t id) const noexcept;
  /// The place of the series' state that this commit writes, filled with the current state.
  SeriesState& writable(std::uint32_t id);
  void touch(std::uint32_t id);
  void map_touched();
  void undo_touched() noexcept;
  [[nodiscard]] bool is_dropped(std::uint32_t id) const noexcept;
  [[nodiscard]] bool is_retired(std::uint32_t id) const noexcept;
  std::uint32_t new_slab(std::int64_t first_t_ms, SlabKind kind, std::uint8_t size_log2);
  void open_slab(SeriesState& state, std::int64_t t_ms, SlabKind kind, std::size_t least_payload);
  [[nodiscard]] std::size_t payload_size(std::uint32_t unit, std::uint8_t size_log2) const;
  void append_late_record(SeriesState& state, std::int64_t t_ms);
  void note_time(std::int64_t t_ms) noexcept;
  std::uint64_t add_bytes(std::size_t size, std::size_t alignment);

  HeadFiles& files_;
  Mode mode_;
  HeadCommit next_{};
  std::uint64_t published_ = 0;  // number of the commit that next_ follows
  std::string record_;           // reused
  std::vector<HeadTombstone> tombstones_;
  GrowingHashTable label_table_;  // kBuilding
  GrowingHashTable ref_table_;
  GrowingHashTable metadata_table_;
};

/// One metadata entry, as it lies in the head.
struct HeadMetadata {
  MetricType type = MetricType::kUnknown;
  std::string_view unit;
  std::string_view help;
};
/// Requires: `id` is not 0.
[[nodiscard]] HeadMetadata read_metadata(const HeadFiles& files, std::uint32_t id);

}  // namespace mcore
