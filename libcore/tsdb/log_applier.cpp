// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_applier.h"

#include <algorithm>
#include <limits>

#include "base/number_text.h"
#include "tsdb/log_histograms.h"

namespace mcore {
namespace {

constexpr std::int64_t kMinTime = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMaxTime = std::numeric_limits<std::int64_t>::max();

}  // namespace

bool LogApplier::apply_wal(std::string_view record) {
  const std::string_view body = log_record_body(record);
  const LogRecordType type = log_record_type(record);
  switch (type) {
    case LogRecordType::kSeries:
      return apply_series(body);
    case LogRecordType::kSamples:
    case LogRecordType::kSamplesV2:
      return apply_samples(type, body, false);
    case LogRecordType::kHistograms:
    case LogRecordType::kFloatHistograms:
    case LogRecordType::kCustomHistograms:
    case LogRecordType::kCustomFloatHistograms:
    case LogRecordType::kHistogramsV2:
    case LogRecordType::kFloatHistogramsV2:
      return apply_histograms(type, body, false);
    case LogRecordType::kTombstones:
      return apply_tombstones(body);
    case LogRecordType::kMetadata:
      return apply_metadata(body);
    case LogRecordType::kExemplars:
      return note_exemplars(body);
    case LogRecordType::kMmapMarkers:
    case LogRecordType::kUnknown:
      break;
  }
  return true;
}

bool LogApplier::apply_wbl(std::string_view record) {
  const std::string_view body = log_record_body(record);
  const LogRecordType type = log_record_type(record);
  switch (type) {
    case LogRecordType::kSamples:
    case LogRecordType::kSamplesV2:
      return apply_samples(type, body, true);
    case LogRecordType::kHistograms:
    case LogRecordType::kFloatHistograms:
    case LogRecordType::kCustomHistograms:
    case LogRecordType::kCustomFloatHistograms:
    case LogRecordType::kHistogramsV2:
    case LogRecordType::kFloatHistogramsV2:
      return apply_histograms(type, body, true);
    case LogRecordType::kMmapMarkers:
      return note_markers(body);
    default:
      return true;
  }
}

void LogApplier::finish() {
  if (has_tombstones_) {
    head_.set_tombstones(std::move(tombstones_));
    has_tombstones_ = false;
  }
}

bool LogApplier::apply_series(std::string_view body) {
  SeriesRecordReader reader(body);
  while (reader.next()) {
    const std::uint64_t ref = reader.ref();
    head_.note_ref(ref);  // whatever becomes of the record: another series under this number would share its fate
    LabelsView labels;
    if (reader.is_canonical()) {
      labels = reader.labels();
    } else {
      builder_.clear();
      reader.labels(builder_);
      labels = builder_.build();
      if (builder_.has_duplicate_name()) {
        continue;  // no series: the server's own would be broken
      }
    }
    if (ref == 0 || labels.empty() || labels.bytes().size() > kLargestLabelSet) {
      continue;
    }
    const std::uint64_t hash = labels.hash();
    const auto known = head_.find(labels, hash, UINT32_MAX);
    if (head_.find_ref(ref, known.value_or(UINT32_MAX)).has_value()) {
      continue;  // said before; or it is another's: then a sample under it is the other's (tsdb-format 4.7, trap 2)
    }
    if (known.has_value()) {
      head_.add_alias(ref, *known);
    } else {
      (void)head_.add_series(labels, hash, ref);
      ++counts_.series;
    }
  }
  return !reader.damaged();
}

bool LogApplier::find(std::uint64_t ref) {
  const auto found = head_.find_ref(ref, id_ + 1);  // a scrape logs its series in the same order each time
  if (!found.has_value()) {
    ++counts_.unknown_refs;
    head_.note_ref(ref);  // an orphan's number must not be given to a series: it would show these samples as its own
    return false;
  }
  id_ = *found;
  return true;
}

bool LogApplier::is_wanted(std::int64_t t_ms) {
  if (t_ms < head_.next().floor_t_ms) {
    ++counts_.before_floor;
    return false;
  }
  if (t_ms <= head_.last_t_ms(id_)) {
    ++counts_.out_of_order;
    return false;
  }
  return true;
}

void LogApplier::add_float(std::int64_t t_ms, double value) {
  if (is_stale_marker(value) && head_.state(id_).kind == SlabKind::kRecords) {
    Histogram stale;
    stale.sum = value;
    head_.append(id_, t_ms, stale);
    return;
  }
  head_.append(id_, t_ms, value);
}

bool LogApplier::apply_samples(LogRecordType type, std::string_view body, bool late) {
  const bool whole = samples_.decode(type, body);
  for (const LogSample& sample : samples_.samples()) {
    if (!find(sample.ref)) {
      continue;
    }
    // Each sample waits for two lines of memory; the series of a scrape follow one another.
    head_.prefetch(id_ + 8);
    head_.prefetch_slab(id_ + 4);
    if (late) {
      head_.append_late(id_, sample.t_ms, sample.value);
    } else if (is_wanted(sample.t_ms)) {
      add_float(sample.t_ms, sample.value);
    } else {
      continue;
    }
    ++counts_.samples;
  }
  return whole;
}

bool LogApplier::apply_histograms(LogRecordType type, std::string_view body, bool late) {
  HistogramRecordReader reader(type, body);
  while (reader.next()) {
    if (!find(reader.ref()) || !spans_agree(reader.histogram())) {
      continue;
    }
    if (late) {
      head_.append_late(id_, reader.t_ms(), reader.histogram());
    } else if (is_wanted(reader.t_ms())) {
      head_.append(id_, reader.t_ms(), reader.histogram());
    } else {
      continue;
    }
    ++counts_.samples;
  }
  return !reader.damaged();
}

bool LogApplier::apply_tombstones(std::string_view body) {
  TombstoneRecordReader reader(body);
  while (reader.next()) {
    if (!find(reader.ref())) {
      continue;
    }
    if (reader.min_t_ms() == kMinTime && reader.max_t_ms() == kMaxTime) {
      head_.drop(id_);
      continue;
    }
    if (reader.max_t_ms() < reader.min_t_ms() || reader.max_t_ms() < head_.next().floor_t_ms) {
      continue;
    }
    if (!has_tombstones_) {
      tombstones_ = head_.tombstones();
      has_tombstones_ = true;
    }
    tombstones_.push_back({.series = id_, .min_t_ms = reader.min_t_ms(), .max_t_ms = reader.max_t_ms()});
  }
  return !reader.damaged();
}

bool LogApplier::apply_metadata(std::string_view body) {
  MetadataRecordReader reader(body);
  while (reader.next()) {
    if (find(reader.ref())) {
      (void)head_.set_metadata(id_, head_.metadata_id(reader.type(), reader.unit(), reader.help()));
    }
  }
  return !reader.damaged();
}

/// They say what is in the server's head chunk files; all of that is here too, and only the refs matter.
bool LogApplier::note_markers(std::string_view body) {
  MmapMarkerRecordReader reader(body);
  while (reader.next()) {
    head_.note_ref(reader.ref());
  }
  return !reader.damaged();
}

/// Exemplars stay in the log; only their refs matter here.
bool LogApplier::note_exemplars(std::string_view body) {
  ExemplarRecordReader reader(body);
  while (reader.next()) {
    (void)find(reader.ref());
  }
  return !reader.damaged();
}

}  // namespace mcore
