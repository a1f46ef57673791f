// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/labels.h"
#include "model/metric_type.h"

namespace mcore {

// What stands in the records of WAL and WBL (tsdb-format 4.4, 4.5): here all but samples, which have log_samples.h and
// log_histograms.h.
//
// A record is a type byte and a body. The readers take the body and walk its entries:
//   Lifetime: they borrow the body; what an entry gives lives until the next next().
//   Errors:   next() is false at the end and at an entry that does not decode; damaged() tells which. Entries before
//   the
//             damage have been given. No length in a body is believed beyond the bytes there are.
//   Cost:     no allocation per entry.
// The writers append to a record that begin_record() began.

enum class LogRecordType : std::uint8_t {
  kUnknown = 0,  // of a later version, or an empty record: to be passed over
  kSeries = 1,
  kSamples = 2,
  kTombstones = 3,
  kExemplars = 4,
  kMmapMarkers = 5,
  kMetadata = 6,
  kHistograms = 7,
  kFloatHistograms = 8,
  kCustomHistograms = 9,
  kCustomFloatHistograms = 10,
  kSamplesV2 = 11,
  kHistogramsV2 = 12,
  kFloatHistogramsV2 = 13,
};

[[nodiscard]] LogRecordType log_record_type(std::string_view record) noexcept;
/// What follows the type byte; empty for an empty record.
[[nodiscard]] inline std::string_view log_record_body(std::string_view record) noexcept {
  return record.empty() ? record : record.substr(1);
}
inline void begin_record(std::string& record, LogRecordType type) {
  record.assign(1, static_cast<char>(type));
}

/// Reads `labels`: names and values one after the other. In a log they are trusted by nobody.
class LogLabelsReader {
 public:
  /// Moves `reader` behind them; false if they do not decode, or have a text of 16 MiB or more.
  [[nodiscard]] bool read(ByteReader& reader);
  /// Whether names ascend, none is there twice, and no value is empty: only such a set is a series.
  [[nodiscard]] bool is_canonical() const noexcept { return is_canonical_; }
  /// Requires: is_canonical().
  [[nodiscard]] LabelsView view() const noexcept { return LabelsView(bytes_); }
  /// Adds them as they are, in the order in which they were written.
  void add_to(LabelBuilder& builder) const;

 private:
  [[nodiscard]] bool read_long(ByteReader& reader, std::uint64_t count);

  std::string_view bytes_;  // as a LabelsView has them: in the record itself while all lengths are short
  std::string copy_;
  bool is_canonical_ = true;
};

/// Type 1.
class SeriesRecordReader {
 public:
  explicit SeriesRecordReader(std::string_view body) noexcept : reader_(body) {}
  bool next();
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }
  [[nodiscard]] std::uint64_t ref() const noexcept { return ref_; }
  [[nodiscard]] bool is_canonical() const noexcept { return labels_.is_canonical(); }
  /// Requires: is_canonical().
  [[nodiscard]] LabelsView labels() const noexcept { return labels_.view(); }
  /// Adds the labels as they are; build() sorts them.
  void labels(LabelBuilder& builder) const { labels_.add_to(builder); }

 private:
  ByteReader reader_;
  LogLabelsReader labels_;
  std::uint64_t ref_ = 0;
  bool damaged_ = false;
};
void append_series(std::string& record, std::uint64_t ref, LabelsView labels);

/// Type 3: closed ranges that were deleted.
class TombstoneRecordReader {
 public:
  explicit TombstoneRecordReader(std::string_view body) noexcept : reader_(body) {}
  bool next();
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }
  [[nodiscard]] std::uint64_t ref() const noexcept { return ref_; }
  [[nodiscard]] std::int64_t min_t_ms() const noexcept { return min_t_ms_; }
  [[nodiscard]] std::int64_t max_t_ms() const noexcept { return max_t_ms_; }

 private:
  ByteReader reader_;
  std::uint64_t ref_ = 0;
  std::int64_t min_t_ms_ = 0;
  std::int64_t max_t_ms_ = 0;
  bool damaged_ = false;
};
void append_tombstone(std::string& record, std::uint64_t ref, std::int64_t min_t_ms, std::int64_t max_t_ms);

/// Type 4.
class ExemplarRecordReader {
 public:
  explicit ExemplarRecordReader(std::string_view body) noexcept : reader_(body) {}
  bool next();
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }
  [[nodiscard]] std::uint64_t ref() const noexcept { return ref_; }
  [[nodiscard]] std::int64_t t_ms() const noexcept { return t_ms_; }
  [[nodiscard]] double value() const noexcept { return value_; }
  [[nodiscard]] bool is_canonical() const noexcept { return labels_.is_canonical(); }
  /// Requires: is_canonical().
  [[nodiscard]] LabelsView labels() const noexcept { return labels_.view(); }
  void labels(LabelBuilder& builder) const { labels_.add_to(builder); }

 private:
  ByteReader reader_;
  LogLabelsReader labels_;
  bool begun_ = false;
  std::uint64_t first_ref_ = 0;
  std::int64_t first_t_ms_ = 0;
  std::uint64_t ref_ = 0;
  std::int64_t t_ms_ = 0;
  double value_ = 0;
  bool damaged_ = false;
};
class ExemplarRecordWriter {
 public:
  void clear() noexcept { record_.clear(); }
  void add(std::uint64_t ref, std::int64_t t_ms, double value, LabelsView labels);
  [[nodiscard]] bool empty() const noexcept { return record_.empty(); }
  [[nodiscard]] const std::string& record() const noexcept { return record_; }

 private:
  std::string record_;
  std::uint64_t first_ref_ = 0;
  std::int64_t first_t_ms_ = 0;
};

/// Type 5: what was late for `ref` up to here is in the server's head chunk files, as of `chunk_ref`.
class MmapMarkerRecordReader {
 public:
  explicit MmapMarkerRecordReader(std::string_view body) noexcept : reader_(body) {}
  bool next();
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }
  [[nodiscard]] std::uint64_t ref() const noexcept { return ref_; }
  /// File number in the upper half, offset in the lower; 0: nothing is written yet.
  [[nodiscard]] std::uint64_t chunk_ref() const noexcept { return chunk_ref_; }

 private:
  ByteReader reader_;
  std::uint64_t ref_ = 0;
  std::uint64_t chunk_ref_ = 0;
  bool damaged_ = false;
};

/// Type 6. Fields that are not known are passed over.
class MetadataRecordReader {
 public:
  explicit MetadataRecordReader(std::string_view body) noexcept : reader_(body) {}
  bool next();
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }
  [[nodiscard]] std::uint64_t ref() const noexcept { return ref_; }
  [[nodiscard]] MetricType type() const noexcept { return type_; }
  [[nodiscard]] std::string_view unit() const noexcept { return unit_; }
  [[nodiscard]] std::string_view help() const noexcept { return help_; }

 private:
  ByteReader reader_;
  std::uint64_t ref_ = 0;
  MetricType type_ = MetricType::kUnknown;
  std::string_view unit_;
  std::string_view help_;
  bool damaged_ = false;
};
void append_metadata(std::string& record, std::uint64_t ref, MetricType type, std::string_view unit,
                     std::string_view help);

}  // namespace mcore
