// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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
/// metadata, samples, histograms by type, exemplars.
class AppendRecords {
 public:
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
    for (const std::string* record :
         {&series_, &metadata_, &samples_.record(), &histograms_[0].record(), &histograms_[2].record(),
          &histograms_[1].record(), &histograms_[3].record(), &tombstones_, &exemplars_.record()}) {
      if (!record->empty()) {
        use(*record);
      }
    }
  }
  /// Adds all records to the framer's batch.
  void frame(LogFramer& framer) const {
    each([&](const std::string& record) { framer.add(record); });
  }

 private:
  std::string series_;
  std::string metadata_;
  std::string tombstones_;
  SampleRecordWriter samples_;
  HistogramRecordWriter histograms_[4];  // by type: 7, 8, 9, 10
  ExemplarRecordWriter exemplars_;
};

}  // namespace mcore
