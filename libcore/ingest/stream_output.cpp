// SPDX-License-Identifier: Apache-2.0
#include "ingest/stream_output.h"

#include <utility>

#include "base/number_text.h"
#include "text/csv_writer.h"
#include "text/json_lines_writer.h"
#include "text/prom_text_writer.h"
#include "text/text_output.h"
#include "wire/rw2_writer.h"

namespace mcore {
namespace {

FamilyMetadata metadata_of(const MetricFamily& family) {
  return {.name = family.name,
          .type = family.type,
          .has_type = family.has_type,
          .help = family.help,
          .has_help = family.has_help,
          .unit = family.unit};
}

/// The text format: the text of a series is made once, not once a sample.
class PromOutput final : public StreamOutput {
 public:
  explicit PromOutput(bool timestamps) : timestamps_(timestamps) {}

  void begin_series(LabelsView labels, const MetricFamily* family) override {
    family_ = family;
    series_.clear();
    append_series(series_, labels);
    series_ += ' ';
  }
  void sample(const StreamSample& sample) override {
    losses_.exemplars += sample.exemplars.size();
    losses_.start_timestamps += sample.start_t_ms ? 1 : 0;
    if (sample.histogram != nullptr) {
      ++losses_.native_histograms;
      return;
    }
    losses_.stale_markers += is_stale_marker(sample.value) ? 1 : 0;
    if (family_ != nullptr) {
      writer_.family(metadata_of(*family_));  // not before there is a sample: no family without one
      family_ = nullptr;
    }
    std::string& out = writer_.output();
    out += series_;
    append_float(out, sample.value);
    if (timestamps_) {
      out += ' ';
      append_integer(out, sample.t_ms);
    }
    out += '\n';
  }
  void finish() override {}
  [[nodiscard]] std::string& output() override { return writer_.output(); }
  [[nodiscard]] const ExpositionLosses& losses() const override { return losses_; }

 private:
  PromTextWriter writer_;  // knows which families were announced
  bool timestamps_;
  const MetricFamily* family_ = nullptr;  // of the series at hand, until it is announced
  std::string series_;
  ExpositionLosses losses_;
};

/// OpenMetrics and protobuf.
class ExpositionOutput final : public StreamOutput {
 public:
  ExpositionOutput(ExpositionFormat format, bool timestamps)
      : writer_(make_exposition_writer(format)),
        splits_groups_(format == ExpositionFormat::kProtobuf),
        timestamps_(timestamps) {}

  void begin_series(LabelsView labels, const MetricFamily* family) override {
    labels_ = labels;
    family_ = family;
    counted_type_ = false;
  }
  void sample(const StreamSample& sample) override {
    if (family_ != nullptr) {
      announce(sample.histogram != nullptr);
    }
    writer_->sample({.labels = labels_,
                     .value = sample.value,
                     .histogram = sample.histogram,
                     .timestamp_ms = timestamps_ ? std::optional(sample.t_ms) : std::nullopt,
                     .start_timestamp_ms = sample.start_t_ms,
                     .exemplars = sample.exemplars});
  }
  void flush() override { writer_->flush(); }
  void finish() override { writer_->finish(); }
  [[nodiscard]] std::string& output() override { return writer_->output(); }
  [[nodiscard]] const ExpositionLosses& losses() const override {
    losses_ = writer_->losses();
    losses_.types = types_;
    return losses_;
  }

 private:
  void announce(bool is_histogram) {
    FamilyMetadata metadata = metadata_of(*family_);
    const bool has_parts = family_->type == MetricType::kHistogram || family_->type == MetricType::kGaugeHistogram ||
                           family_->type == MetricType::kSummary;
    if (splits_groups_ && has_parts && !is_histogram) {
      // One part of a histogram, written as one, would read back with a count and a sum that nobody gave.
      metadata.name = labels_.get(kNameLabel);
      metadata.type = MetricType::kUnknown;
      metadata.has_type = false;
      types_ += std::exchange(counted_type_, true) ? 0 : 1;
    }
    writer_->family(metadata);
  }

