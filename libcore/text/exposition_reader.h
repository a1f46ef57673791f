// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/exemplar.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/metric_type.h"

namespace mcore {

/// The exposition formats. Text 0.0.4 and 1.0.0 share one grammar, OpenMetrics 0.0.1 and 1.0.0 another.
enum class ExpositionFormat : std::uint8_t { kPrometheusText, kOpenMetrics, kProtobuf };

/// What next() found.
enum class ExpositionEntry : std::uint8_t {
  kEnd,       // the body ended as its format wants it
  kError,     // the body breaks its format here: error() says how; nothing follows
  kType,      // family_name(), type()
  kHelp,      // family_name(), help()
  kUnit,      // family_name(), unit()
  kComment,   // a line without meaning
  kSample,    // a float: series_text(), labels(), value(), timestamp_ms(), exemplars, start timestamp
  kHistogram  // a native histogram: the same with histogram() for value()
};

/// Where and why a body breaks its format.
/// Units: line and column count from 1, the column in bytes; both are 0 in protobuf, which has only an offset.
struct ExpositionError {
  std::size_t line = 0;
  std::size_t column = 0;
  std::size_t offset = 0;
  std::string reason;  // what was found and what was expected

  /// "3:17: reason" or "byte 42: reason".
  [[nodiscard]] std::string text() const;
};

/// How a body is read, beyond its format.
struct ExpositionReaderOptions {
  bool ignore_native_histograms = false;  // read only the classic part of histograms (protobuf)
  bool keep_classic_histograms = false;   // of a histogram in both forms yield both (protobuf, NHCB)
  bool convert_classic_to_nhcb = false;   // classic histograms become native ones with custom buckets
};

/// Reads one exposition body entry by entry. Accepts and refuses what Prometheus accepts and refuses, quirks included.
///
/// Lifetime: borrows the body; what the accessors return lives until the next call of next(). The body must stay.
/// Errors:   next() returns kError; never throws on any bytes.
/// Threads:  one reader per thread.
/// Cost:     no allocation per sample once the reader has seen a few; only kError, exemplars and native histograms
///           may allocate.
class ExpositionReader {
 public:
  virtual ~ExpositionReader() = default;

  virtual ExpositionEntry next() = 0;

  /// Where the entry that next() found starts in the body, in bytes (protobuf: where its family does).
  [[nodiscard]] virtual std::size_t offset() const = 0;
  /// After kType, kHelp and kUnit: the family's name, as the line has it (OpenMetrics: without `_total`).
  [[nodiscard]] virtual std::string_view family_name() const = 0;
  [[nodiscard]] virtual MetricType type() const = 0;
  /// The help text, unescaped.
  [[nodiscard]] virtual std::string_view help() const = 0;
  [[nodiscard]] virtual std::string_view unit() const = 0;

  /// After kSample and kHistogram. The bytes that name the series, from the metric name to the closing brace: the same
  /// bytes always mean the same series, as long as the family's type is the same.
  [[nodiscard]] virtual std::string_view series_text() const = 0;
  /// Adds the labels of the sample to `out`, the metric name as __name__, in the order of the body; `le` and `quantile`
  /// of classic histograms and summaries in their canonical form ("1.0"). The views live until the next next().
  virtual void labels(LabelBuilder& out) = 0;
  [[nodiscard]] virtual double value() const = 0;
  [[nodiscard]] virtual const Histogram& histogram() const = 0;
  /// Milliseconds since the Unix epoch, if the body gives a time.
  [[nodiscard]] virtual std::optional<std::int64_t> timestamp_ms() const = 0;
  /// When the counter, summary or histogram started, if the body tells with the sample itself (protobuf).
  [[nodiscard]] virtual std::optional<std::int64_t> start_timestamp_ms() const = 0;
  /// Takes the next exemplar of the sample; false when there is none left.
  virtual bool next_exemplar(Exemplar& out) = 0;

  /// After kError.
  [[nodiscard]] virtual const ExpositionError& error() const = 0;
};

/// A reader for a body of that format, with the conversions that `options` asks for.
[[nodiscard]] std::unique_ptr<ExpositionReader> make_exposition_reader(ExpositionFormat format, std::string_view body,
                                                                       const ExpositionReaderOptions& options = {});

}  // namespace mcore
