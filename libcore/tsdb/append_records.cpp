// SPDX-License-Identifier: Apache-2.0
#include "tsdb/append_records.h"

#include <algorithm>

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
  for (std::vector<std::string>& full : full_) {
    full.clear();
  }
}

void AppendRecords::add_series(std::uint64_t ref, LabelsView labels) {
  if (series_.empty()) {
    begin_record(series_, LogRecordType::kSeries);
  }
  append_series(series_, ref, labels);
  close(kSeries, series_, series_);
}

void AppendRecords::add_metadata(std::uint64_t ref, MetricType type, std::string_view unit, std::string_view help) {
  if (metadata_.empty()) {
    begin_record(metadata_, LogRecordType::kMetadata);
  }
  append_metadata(metadata_, ref, type, unit, help);
  close(kMetadata, metadata_, metadata_);
}

void AppendRecords::add_sample(std::uint64_t ref, std::int64_t t_ms, double value) {
  samples_.add(ref, t_ms, value);
  close(kSamples, samples_.record(), samples_);
}

void AppendRecords::add_sample(std::uint64_t ref, std::int64_t t_ms, const Histogram& histogram) {
  constexpr std::size_t kOrder[] = {0, 2, 1, 3};
  const std::size_t place = place_of(histogram_record_type(histogram));
  HistogramRecordWriter& writer = histograms_[place];
  writer.add(ref, t_ms, histogram);
  close(kHistogram + kOrder[place], writer.record(), writer);
}

void AppendRecords::add_exemplar(std::uint64_t ref, std::int64_t t_ms, double value, LabelsView labels) {
  exemplars_.add(ref, t_ms, value, labels);
  close(kExemplars, exemplars_.record(), exemplars_);
}

void AppendRecords::add_tombstone(std::uint64_t ref, std::int64_t min_t_ms, std::int64_t max_t_ms) {
  if (tombstones_.empty()) {
    begin_record(tombstones_, LogRecordType::kTombstones);
  }
  append_tombstone(tombstones_, ref, min_t_ms, max_t_ms);
  close(kTombstones, tombstones_, tombstones_);
}

bool AppendRecords::empty() const noexcept {
  return std::ranges::all_of(records(), &std::string::empty,
                             [](const std::string* record) -> const std::string& { return *record; }) &&
         std::ranges::all_of(full_, &std::vector<std::string>::empty);
}

}  // namespace mcore
