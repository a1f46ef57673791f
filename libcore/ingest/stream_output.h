// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ingest/stream_format.h"
#include "model/exemplar.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/sample_batch.h"
#include "storage/querier.h"
#include "text/exposition_writer.h"

namespace mcore {

/// How a stream is written.
struct StreamOutputOptions {
  bool timestamps = true;                 // false: the exposition formats leave them out
  std::vector<std::string> csv_labels{};  // the columns of CSV: the names of all labels but __name__
};

/// One sample of the series at hand. Borrowed for the call.
struct StreamSample {
  std::int64_t t_ms = 0;
  double value = 0;
  const Histogram* histogram = nullptr;  // then `value` does not count
  std::optional<std::int64_t> start_t_ms{};
  std::span<const Exemplar> exemplars{};
};

/// Writes samples as a stream that StreamInput reads, series by series, into a string that the caller drains.
///
/// Shape:  samples in the order given; a series may come again. rw2 loses nothing; the text format and CSV have floats
///         only, and lose stale markers; JSON lines lose these and tell no NaN from another; protobuf has no histograms
///         with custom buckets, and takes the time 0 for none. OpenMetrics and protobuf write a native histogram as far
///         as ExpositionWriter does. Protobuf: classic histograms and summaries become untyped families of their own,
///         because their parts come series by series.
/// Errors: what the format cannot carry is left out and counted in losses().
/// Cost:   no allocation per float beyond the growth of the output, which may be drained after every call; OpenMetrics
///         alone holds all since the last flush().
class StreamOutput {
 public:
  virtual ~StreamOutput() = default;

  /// The samples that follow are of this series, of a family that may be null. Both live until the next call of it.
  virtual void begin_series(LabelsView labels, const MetricFamily* family) = 0;
  virtual void sample(const StreamSample& sample) = 0;
  /// Writes what was held back, so that a reader has all samples so far. Requires for OpenMetrics: no more samples come
  /// of the families so far. begin_series() comes next.
  virtual void flush() {}
  /// Ends the stream; nothing may follow.
  virtual void finish() = 0;
  /// What was written and not yet taken; the caller clears it after writing it out.
  [[nodiscard]] virtual std::string& output() = 0;
  [[nodiscard]] virtual const ExpositionLosses& losses() const = 0;

  /// Writes the columns of the series at hand, floats and histograms in the order of their times; each of the
  /// exemplars, by time, with the first sample that is not before it, or the last.
  void samples(const SeriesSamples& columns, std::span<const Exemplar> exemplars = {});
  /// Writes a batch in its order.
  void add(const SampleBatch& batch);
};

[[nodiscard]] std::unique_ptr<StreamOutput> make_stream_output(StreamFormat format, StreamOutputOptions options = {});

}  // namespace mcore
