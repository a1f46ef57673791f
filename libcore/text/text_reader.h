// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "text/exposition_reader.h"
#include "text/text_scan.h"

namespace mcore {

/// What the readers of the two text formats share: the body, the sample at hand and the accessors; the grammars are in
/// PromTextReader and OpenMetricsReader.
class TextReader : public ExpositionReader {
 public:
  [[nodiscard]] std::size_t offset() const final { return static_cast<std::size_t>(entry_ - begin_); }
  [[nodiscard]] std::string_view family_name() const final { return family_name_; }
  [[nodiscard]] MetricType type() const final { return type_; }
  [[nodiscard]] std::string_view help() const final { return help_; }
  [[nodiscard]] std::string_view unit() const final { return unit_; }
  [[nodiscard]] std::string_view series_text() const final { return series_; }
  void labels(LabelBuilder& out) final;
  [[nodiscard]] double value() const final { return value_; }
  [[nodiscard]] const Histogram& histogram() const final;
  [[nodiscard]] std::optional<std::int64_t> timestamp_ms() const final {
    return has_timestamp_ ? std::optional(timestamp_ms_) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::int64_t> start_timestamp_ms() const final { return std::nullopt; }
  [[nodiscard]] const ExpositionError& error() const final { return error_; }

  /// Where the next entry starts: behind the newline of the one at hand, as a rule.
  [[nodiscard]] std::size_t next_offset() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
  /// From now on samples are those of a family of that type, as if a TYPE line had said so: for a body whose TYPE lines
  /// were read before it.
  void assume_type(MetricType type) noexcept { type_ = type; }
  /// Whether the names of the sample at hand are in the legacy character set for certain: they were not quoted.
  [[nodiscard]] bool has_plain_names() const noexcept { return plain_names_; }

 protected:
  explicit TextReader(std::string_view body)
      : begin_(body.data()),
        end_(body.data() + body.size()),
        at_(body.data()),
        entry_(body.data()),
        series_(body.substr(0, 0)) {}

  using Piece = text_scan::Piece;
  using LabelPiece = text_scan::LabelPiece;
  static constexpr std::size_t kPlainLabels = 32;

  /// Reads a quoted string at its opening quote and moves `p` behind the closing one; false (with the error set) if it
  /// is not closed or, where `no_newline`, goes over a line.
  bool take_quoted(const char*& p, Piece& piece, bool no_newline, std::string_view what);
  /// The same for a label's value, which must be UTF-8.
  bool take_value(const char*& p, Piece& piece, bool no_newline);
  /// Reads the sample's labels, `p` behind the opening brace, up to behind the closing one.
  template <bool Blanks>
  bool take_sample_labels(const char*& p) {
    std::size_t count = 0;
    const char* const behind = text_scan::plain_labels(p, end_, labels_.data(), kPlainLabels, count);
    if (behind != nullptr && (Blanks || text_scan::line_end(p, behind) == behind)) {
      label_count_ = count;
      p = behind;
      return true;
    }
    plain_names_ = false;
    return take_careful_labels<Blanks>(p);
  }
  template <bool Blanks>
  bool take_careful_labels(const char*& p);
  /// Reads labels between braces whatever they look like. `Blanks`: blanks may
  /// stand between tokens, commas may be missing and values go over lines (the Prometheus format).
  template <bool Blanks>
  bool take_labels(const char*& p, std::vector<LabelPiece>& labels, bool in_exemplar);
  /// Reads a value at `p` up to the next blank (where `Blanks` also a tab or brace) or newline.
  template <bool Blanks>
  bool take_number(const char*& p, double& value, std::string_view what) {
    const char* const behind = text_scan::plain_number(p, end_, value);
    if (behind != nullptr && (Blanks || behind == end_ || *behind != '\t')) {
      p = behind;
      return true;
    }
    return take_careful_number<Blanks>(p, value, what);
  }
  template <bool Blanks>
  bool take_careful_number(const char*& p, double& value, std::string_view what);

  /// Sets family_name_ from a name of a metadata line at `p`; false with the error set.
  bool take_family_name(const char*& p, std::string_view after) {
    if (p == end_ || !text_scan::is_metric_start(*p)) {
      return take_careful_family_name(p, after);
    }
    const char* const start = p;
    p = text_scan::metric_name_end(p, end_);
    family_name_ = {start, static_cast<std::size_t>(p - start)};
    return true;
  }
  bool take_careful_family_name(const char*& p, std::string_view after);
  bool set_type(std::string_view word, const char* at, bool openmetrics);
  /// Sets help_ from the raw text of a HELP line, scanned with its line.
  bool set_help(std::string_view raw, const text_scan::LineScan& line, bool unescape_quotes) {
    help_ = raw;
    return (!line.has_high_bit && !line.has_backslash) || set_careful_help(raw, line, unescape_quotes);
  }
  bool set_careful_help(std::string_view raw, const text_scan::LineScan& line, bool unescape_quotes);

  /// Ends the reading: next() returns what this returns from now on.
  ExpositionEntry fail(const char* at, std::string reason);
  /// The same as a false for the take_ functions.
  bool refuse(const char* at, std::string reason);
  /// "found X" for an error at `p`.
  [[nodiscard]] std::string found(const char* p) const;

  /// `piece` without its escapes.
  [[nodiscard]] static std::string unescaped_copy(const Piece& piece);

  const char* begin_;
  const char* end_;
  const char* at_;     // where the next entry starts
  const char* entry_;  // where the one at hand does
  std::string_view series_;
  Piece name_;
  bool has_name_ = false;
  bool plain_names_ = true;
  std::vector<LabelPiece> labels_ = std::vector<LabelPiece>(kPlainLabels);  // the first label_count_ count
  std::size_t label_count_ = 0;
  double value_ = 0;
  std::int64_t timestamp_ms_ = 0;
  bool has_timestamp_ = false;
  MetricType type_ = MetricType::kUnknown;
  std::string_view family_name_;  // of the body, or of family_scratch_ where it has escapes
  std::string_view help_;
  std::string_view unit_;
  ExpositionError error_;
  bool failed_ = false;

 private:
  /// `le` and `quantile` as OpenMetrics spells their numbers, everything else as it is.
  std::string_view canonical_value(std::string_view name, std::string_view value);
  void reserve_scratch();
  std::string_view unescaped(const Piece& piece);

  std::vector<LabelPiece> careful_labels_;
  std::string family_scratch_;
  std::string help_scratch_;
  std::string scratch_;  // holds what unescaped() and canonical_value() made for the sample at hand
};

}  // namespace mcore
