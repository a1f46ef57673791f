// SPDX-License-Identifier: Apache-2.0
#include "tsdb/append_records.h"

namespace mcore {
namespace {

std::size_t place_of(LogRecordType type) noexcept {
  return static_cast<std::size_t>(type) - static_cast<std::size_t>(LogRecordType::kHistograms);
}

}  // namespace

void AppendRecords::clear() {
  series_.clear();
  metadata_.clear();
  tombstones_.clear();
  samples_.clear();
  for (HistogramRecordWriter& writer : histograms_) {
    writer.clear();
  }
  exemplars_.clear();
}

void AppendRecords::add_series(std::uint64_t ref, LabelsView labels) {
  if (series_.empty()) {
    begin_record(series_, LogRecordType::kSeries);
  }
  append_series(series_, ref, labels);
}

void AppendRecords::add_metadata(std::uint64_t ref, MetricType type, std::string_view unit, std::string_view help) {
  if (metadata_.empty()) {
    begin_record(metadata_, LogRecordType::kMetadata);
  }
  append_metadata(metadata_, ref, type, unit, help);
}

void AppendRecords::add_sample(std::uint64_t ref, std::int64_t t_ms, double value) {
  samples_.add(ref, t_ms, value);
}

void AppendRecords::add_sample(std::uint64_t ref, std::int64_t t_ms, const Histogram& histogram) {
  histograms_[place_of(histogram_record_type(histogram))].add(ref, t_ms, histogram);
}

void AppendRecords::add_exemplar(std::uint64_t ref, std::int64_t t_ms, double value, LabelsView labels) {
  exemplars_.add(ref, t_ms, value, labels);
}

void AppendRecords::add_tombstone(std::uint64_t ref, std::int64_t min_t_ms, std::int64_t max_t_ms) {
  if (tombstones_.empty()) {
    begin_record(tombstones_, LogRecordType::kTombstones);
  }
  append_tombstone(tombstones_, ref, min_t_ms, max_t_ms);
}

bool AppendRecords::empty() const noexcept {
  bool empty = series_.empty() && metadata_.empty() && tombstones_.empty() && samples_.empty() && exemplars_.empty();
  for (const HistogramRecordWriter& writer : histograms_) {
    empty = empty && writer.empty();
  }
  return empty;
}

}  // namespace mcore
