// SPDX-License-Identifier: Apache-2.0
// Records and segments of WAL and WBL, as a server writes them.
#pragma once

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "support/series_text.h"
#include "tsdb/log_directory.h"
#include "tsdb/log_histograms.h"
#include "tsdb/log_records.h"
#include "tsdb/log_samples.h"
#include "tsdb/log_writer.h"

namespace mcore {

struct NamedRef {
  std::uint64_t ref;
  std::string_view name;
};

[[nodiscard]] inline std::string series_record(std::initializer_list<NamedRef> series) {
  std::string record;
  begin_record(record, LogRecordType::kSeries);
  for (const NamedRef& one : series) {
    append_series(record, one.ref, test_label_set({{kNameLabel, one.name}}).view());
  }
  return record;
}

[[nodiscard]] inline std::string samples_record(std::initializer_list<LogSample> samples) {
  SampleRecordWriter writer;
  for (const LogSample& sample : samples) {
    writer.add(sample.ref, sample.t_ms, sample.value);
  }
  return writer.record();
}

[[nodiscard]] inline std::string histogram_record(std::uint64_t ref, std::int64_t t_ms, const Histogram& histogram) {
  HistogramRecordWriter writer;
  writer.add(ref, t_ms, histogram);
  return writer.record();
}

[[nodiscard]] inline std::string tombstone_record(std::uint64_t ref, std::int64_t min_t_ms, std::int64_t max_t_ms) {
  std::string record;
  begin_record(record, LogRecordType::kTombstones);
  append_tombstone(record, ref, min_t_ms, max_t_ms);
  return record;
}

[[nodiscard]] inline std::string metadata_record(std::uint64_t ref, MetricType type, std::string_view help) {
  std::string record;
  begin_record(record, LogRecordType::kMetadata);
  append_metadata(record, ref, type, "", help);
  return record;
}

[[nodiscard]] inline std::string exemplar_record(std::uint64_t ref, std::int64_t t_ms) {
  ExemplarRecordWriter writer;
  writer.add(ref, t_ms, 1, test_label_set({{"trace_id", "abc"}}).view());
  return writer.record();
}

[[nodiscard]] inline std::string marker_record(std::uint64_t ref) {
  std::string record;
  begin_record(record, LogRecordType::kMmapMarkers);
  append_be64(record, ref);
  append_be64(record, 0);
  return record;
}

/// Writes a segment, the folder above it too; `padded`: as a clean shutdown leaves it.
inline void write_log_segment(const std::string& folder, std::int64_t number, const std::vector<std::string>& records,
                              bool padded = false) {
  LogFramer framer;
  framer.begin(0);
  for (const std::string& record : records) {
    framer.add(record);
  }
  std::string bytes = framer.bytes();
  if (padded) {
    bytes.append(page_padding(bytes.size()), '\0');
  }
  std::filesystem::create_directories(folder);
  std::ofstream(segment_path(folder, number), std::ios::binary) << bytes;
}

/// Adds records at the end of a segment.
inline void append_to_segment(const std::string& folder, std::int64_t number, const std::vector<std::string>& records) {
  const std::string path = segment_path(folder, number);
  LogFramer framer;
  framer.begin(std::filesystem::file_size(path));
  for (const std::string& record : records) {
    framer.add(record);
  }
  std::ofstream(path, std::ios::binary | std::ios::app) << framer.bytes();
}

}  // namespace mcore
