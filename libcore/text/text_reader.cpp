// SPDX-License-Identifier: Apache-2.0
#include "text/text_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "base/utf8.h"

namespace mcore {
namespace {

using namespace text_scan;

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

template <bool Blanks>
void skip_blanks(const char*& p, const char* end) noexcept {
  if constexpr (Blanks) {
    while (p != end && is_blank(*p)) {
      ++p;
    }
  }
}

void append_unescaped(std::string& out, std::string_view raw, bool quotes) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char next = i + 1 < raw.size() ? raw[i + 1] : '\0';
    const bool escapes = raw[i] == '\\' && (next == '\\' || next == 'n' || (quotes && next == '"'));
    if (escapes) {
      out += next == 'n' ? '\n' : next;
      ++i;
    } else {
      out += raw[i];
    }
  }
}

struct TypeWord {
  std::string_view word;
  MetricType type;
  bool prometheus;
  bool openmetrics;
};
constexpr TypeWord kTypeWords[] = {
    // the usual ones first
    {"gauge", MetricType::kGauge, true, true},
    {"counter", MetricType::kCounter, true, true},
    {"histogram", MetricType::kHistogram, true, true},
    {"summary", MetricType::kSummary, true, true},
    {"untyped", MetricType::kUnknown, true, false},
    {"unknown", MetricType::kUnknown, false, true},
    {"gaugehistogram", MetricType::kGaugeHistogram, false, true},
    {"info", MetricType::kInfo, false, true},
    {"stateset", MetricType::kStateset, false, true},
};

}  // namespace

const Histogram& TextReader::histogram() const {
  static const Histogram kNone;  // the text formats have no native histograms: next() never announces one
  return kNone;
}

void TextReader::labels(LabelBuilder& out) {
  reserve_scratch();
  out.add(kNameLabel, unescaped(name_));
  const bool numbers = type_ == MetricType::kHistogram || type_ == MetricType::kSummary;
  for (std::size_t i = 0; i < label_count_; ++i) {
    const LabelPiece& label = labels_[i];
    const std::string_view name = unescaped(label.name);
    const std::string_view value = unescaped(label.value);
    out.add(name, numbers ? canonical_value(name, value) : value);
  }
}

/// So that nothing added to scratch_ for this sample moves what was added before.
void TextReader::reserve_scratch() {
  scratch_.clear();
  const std::size_t most = series_.size() + kFloatTextSize * (label_count_ + 1);
  if (scratch_.capacity() < most) {
    scratch_.reserve(most * 2);
  }
}

std::string_view TextReader::unescaped(const Piece& piece) {
  if (!piece.has_escape) {
    return piece.raw();
  }
  const std::size_t from = scratch_.size();
  append_unescaped(scratch_, piece.raw(), true);
  return std::string_view(scratch_).substr(from);
}

std::string TextReader::unescaped_copy(const Piece& piece) {
  std::string text;
  append_unescaped(text, piece.raw(), true);
  return text;
}

std::string_view TextReader::canonical_value(std::string_view name, std::string_view value) {
  if (name != (type_ == MetricType::kHistogram ? "le" : "quantile")) {
    return value;
  }
  double number = 0;
  if (parse_float(value, number) != FloatStatus::kOk) {
    return value;
  }
  const std::size_t from = scratch_.size();
  char text[kFloatTextSize];
  const std::string_view plain(text, static_cast<std::size_t>(write_float(text, number) - text));
  scratch_ += plain == "-0" ? "0" : plain;
  if (std::isfinite(number) && plain.find_first_of("e.") == std::string_view::npos) {
    scratch_ += ".0";
  }
  return std::string_view(scratch_).substr(from);
}

bool TextReader::take_quoted(const char*& p, Piece& piece, bool no_newline, std::string_view what) {
  const QuotedEnd found = quoted_end(p + 1, end_);
  const std::string_view inside(p + 1, static_cast<std::size_t>((found.close != nullptr ? found.close : end_) - p - 1));
  if (found.close == nullptr || (no_newline && inside.find('\n') != std::string_view::npos)) {
    return refuse(p, fmt::format("the quote that opens this {} is not closed", what));
  }
  piece = {inside.data(), inside.size(), found.has_escape};
  p = found.close + 1;
  return true;
}

bool TextReader::take_value(const char*& p, Piece& piece, bool no_newline) {
  const char* const open = p;
  const QuotedEnd found = quoted_end(p + 1, end_);
  if (found.close == nullptr) {
    return refuse(open, "the quote that opens this label value is not closed");
  }
  piece = {open + 1, static_cast<std::size_t>(found.close - open - 1), found.has_escape};
  if (no_newline && piece.raw().find('\n') != std::string_view::npos) {
    return refuse(open, "the quote that opens this label value is not closed on its line");
  }
  if (found.has_high_bit && !is_valid_utf8(piece.raw())) {
    return refuse(open, fmt::format("label value {} is not valid UTF-8", in_quotes(piece.raw())));
  }
  p = found.close + 1;
  return true;
}

template <bool Blanks>
bool TextReader::take_careful_labels(const char*& p) {
  careful_labels_.clear();
  if (!take_labels<Blanks>(p, careful_labels_, false)) {
    return false;
  }
  label_count_ = careful_labels_.size();
  labels_.resize(std::max(label_count_, kPlainLabels));
  std::ranges::copy(careful_labels_, labels_.begin());
  return true;
}
template bool TextReader::take_careful_labels<true>(const char*&);
template bool TextReader::take_careful_labels<false>(const char*&);

