// SPDX-License-Identifier: Apache-2.0
#include "tsdb/record_filter.h"

#include <limits>
#include <utility>

namespace mcore {
namespace {

constexpr std::int64_t kAnyTime = std::numeric_limits<std::int64_t>::min();

}  // namespace

RecordFilter::RecordFilter(KeepEntry keep_entry, KeepSeries keep_series)
    : keep_entry_(std::move(keep_entry)), keep_series_(std::move(keep_series)) {}

bool RecordFilter::filter(std::string_view record) {
  const std::uint64_t before = dropped_;
  const std::string_view body = log_record_body(record);
  const LogRecordType type = log_record_type(record);
  records_.clear();
  switch (type) {
    case LogRecordType::kSeries:
      filter_series(body);
      break;
    case LogRecordType::kSamples:
    case LogRecordType::kSamplesV2:
      filter_floats(type, body);
      break;
    case LogRecordType::kHistograms:
    case LogRecordType::kFloatHistograms:
    case LogRecordType::kCustomHistograms:
    case LogRecordType::kCustomFloatHistograms:
    case LogRecordType::kHistogramsV2:
    case LogRecordType::kFloatHistogramsV2:
      filter_histograms(type, body);
      break;
    case LogRecordType::kTombstones:
      filter_tombstones(body);
      break;
    case LogRecordType::kExemplars:
      filter_exemplars(body);
      break;
    case LogRecordType::kMetadata:
      filter_metadata(body);
      break;
    case LogRecordType::kMmapMarkers:
      filter_markers(body);
      break;
    case LogRecordType::kUnknown:
      break;
  }
  return dropped_ > before;
}

bool RecordFilter::keeps(std::uint64_t ref, std::int64_t t_ms) {
  const bool keeps = keep_entry_(ref, t_ms);
  dropped_ += keeps ? 0 : 1;
  return keeps;
}

void RecordFilter::filter_series(std::string_view body) {
  SeriesRecordReader reader(body);
  while (reader.next()) {
    builder_.clear();
    reader.labels(builder_);
    const LabelsView labels = builder_.build();
    const bool is_set = reader.ref() != 0 && !labels.empty() && !builder_.has_duplicate_name();
    if (is_set && (!keep_series_ || keep_series_(reader.ref(), labels))) {
      records_.add_series(reader.ref(), labels);
      dropped_ += reader.is_canonical() ? 0 : 1;  // it is written otherwise
    } else {
      ++dropped_;
    }
  }
  dropped_ += reader.damaged() ? 1 : 0;
}

void RecordFilter::filter_floats(LogRecordType type, std::string_view body) {
  dropped_ += samples_.decode(type, body) ? 0 : 1;
  for (const LogSample& sample : samples_.samples()) {
    if (keeps(sample.ref, sample.t_ms)) {
      records_.add_sample(sample.ref, sample.t_ms, sample.value);
    }
  }
}

void RecordFilter::filter_histograms(LogRecordType type, std::string_view body) {
  HistogramRecordReader reader(type, body);
  while (reader.next()) {
    if (!spans_agree(reader.histogram())) {
      ++dropped_;
    } else if (keeps(reader.ref(), reader.t_ms())) {
      records_.add_sample(reader.ref(), reader.t_ms(), reader.histogram());
    }
  }
  dropped_ += reader.damaged() ? 1 : 0;
}

void RecordFilter::filter_tombstones(std::string_view body) {
  TombstoneRecordReader reader(body);
  while (reader.next()) {
    if (keeps(reader.ref(), kAnyTime)) {
      records_.add_tombstone(reader.ref(), reader.min_t_ms(), reader.max_t_ms());
    }
  }
  dropped_ += reader.damaged() ? 1 : 0;
}

void RecordFilter::filter_exemplars(std::string_view body) {
  ExemplarRecordReader reader(body);
  while (reader.next()) {
    if (!keeps(reader.ref(), reader.t_ms())) {
      continue;
    }
    builder_.clear();
    reader.labels(builder_);
    records_.add_exemplar(reader.ref(), reader.t_ms(), reader.value(), builder_.build());
  }
  dropped_ += reader.damaged() ? 1 : 0;
}

void RecordFilter::filter_metadata(std::string_view body) {
  MetadataRecordReader reader(body);
  while (reader.next()) {
    if (keeps(reader.ref(), kAnyTime)) {
      records_.add_metadata(reader.ref(), reader.type(), reader.unit(), reader.help());
    }
  }
  dropped_ += reader.damaged() ? 1 : 0;
}

/// A server without them has late samples twice, with the same values.
void RecordFilter::filter_markers(std::string_view body) {
  MmapMarkerRecordReader reader(body);
  while (reader.next()) {
    (void)keeps(reader.ref(), kAnyTime);
  }
  dropped_ += reader.damaged() ? 1 : 0;
}

}  // namespace mcore
