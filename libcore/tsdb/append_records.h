// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/exemplar.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/metric_type.h"
#include "tsdb/log_histograms.h"
#include "tsdb/log_records.h"
#include "tsdb/log_samples.h"
#include "tsdb/log_writer.h"

namespace mcore {

/// The records of one batch for one log, in the order in which a server logs a commit (tsdb-format 4.5): series,
/// metadata, samples, histograms by type, tombstones, exemplars. What is too much for one record of a kind goes into
/// several: a reader takes no record of any size.
class AppendRecords {
 public:
  /// A record that has grown to this size is the last but one of its kind.
  static constexpr std::size_t kRecordSize = std::size_t{16} << 20U;

  void clear();
  void add_series(std::uint64_t ref, LabelsView labels);
  void add_metadata(std::uint64_t ref, MetricType type, std::string_view unit, std::string_view help);
  void add_sample(std::uint64_t ref, std::int64_t t_ms, double value);
  void add_sample(std::uint64_t ref, std::int64_t t_ms, const Histogram& histogram);
  void add_exemplar(std::uint64_t ref, std::int64_t t_ms, double value, LabelsView labels);
  void add_tombstone(std::uint64_t ref, std::int64_t min_t_ms, std::int64_t max_t_ms);
  [[nodiscard]] bool empty() const noexcept;
  /// Hands each record that holds something to `use`, in that order.
  template <typename Use>
  void each(const Use& use) const {
    const std::array<const std::string*, kKinds> last = records();
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      for (const std::string& record : full_[kind]) {
        use(record);
      }
      if (!last[kind]->empty()) {
        use(*last[kind]);
      }
    }
  }
  /// Adds all records to the framer's batch.
  void frame(LogFramer& framer) const {
    each([&](const std::string& record) { framer.add(record); });
  }

 private:
  // The kinds in their order; histograms as histograms_ has them, integers before floats.
  enum Kind : std::uint8_t {
    kSeries,
    kMetadata,
    kSamples,
    kHistogram,
    kTombstones = kHistogram + 4,
    kExemplars,
    kKinds
  };

  [[nodiscard]] std::array<const std::string*, kKinds> records() const noexcept {
    return {&series_,
            &metadata_,
            &samples_.record(),
            &histograms_[0].record(),
            &histograms_[2].record(),
            &histograms_[1].record(),
            &histograms_[3].record(),
            &tombstones_,
            &exemplars_.record()};
  }
  /// Puts a record that is large enough aside, so that the next entry begins another.
  template <typename Writer>
  void close(std::size_t kind, const std::string& record, Writer& writer) {
    if (record.size() >= kRecordSize) {
      full_[kind].push_back(record);
      writer.clear();
    }
  }

  std::string series_;
  std::string metadata_;
  std::string tombstones_;
  SampleRecordWriter samples_;
  std::array<HistogramRecordWriter, 4> histograms_;  // by type: 7, 8, 9, 10
  ExemplarRecordWriter exemplars_;
  std::array<std::vector<std::string>, kKinds> full_;
};

}  // namespace mcore
