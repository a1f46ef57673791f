// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/histogram.h"
#include "tsdb/log_deltas.h"
#include "tsdb/log_records.h"

namespace mcore {

/// Appends a histogram as log records hold it: the forms H and FH of tsdb-format 4.5, by histogram.is_float.
/// An integer histogram's counts are written as the whole numbers that they are.
void append_histogram_body(std::string& out, const Histogram& histogram);

/// Reads one such form into `histogram`, whose memory is reused; every member is set. False if the bytes do not decode.
/// The counts are not checked: neither against their spans (spans_agree()) nor against each other (histogram_fault()).
[[nodiscard]] bool read_histogram_body(ByteReader& reader, bool is_float, Histogram& histogram);

/// Whether spans and counts of both sides agree, as all that works on histograms requires.
[[nodiscard]] bool spans_agree(const Histogram& histogram) noexcept;

/// Walks records of histograms (types 7 to 10, 12, 13), as log_records.h says.
class HistogramRecordReader {
 public:
  /// Requires: type is one of these.
  HistogramRecordReader(LogRecordType type, std::string_view body) noexcept;
  bool next();
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }
  [[nodiscard]] std::uint64_t ref() const noexcept { return ref_; }
  [[nodiscard]] std::int64_t t_ms() const noexcept { return t_ms_; }
  /// 0 for a sample without start time, as all of types 7 to 10 are.
  [[nodiscard]] std::int64_t start_t_ms() const noexcept { return start_t_ms_; }
  [[nodiscard]] const Histogram& histogram() const noexcept { return histogram_; }
  /// For taking it away.
  [[nodiscard]] Histogram& histogram() noexcept { return histogram_; }

 private:
  void read_first();

  ByteReader reader_;
  bool is_float_;
  bool is_v2_;
  bool begun_ = false;
  std::uint64_t first_ref_ = 0;
  std::int64_t first_t_ms_ = 0;
  StartTimeReader start_;
  std::uint64_t ref_ = 0;
  std::int64_t t_ms_ = 0;
  std::int64_t start_t_ms_ = 0;
  Histogram histogram_;
  bool damaged_ = false;
};

/// The type of record that a histogram goes into: 7, 8, and those with custom buckets 9, 10.
[[nodiscard]] LogRecordType histogram_record_type(const Histogram& histogram) noexcept;

/// Builds one record of histograms of one type.
class HistogramRecordWriter {
 public:
  void clear() noexcept { record_.clear(); }
  /// Requires: histogram_record_type() is the same for all since clear().
  void add(std::uint64_t ref, std::int64_t t_ms, const Histogram& histogram);
  [[nodiscard]] bool empty() const noexcept { return record_.empty(); }
  [[nodiscard]] const std::string& record() const noexcept { return record_; }

 private:
  std::string record_;
  std::uint64_t first_ref_ = 0;
  std::int64_t first_t_ms_ = 0;
};

}  // namespace mcore
