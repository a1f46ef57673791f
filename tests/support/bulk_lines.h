// SPDX-License-Identifier: Apache-2.0
// Text read in bulk and read carefully, as lines, so that the two can be compared.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/number_text.h"
#include "ingest/bulk_text.h"
#include "ingest/stream_input.h"
#include "tsdb/series_table.h"

namespace mcore {

/// What was read: `name{...} value @t` of each sample, and the faults.
struct BulkLines {
  std::vector<std::string> samples{};
  std::vector<std::string> faults{};
  std::uint64_t quick = 0;  // samples that were read without the careful decoder
  [[nodiscard]] bool operator==(const BulkLines& other) const {
    return samples == other.samples && faults == other.faults;
  }
};

/// A sink that keeps what comes, as text. `epoch_every`: series numbers become void after that many columns.
class LinesSink final : public BulkSink {
 public:
  explicit LinesSink(BulkLines& lines, std::uint64_t epoch_every = 0) : lines_(lines), epoch_every_(epoch_every) {}

  SampleColumns& columns() override { return columns_; }
  void hand_on() override {
    write_out();
    if (epoch_every_ != 0 && ++handed_on_ % epoch_every_ == 0) {
      ++epoch_;
      series_.clear();
    }
  }
  std::optional<std::uint32_t> take_batch(const SampleBatch& batch, std::uint64_t /*line*/) override {
    std::optional<std::uint32_t> series;
    if (taken_ > batch.samples().size()) {
      taken_ = 0;
    }
    for (; taken_ < batch.samples().size(); ++taken_) {
      const BatchSample& sample = batch.samples()[taken_];
      write_out();
      const LabelsView labels = batch.labels(sample);
      write(labels, sample.value, sample.t_ms);
      series = series_.find_or_add(labels, labels.hash());
    }
    return series;
  }
  std::uint64_t epoch() const override { return epoch_; }
  std::int64_t newest_t_ms() const override { return std::numeric_limits<std::int64_t>::max(); }
  void note_progress(const StreamSink& /*at*/) override {}
  void write_out() {
    for (std::size_t i = 0; i < columns_.size; ++i) {
      ++lines_.quick;
      write(series_.labels(columns_.series[i]), columns_.value[i], columns_.t_ms[i]);
    }
    columns_.clear();
  }

 private:
  void write(LabelsView labels, double value, std::int64_t t_ms) {
    lines_.samples.push_back(
        fmt::format("{} {} @{}", labels_text(labels), is_stale_marker(value) ? "stale" : float_text(value), t_ms));
  }

  BulkLines& lines_;
  std::uint64_t epoch_every_;
  std::uint64_t handed_on_ = 0;
  std::uint64_t epoch_ = 0;
  SampleColumns columns_{};
  SeriesTable series_;
  std::size_t taken_ = 0;
};

/// Reads a stream from a descriptor; where `sink` is given, through it in bulk.
inline void read_lines(int fd, BulkLines& lines, LinesSink* sink) {
  const FixedClock clock(1000);
  StreamInputOptions options;
  std::optional<BulkText> bulk;
  if (sink != nullptr) {
    bulk.emplace(*sink);
    options.text_decoder = [&bulk](StreamFormat format) { return bulk->make_decoder(format); };
  }
  StreamInput input(fd, "stream", clock, options,
                    [&lines](const StreamFault& fault) { lines.faults.push_back(fault.text()); });
  SampleBatch batch;
  while (input.next(batch)) {
    if (sink != nullptr) {
      (void)sink->take_batch(batch, 0);
      continue;
    }
    for (const BatchSample& sample : batch.samples()) {
      lines.samples.push_back(fmt::format("{} {} @{}", labels_text(batch.labels(sample)),
                                          is_stale_marker(sample.value) ? "stale" : float_text(sample.value),
                                          sample.t_ms));
    }
  }
  if (sink != nullptr) {
    sink->write_out();
  }
}

}  // namespace mcore