template <bool Blanks>
bool TextReader::take_labels(const char*& p, std::vector<LabelPiece>& labels, bool in_exemplar) {
  for (skip_blanks<Blanks>(p, end_);; skip_blanks<Blanks>(p, end_)) {
    if (p == end_) {
      return refuse(p, "expected a label name or '}', found the end");
    }
    if (*p == '}') {
      ++p;
      return true;
    }
    const char* const start = p;
    Piece name;
    const bool is_quoted = *p == '"';
    if (is_quoted) {
      if (!take_quoted(p, name, in_exemplar, "name")) {
        return false;
      }
    } else if (is_label_start(*p)) {
      p = label_name_end(p, end_);
      name = {start, static_cast<std::size_t>(p - start), false};
    } else {
      return refuse(p, "expected a label name or '}', found " + found(p));
    }
    skip_blanks<Blanks>(p, end_);
    if (is_quoted && !in_exemplar && p != end_ && (*p == ',' || *p == '}')) {  // {"metric.name", …}
      if (has_name_) {
        return refuse(start, "a second metric name: the sample has one already");
      }
      name_ = name;
      has_name_ = true;
      p += *p == ',' ? 1 : 0;
      continue;
    }
    if (p == end_ || *p != '=') {
      return refuse(p, "expected '=' after the label name, found " + found(p));
    }
    ++p;
    skip_blanks<Blanks>(p, end_);
    if (p == end_ || *p != '"') {
      return refuse(p, "expected a label value in double quotes, found " + found(p));
    }
    LabelPiece& label = labels.emplace_back();
    label.name = name;
    if (!take_value(p, label.value, !Blanks)) {
      return false;
    }
    skip_blanks<Blanks>(p, end_);
    if (p != end_ && *p == ',') {
      ++p;
    } else if (!Blanks && (p == end_ || *p != '}')) {
      return refuse(p, "expected ',' or '}' after the label value, found " + found(p));
    }
  }
}
template bool TextReader::take_labels<true>(const char*&, std::vector<LabelPiece>&, bool);
template bool TextReader::take_labels<false>(const char*&, std::vector<LabelPiece>&, bool);

template <bool Blanks>
bool TextReader::take_careful_number(const char*& p, double& value, std::string_view what) {
  const char* const start = p;
  const auto ends = [](char c) { return c == ' ' || c == '\n' || (Blanks && (c == '\t' || c == '{')); };
  while (p != end_ && !ends(*p)) {
    ++p;
  }
  const std::string_view token(start, static_cast<std::size_t>(p - start));
  if (token.empty()) {
    return refuse(start, fmt::format("expected {}, found {}", what, found(start)));
  }
  switch (parse_float(token, value)) {
    case FloatStatus::kOk:
      return true;
    case FloatStatus::kSyntax:
      return refuse(start, fmt::format("expected {}, found {}", what, in_quotes(token)));
    case FloatStatus::kRange:
      return refuse(start, fmt::format("{} {} is beyond the range of a 64-bit float", what, in_quotes(token)));
    case FloatStatus::kForbidden:
      return refuse(
          start, fmt::format("{} {}: hexadecimal and underscores are not allowed in numbers", what, in_quotes(token)));
  }
  return false;
}
template bool TextReader::take_careful_number<true>(const char*&, double&, std::string_view);
template bool TextReader::take_careful_number<false>(const char*&, double&, std::string_view);

bool TextReader::take_careful_family_name(const char*& p, std::string_view after) {
  if (p != end_ && *p == '"') {
    Piece piece;
    if (!take_quoted(p, piece, false, "metric name")) {
      return false;
    }
    family_name_ = piece.raw();
    if (piece.has_escape) {
      family_scratch_.clear();
      append_unescaped(family_scratch_, piece.raw(), true);
      family_name_ = family_scratch_;
    }
    return true;
  }
  return refuse(p, fmt::format("expected a metric name after {}, found {}", after, found(p)));
}

bool TextReader::set_type(std::string_view word, const char* at, bool openmetrics) {
  for (const TypeWord& row : kTypeWords) {
    if (row.word == word && (openmetrics ? row.openmetrics : row.prometheus)) {
      type_ = row.type;
      return true;
    }
  }
  return refuse(
      at, fmt::format("{} is no metric type; {} has {}", in_quotes(word), openmetrics ? "OpenMetrics" : "this format",
                      openmetrics ? "counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown"
                                  : "counter, gauge, histogram, summary, untyped"));
}

bool TextReader::set_careful_help(std::string_view raw, const LineScan& line, bool unescape_quotes) {
  if (line.has_high_bit && !is_valid_utf8(raw)) {
    return refuse(raw.data(), fmt::format("help text {} is not valid UTF-8", in_quotes(raw)));
  }
  if (line.has_backslash) {
    help_scratch_.clear();
    append_unescaped(help_scratch_, raw, unescape_quotes);
    help_ = help_scratch_;
  }
  return true;
}

ExpositionEntry TextReader::fail(const char* at, std::string reason) {
  refuse(at, std::move(reason));
  return ExpositionEntry::kError;
}

bool TextReader::refuse(const char* at, std::string reason) {
  if (failed_) {
    return false;
  }
  failed_ = true;
  const std::string_view before(begin_, static_cast<std::size_t>(at - begin_));
  const std::size_t newline = before.rfind('\n');
  error_.line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
  error_.column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
  error_.offset = before.size();
  error_.reason = std::move(reason);
  return false;
}

std::string TextReader::found(const char* p) const {
  if (p == end_) {
    return "the end";
  }
  if (*p == '\n') {
    return "the end of the line";
  }
  const char* q = p;
  while (q != end_ && q - p < 24 && *q != '\n' && *q != ' ') {
    ++q;
  }
  return in_quotes({p, static_cast<std::size_t>(std::max<std::ptrdiff_t>(q - p, 1))});
}

}  // namespace mcore
