// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "model/labels.h"
#include "tsdb/append_records.h"
#include "tsdb/log_samples.h"

namespace mcore {

/// Takes records of a log apart and writes them again without some of their entries.
///
/// Shape:   keep_entry is asked for samples and exemplars with their time, for all else with the earliest time there
/// is.
///          What does not decode of a record is left out, as are labels that are no label set, and
///          start times of samples. A record of markers stays whole or goes.
class RecordFilter {
 public:
  using KeepEntry = std::function<bool(std::uint64_t ref, std::int64_t t_ms)>;
  using KeepSeries = std::function<bool(std::uint64_t ref, LabelsView labels)>;
  explicit RecordFilter(KeepEntry keep_entry, KeepSeries keep_series = {});

  /// Whether some of the record is left out; then records() are what stays of it. One of a later version stays as it
  /// is.
  bool filter(std::string_view record);
  [[nodiscard]] const AppendRecords& records() const noexcept { return records_; }
  /// Entries left out so far.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  [[nodiscard]] bool keeps(std::uint64_t ref, std::int64_t t_ms);
  void filter_series(std::string_view body);
  void filter_floats(LogRecordType type, std::string_view body);
  void filter_histograms(LogRecordType type, std::string_view body);
  void filter_tombstones(std::string_view body);
  void filter_exemplars(std::string_view body);
  void filter_metadata(std::string_view body);
  void filter_markers(std::string_view body);

  KeepEntry keep_entry_;
  KeepSeries keep_series_;
  SampleRecordDecoder samples_;
  LabelBuilder builder_;
  AppendRecords records_;
  std::uint64_t dropped_ = 0;
};

}  // namespace mcore
