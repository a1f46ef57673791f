// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mcore {

/// The formats of streams of samples.
enum class StreamFormat : std::uint8_t {
  kPrometheusText,
  kOpenMetrics,
  kProtobuf,   // io.prometheus.client.MetricFamily, each behind its length
  kRw2,        // io.prometheus.write.v2.Request, each behind its length
  kJsonLines,  // VictoriaMetrics' import and export
  kCsv
};

/// The word of `--format`: "prom", "openmetrics", "proto", "rw2", "jsonl", "csv".
[[nodiscard]] std::string_view stream_format_word(StreamFormat format) noexcept;
[[nodiscard]] std::optional<StreamFormat> stream_format_by_word(std::string_view word) noexcept;

/// Finds out the format of a stream from its beginning, as it comes in.
///
/// Shape:  protobuf and rw2 by the first bytes of their first message, JSON lines and CSV by their first line. The two
///         text formats share most of their lines: OpenMetrics is what has `# EOF`, `# UNIT`, a type that only it has,
///         a counter whose samples but not whose family end in `_total`, an exemplar, or times with a fraction; times
///         of ten digits (seconds: this century; milliseconds: January 1970) count where nothing speaks against it.
/// Errors: decide() throws Error (kSyntax) for bytes that are no stream of samples.
/// Cost:   looks at each line once.
class FormatDetector {
 public:
  /// What lies at the end of the stream, if that can be known before reading it (a file).
  enum class Tail : std::uint8_t { kUnknown, kEofLine, kOther };
  explicit FormatDetector(Tail tail = Tail::kUnknown) noexcept : tail_(tail) {}

  /// The format, or nothing while `start`, all of the stream so far, leaves it open. `at_end`: no more will come;
  /// `must`: text is waited for no longer. Requires: start continues what the last call was given.
  [[nodiscard]] std::optional<StreamFormat> decide(std::string_view start, bool at_end, bool must);

 private:
  [[nodiscard]] std::optional<StreamFormat> decide_text(std::string_view start, bool at_end, bool must);
  [[nodiscard]] std::optional<StreamFormat> judge_comment(std::string_view line);
  [[nodiscard]] std::optional<StreamFormat> judge_sample(std::string_view line);

  Tail tail_;
  std::size_t scanned_ = 0;
  std::string counter_;          // the family of the last TYPE line, if it is a counter without _total
  std::size_t short_times_ = 0;  // samples whose time has ten digits
  bool has_blank_or_comment_ = false;
};

}  // namespace mcore
