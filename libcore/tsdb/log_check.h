// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/labels.h"
#include "tsdb/log_records.h"
#include "tsdb/log_samples.h"
#include "tsdb/log_sequence.h"
#include "tsdb/store_finding.h"

namespace mcore {

/// Which series the numbers in a log stand for: by hash of the label set.
class LogRefs {
 public:
  /// False if the number stands for another series.
  bool add(std::uint64_t ref, LabelsView labels);
  [[nodiscard]] bool knows(std::uint64_t ref) const { return hashes_.contains(ref); }
  [[nodiscard]] bool stands_for(std::uint64_t ref, LabelsView labels) const;
  [[nodiscard]] std::uint64_t greatest() const noexcept { return greatest_; }

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> hashes_;
  std::uint64_t greatest_ = 0;
};

/// Looks at the records of a log one by one, in its order: each must decode to its last byte, series must have labels
/// in order and a number of their own, histograms spans that fit their counts.
///
/// Lifetime: borrows `refs`, which it fills from series records.
class RecordCheck {
 public:
  explicit RecordCheck(LogRefs& refs) : refs_(refs) {}
  /// What is wrong with a record, empty if nothing is. One of a later version is all right.
  [[nodiscard]] std::string fault(std::string_view record);
  /// Entries so far that are of a series that none has announced: readers pass them over.
  [[nodiscard]] std::uint64_t orphans() const noexcept { return orphans_; }

 private:
  std::string series_fault(std::string_view body);
  std::string samples_fault(LogRecordType type, std::string_view body);
  std::string histograms_fault(LogRecordType type, std::string_view body);
  template <typename Reader>
  std::string rows_fault(std::string_view what, std::string_view body);
  void count(std::uint64_t ref) { orphans_ += refs_.knows(ref) ? 0 : 1; }

  LogRefs& refs_;
  SampleRecordDecoder samples_;
  std::uint64_t orphans_ = 0;
};

struct LogCheckResult {
  std::uint64_t records = 0;
  std::uint64_t findings = 0;
  std::uint64_t orphans = 0;  // as RecordCheck counts them
  bool cancelled = false;
};

struct LogCheckOptions {
  std::function<void(std::uint64_t bytes)> on_progress{};  // so many of this log so far
  std::function<bool()> is_cancelled{};
};

/// Reads a whole log: fragments and their checksums, records (RecordCheck), segments that are missing, an end inside a
/// record, which is a note, and what is left over. For the WBL, `refs` are those of the WAL.
///
/// Errors: throws Error (kIo; kBusy if files come and go faster than they can be opened).
/// Cost:   some 10 ns a sample; memory for each series.
LogCheckResult check_log(const std::string& store, LogKind kind, LogRefs& refs, const FindingReport& report,
                         const LogCheckOptions& options = {});

}  // namespace mcore
