// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/directory.h"
#include "storage/querier.h"

namespace mcore {

/// Closed ranges of time, ascending, none touching another (neighbours 1 ms apart are one).
class Intervals {
 public:
  /// Adds a range, joined with those it overlaps or touches. A range that ends before it begins is ignored.
  void add(TimeRange range);
  [[nodiscard]] std::span<const TimeRange> ranges() const noexcept { return ranges_; }
  [[nodiscard]] bool contains(std::int64_t t_ms) const noexcept;
  /// Whether one of them covers all of `range`.
  [[nodiscard]] bool covers(TimeRange range) const noexcept;
  [[nodiscard]] bool operator==(const Intervals&) const = default;

 private:
  std::vector<TimeRange> ranges_;
};

/// Removes the samples whose time lies in one of the ranges. Requires: as in Intervals.
void remove_deleted(SeriesSamples& samples, std::span<const TimeRange> deleted);

/// What was deleted from a block: intervals of time per series.
///
/// Shape:  tsdb-format 2.4; the key is the series' reference in the index.
class Tombstones {
 public:
  /// Errors: throws Error (kCorrupt) with `path` and byte.
  [[nodiscard]] static Tombstones parse(const std::string& path, std::string_view bytes);
  /// Reads `folder`/tombstones; a file that is not there holds none. Throws Error (kIo, kCorrupt).
  [[nodiscard]] static Tombstones read(const std::string& folder);

  void add(std::uint64_t series, TimeRange range);
  /// Empty if nothing was deleted from the series.
  [[nodiscard]] std::span<const TimeRange> of(std::uint64_t series) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return series_.empty(); }
  /// Intervals of all series: `stats.numTombstones`.
  [[nodiscard]] std::uint64_t interval_count() const noexcept;
  [[nodiscard]] const std::map<std::uint64_t, Intervals>& series() const noexcept { return series_; }
  /// The bytes of the file.
  [[nodiscard]] std::string encode() const;

 private:
  std::map<std::uint64_t, Intervals> series_;
};

/// Puts a new tombstones file into a block, and its number of intervals into meta.json.
/// Requires: the store's lock is held and no server runs on it (tsdb-format 7.3).
/// Errors:   throws Error (kIo, kCorrupt); the file that was there stays if the new one cannot be written.
void write_tombstones(const std::string& folder, const Tombstones& tombstones, const NewFileOwner& owner);

}  // namespace mcore
