// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "tsdb/head_writer.h"
#include "tsdb/log_records.h"
#include "tsdb/log_samples.h"

namespace mcore {

/// What a replay met that a server would drop too.
struct LogApplyCounts {
  std::uint64_t series = 0;
  std::uint64_t samples = 0;       // taken, late ones included
  std::uint64_t unknown_refs = 0;  // samples, exemplars or tombstones without a series record before them
  std::uint64_t before_floor = 0;  // in blocks already
  std::uint64_t out_of_order = 0;  // not newer than the series' newest: the late ones are in the WBL once more
};

/// Brings the records of WAL and WBL into a head, by the rules of a server's replay (tsdb-format 4.7, 4.9), but for
/// one: a second series record for a label set is an alias and discards nothing.
///
/// Lifetime: borrows the writer, whose commit has begun; its floor decides what is in blocks already.
/// Cost:     about 20 ns a float sample, a microsecond a series.
class LogApplier {
 public:
  explicit LogApplier(HeadWriter& head) : head_(head) {}

  /// Applies one record; false if it does not decode (what stood before the damage was applied). Unknown types count as
  /// applied.
  [[nodiscard]] bool apply_wal(std::string_view record);
  [[nodiscard]] bool apply_wbl(std::string_view record);
  /// Hands over what is written once for all; call before the commit is published.
  void finish();
  [[nodiscard]] const LogApplyCounts& counts() const noexcept { return counts_; }

 private:
  bool apply_series(std::string_view body);
  bool apply_samples(LogRecordType type, std::string_view body, bool late);
  bool apply_histograms(LogRecordType type, std::string_view body, bool late);
  bool apply_tombstones(std::string_view body);
  bool apply_metadata(std::string_view body);
  bool note_exemplars(std::string_view body);
  bool note_markers(std::string_view body);
  [[nodiscard]] bool find(std::uint64_t ref);
  /// Whether an in-order sample is to be taken; counts it if not.
  [[nodiscard]] bool is_wanted(std::int64_t t_ms);
  void add_float(std::int64_t t_ms, double value);

  HeadWriter& head_;
  std::uint32_t id_ = UINT32_MAX;  // found last
  SampleRecordDecoder samples_;
  LabelBuilder builder_;
  std::vector<HeadTombstone> tombstones_;
  bool has_tombstones_ = false;
  LogApplyCounts counts_;
};

}  // namespace mcore
