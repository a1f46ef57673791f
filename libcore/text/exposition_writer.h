// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/exemplar.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/metric_type.h"
#include "text/exposition_reader.h"

namespace mcore {

/// What a stream says about a family; empty fields are unknown.
struct FamilyMetadata {
  std::string_view name;  // as OpenMetrics names it, or as the text format does (with `_total`): the writer copes
  MetricType type = MetricType::kUnknown;
  bool has_type = false;
  std::string_view help;
  bool has_help = false;
  std::string_view unit;
};

/// What of the written samples the format could not carry; for one note to the user.
struct ExpositionLosses {
  std::uint64_t exemplars = 0;
  std::uint64_t native_histograms = 0;
  std::uint64_t start_timestamps = 0;
  std::uint64_t stale_markers = 0;  // written as NaN, they read back as ordinary NaN
  std::uint64_t types = 0;          // series of classic histograms and summaries written as untyped ones
  std::uint64_t labels = 0;         // labels of series that have no column
  [[nodiscard]] bool any() const noexcept {
    return exemplars + native_histograms + start_timestamps + stale_markers + types + labels > 0;
  }
};

/// One float or histogram sample on its way out. Borrowed for the call.
struct ExpositionSample {
  LabelsView labels;  // with __name__
  double value = 0;
  const Histogram* histogram = nullptr;  // then `value` does not count
  std::optional<std::int64_t> timestamp_ms;
  std::optional<std::int64_t> start_timestamp_ms;
  std::span<const Exemplar> exemplars;
};

/// Writes samples as an exposition stream into a string that the caller drains.
///
/// Shape:  text: samples in the order given; a family's HELP, TYPE and UNIT come once in the stream, before the first
///         of its samples that follows them. OpenMetrics: families are kept together until flush(), because the format
///         forbids to interleave them, and `# EOF` ends the stream. Protobuf: one MetricFamily per run of samples of
///         one family.
/// Errors: what the format cannot carry is left out and counted in losses().
/// Cost:   no allocation per sample beyond the growth of the output (text).
class ExpositionWriter {
 public:
  virtual ~ExpositionWriter() = default;

  /// Announces the family of the samples that follow. Cheap when it was announced before.
  virtual void family(const FamilyMetadata& metadata) = 0;
  virtual void sample(const ExpositionSample& sample) = 0;
  /// Writes what was held back. Requires: no more samples come of the families so far.
  virtual void flush() {}
  /// Ends the stream, after a flush(). Nothing may follow.
  virtual void finish() = 0;

  /// What was written and not yet taken; the caller clears it after writing it out.
  [[nodiscard]] virtual std::string& output() = 0;
  [[nodiscard]] virtual const ExpositionLosses& losses() const = 0;
};

[[nodiscard]] std::unique_ptr<ExpositionWriter> make_exposition_writer(ExpositionFormat format);

}  // namespace mcore
