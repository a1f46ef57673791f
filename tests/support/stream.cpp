// SPDX-License-Identifier: Apache-2.0
#include "support/stream.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "base/atomic_file.h"
#include "base/number_text.h"

namespace mcore {
namespace {

std::string histogram_text(const Histogram& h) {
  std::string text = fmt::format("{}histogram schema {} zero {}/{} count {} sum {} hint {}", h.is_float ? "float " : "",
                                 h.schema, float_text(h.zero_threshold), float_text(h.zero_count), float_text(h.count),
                                 is_stale_marker(h.sum) ? "stale" : float_text(h.sum), static_cast<int>(h.hint));
  const auto side = [&text](char sign, const std::vector<HistogramSpan>& spans, const std::vector<double>& counts) {
    for (const HistogramSpan& span : spans) {
      text += fmt::format(" {}[{}+{}]", sign, span.offset, span.length);
    }
    for (const double count : counts) {
      text += " " + float_text(count);
    }
  };
  side('+', h.positive_spans, h.positive_counts);
  side('-', h.negative_spans, h.negative_counts);
  for (const double bound : h.custom_values) {
    text += " <=" + float_text(bound);
  }
  return text;
}

}  // namespace

OpenPipe::OpenPipe() {
  int ends[2];
  if (::pipe(ends) != 0) {
    throw std::runtime_error("pipe");
  }
  read_end = Fd(ends[0]);
  write_end = Fd(ends[1]);
}

void OpenPipe::write(std::string_view bytes) const {
  if (write_all(write_end.get(), bytes) != 0) {
    throw std::runtime_error("write to a pipe");
  }
}

PipedBytes::PipedBytes(std::string bytes) {
  ::signal(SIGPIPE, SIG_IGN);
  OpenPipe pipe;
  read_end_ = std::move(pipe.read_end);
  writer_ =
      std::thread([bytes = std::move(bytes), end = std::move(pipe.write_end)]() { (void)write_all(end.get(), bytes); });
}

PipedBytes::~PipedBytes() {
  read_end_ = Fd();
  writer_.join();
}

std::vector<std::string> batch_lines(const SampleBatch& batch, bool families) {
  std::vector<std::string> lines;
  for (const BatchSample& sample : batch.samples()) {
    const Histogram* const histogram = batch.histogram(sample);
    std::string line = labels_text(batch.labels(sample)) + " ";
    line += histogram != nullptr            ? histogram_text(*histogram)
            : is_stale_marker(sample.value) ? "stale"
                                            : float_text(sample.value);
    line += fmt::format(" @{}", sample.t_ms);
    if (sample.start_t_ms) {
      line += fmt::format(" since {}", *sample.start_t_ms);
    }
    for (const Exemplar& exemplar : batch.exemplars(sample)) {
      line += " # " + labels_text(exemplar.labels.view()) + " " + float_text(exemplar.value);
      line += exemplar.timestamp_ms ? fmt::format(" @{}", *exemplar.timestamp_ms) : "";
    }
    if (const MetricFamily* const family = batch.family(sample); families && family != nullptr) {
      line += " | " + family->name + " ";
      line += family->has_type ? metric_type_word(family->type) : "-";
      line += family->has_help ? " \"" + family->help + "\"" : "";
      line += family->unit.empty() ? "" : " " + family->unit;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

StreamContent read_stream(std::string bytes, StreamInputOptions options, bool families) {
  StreamContent content;
  const PipedBytes pipe(std::move(bytes));
  const FixedClock clock(1000);
  StreamInput input(pipe.fd(), "stdin", clock, std::move(options),
                    [&content](const StreamFault& fault) { content.faults.push_back(fault.text()); });
  SampleBatch batch;
  while (input.next(batch)) {
    ++content.batches;
    for (std::string& line : batch_lines(batch, families)) {
      content.samples.push_back(std::move(line));
    }
  }
  return content;
}

}  // namespace mcore