  std::unique_ptr<ExpositionWriter> writer_;
  bool splits_groups_;
  bool timestamps_;
  LabelsView labels_;
  const MetricFamily* family_ = nullptr;
  bool counted_type_ = false;
  std::uint64_t types_ = 0;
  mutable ExpositionLosses losses_;
};

class Rw2Output final : public StreamOutput {
 public:
  void begin_series(LabelsView labels, const MetricFamily* family) override { writer_.series(labels, family); }
  void sample(const StreamSample& sample) override {
    if (sample.histogram != nullptr) {
      writer_.histogram(sample.t_ms, *sample.histogram, sample.start_t_ms, sample.exemplars);
    } else {
      writer_.sample(sample.t_ms, sample.value, sample.start_t_ms, sample.exemplars);
    }
  }
  void flush() override { writer_.flush(); }
  void finish() override { writer_.flush(); }
  [[nodiscard]] std::string& output() override { return writer_.output(); }
  [[nodiscard]] const ExpositionLosses& losses() const override { return losses_; }

 private:
  Rw2Writer writer_;
  ExpositionLosses losses_;
};

/// JSON lines and CSV.
template <typename Writer>
class FloatOutput final : public StreamOutput {
 public:
  explicit FloatOutput(Writer writer) : writer_(std::move(writer)) {}

  void begin_series(LabelsView labels, const MetricFamily* /*family*/) override { writer_.series(labels); }
  void sample(const StreamSample& sample) override {
    exemplars_ += sample.exemplars.size();
    start_timestamps_ += sample.start_t_ms ? 1 : 0;
    if (sample.histogram != nullptr) {
      writer_.leave_out_histogram();
    } else {
      writer_.sample(sample.t_ms, sample.value);
    }
  }
  void flush() override {
    if constexpr (requires { writer_.finish(); }) {
      writer_.finish();
    }
  }
  void finish() override { flush(); }
  [[nodiscard]] std::string& output() override { return writer_.output(); }
  [[nodiscard]] const ExpositionLosses& losses() const override {
    losses_ = writer_.losses();
    losses_.exemplars = exemplars_;
    losses_.start_timestamps = start_timestamps_;
    return losses_;
  }

 private:
  Writer writer_;
  std::uint64_t exemplars_ = 0;
  std::uint64_t start_timestamps_ = 0;
  mutable ExpositionLosses losses_;
};

}  // namespace

void StreamOutput::samples(const SeriesSamples& columns, std::span<const Exemplar> exemplars) {
  std::size_t left = columns.size();
  const auto put = [&](StreamSample one) {
    std::size_t count = 0;
    while (count < exemplars.size() && (left == 1 || exemplars[count].timestamp_ms.value_or(one.t_ms) <= one.t_ms)) {
      ++count;
    }
    one.exemplars = exemplars.first(count);
    exemplars = exemplars.subspan(count);
    --left;
    sample(one);
  };
  std::size_t next = 0;
  for (std::size_t i = 0; i < columns.t_ms.size(); ++i) {
    for (; next < columns.histogram_t_ms.size() && columns.histogram_t_ms[next] < columns.t_ms[i]; ++next) {
      put({.t_ms = columns.histogram_t_ms[next], .histogram = &columns.histogram[next]});
    }
    put({.t_ms = columns.t_ms[i], .value = columns.value[i]});
  }
  for (; next < columns.histogram_t_ms.size(); ++next) {
    put({.t_ms = columns.histogram_t_ms[next], .histogram = &columns.histogram[next]});
  }
}

void StreamOutput::add(const SampleBatch& batch) {
  const BatchSample* last = nullptr;
  for (const BatchSample& one : batch.samples()) {
    if (last == nullptr || one.family != last->family || batch.labels(one) != batch.labels(*last)) {
      begin_series(batch.labels(one), batch.family(one));
    }
    last = &one;
    sample({.t_ms = one.t_ms,
            .value = one.value,
            .histogram = batch.histogram(one),
            .start_t_ms = one.start_t_ms,
            .exemplars = batch.exemplars(one)});
  }
}

std::unique_ptr<StreamOutput> make_stream_output(StreamFormat format, StreamOutputOptions options) {
  switch (format) {
    case StreamFormat::kOpenMetrics:
      return std::make_unique<ExpositionOutput>(ExpositionFormat::kOpenMetrics, options.timestamps);
    case StreamFormat::kProtobuf:
      return std::make_unique<ExpositionOutput>(ExpositionFormat::kProtobuf, options.timestamps);
    case StreamFormat::kRw2:
      return std::make_unique<Rw2Output>();
    case StreamFormat::kJsonLines:
      return std::make_unique<FloatOutput<JsonLinesWriter>>(JsonLinesWriter());
    case StreamFormat::kCsv:
      return std::make_unique<FloatOutput<CsvWriter>>(CsvWriter(std::move(options.csv_labels)));
    case StreamFormat::kPrometheusText:
      break;
  }
  return std::make_unique<PromOutput>(options.timestamps);
}

}  // namespace mcore
