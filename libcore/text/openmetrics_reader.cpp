// SPDX-License-Identifier: Apache-2.0
#include "text/openmetrics_reader.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/utf8.h"

namespace mcore {
namespace {

using namespace text_scan;

constexpr std::string_view kNoEof = "the body does not end with \"# EOF\"";

bool starts_with(const char* p, const char* end, std::string_view word) noexcept {
  return std::string_view(p, static_cast<std::size_t>(end - p)).starts_with(word);
}

/// Seconds to milliseconds as Prometheus does it: cut, not rounded.
std::int64_t to_milliseconds(double seconds) noexcept {
  constexpr double kLimit = 9.2e18;
  const double ms = seconds * 1000;
  if (!(ms < kLimit && ms > -kLimit)) {
    return std::numeric_limits<std::int64_t>::min();
  }
  return static_cast<std::int64_t>(ms);
}

}  // namespace

ExpositionEntry OpenMetricsReader::next() {
  if (failed_) {
    return ExpositionEntry::kError;
  }
  has_exemplar_ = false;
  const char* const p = at_;
  entry_ = p;
  if (p == end_) {
    return fail(p, std::string(kNoEof));
  }
  if (starts_with(p, end_, "# EOF")) {
    return read_eof(p + 5);
  }
  if (*p == '#') {
    return read_metadata(p);
  }
  return read_sample(p);
}

ExpositionEntry OpenMetricsReader::read_eof(const char* p) {
  if (p != end_ && *p == '\n') {
    ++p;
  }
  if (p != end_) {
    return fail(p, "unexpected data after \"# EOF\": " + found(p));
  }
  return ExpositionEntry::kEnd;
}

ExpositionEntry OpenMetricsReader::read_metadata(const char* p) {
  std::string_view word;
  for (const std::string_view known : {"# TYPE ", "# HELP ", "# UNIT "}) {
    if (starts_with(p, end_, known)) {
      word = known.substr(2, 4);
    }
  }
  if (word.empty()) {
    return fail(p, "expected \"# TYPE \", \"# HELP \", \"# UNIT \" or \"# EOF\": OpenMetrics has no other comments");
  }
  const char* q = p + 7;
  if (!take_family_name(q, word)) {
    return ExpositionEntry::kError;
  }
  const LineScan line = scan_line(q, end_);
  if (q == end_ || *q != ' ' || line.end == end_) {
    return fail(q, fmt::format("expected a space and the text of {}, found {}", word, found(q)));
  }
  ++q;
  const std::string_view text(q, static_cast<std::size_t>(line.end - q));
  at_ = line.end + 1;
  if (word == "TYPE") {
    return set_type(text, q, true) ? ExpositionEntry::kType : ExpositionEntry::kError;
  }
  if (word == "HELP") {
    return set_help(text, line, true) ? ExpositionEntry::kHelp : ExpositionEntry::kError;
  }
  unit_ = text;
  return check_unit(q) ? ExpositionEntry::kUnit : ExpositionEntry::kError;
}

bool OpenMetricsReader::check_unit(const char* at) {
  const bool fits = unit_.empty() || (family_name_.size() > unit_.size() && family_name_.ends_with(unit_) &&
                                      family_name_[family_name_.size() - unit_.size() - 1] == '_');
  return fits || refuse(at, fmt::format("unit {} is not the suffix of the metric name {}", in_quotes(unit_),
                                        in_quotes(family_name_)));
}

ExpositionEntry OpenMetricsReader::read_sample(const char* p) {
  const char* const start = p;
  label_count_ = 0;
  has_name_ = false;
  plain_names_ = true;
  if (is_metric_start(*p)) {
    p = metric_name_end(p, end_);
    name_ = {start, static_cast<std::size_t>(p - start), false};
    has_name_ = true;
  } else if (*p != '{') {
    return fail(p, "expected a metric name, '{' or '#', found " + found(p));
  }
  if (p != end_ && *p == '{') {
    ++p;
    if (!take_sample_labels<false>(p)) {
      return ExpositionEntry::kError;
    }
  }
  if (!has_name_) {
    return fail(start, "the sample has no metric name");
  }
  series_ = {start, static_cast<std::size_t>(p - start)};
  if (p == end_ || *p != ' ') {
    return fail(p, "expected a space and a value after the metric, found " + found(p));
  }
  if (!take_number<false>(++p, value_, "a value")) {
    return ExpositionEntry::kError;
  }
  has_timestamp_ = false;
  if (p != end_ && *p == ' ' && !starts_with(p, end_, " # ") && p + 1 != end_ && p[1] != ' ' && p[1] != '\n') {
    ++p;
    if (!take_seconds(p, timestamp_ms_, "a timestamp in seconds")) {
      return ExpositionEntry::kError;
    }
    has_timestamp_ = true;
    if (p != end_ && *p != '\n' && !starts_with(p, end_, " # {")) {
      return fail(p, "expected the end of the line or an exemplar after the timestamp, found " + found(p));
    }
  }
  if (starts_with(p, end_, " # {") && !read_exemplar(p)) {
    return ExpositionEntry::kError;
  }
  if (p == end_) {
    return fail(p, std::string(kNoEof));
  }
  // Prometheus takes the sample and stumbles over what is left of the line: the next entry starts right here.
  at_ = *p == '\n' ? p + 1 : p;
  return ExpositionEntry::kSample;
}

bool OpenMetricsReader::read_exemplar(const char*& p) {
  p += 4;
  exemplar_labels_.clear();
  if (!take_labels<false>(p, exemplar_labels_, true)) {
    return false;
  }
  if (p == end_ || *p != ' ') {
    return refuse(p, "expected a space and a value after the exemplar's labels, found " + found(p));
  }
  if (!take_number<false>(++p, exemplar_value_, "an exemplar's value")) {
    return false;
  }
  exemplar_ms_.reset();
  if (p != end_ && *p == ' ') {
    std::int64_t ms = 0;
    if (!take_seconds(++p, ms, "an exemplar's timestamp in seconds")) {
      return false;
    }
    exemplar_ms_ = ms;
  }
  if (p == end_) {
    return refuse(p, std::string(kNoEof));
  }
  if (*p != '\n') {
    return refuse(p, "expected the end of the line after the exemplar, found " + found(p));
  }
  has_exemplar_ = true;
  return true;
}

bool OpenMetricsReader::take_seconds(const char*& p, std::int64_t& ms, std::string_view what) {
  const char* const start = p;
  double seconds = 0;
  if (!take_number<false>(p, seconds, what)) {
    return false;
  }
  if (!std::isfinite(seconds)) {
    return refuse(start, fmt::format("expected {}, found {}", what, found(start)));
  }
  ms = to_milliseconds(seconds);
  return true;
}

bool OpenMetricsReader::next_exemplar(Exemplar& out) {
  if (!has_exemplar_) {
    return false;
  }
  has_exemplar_ = false;
  LabelBuilder builder;
  std::vector<std::string> texts;  // unescaped() holds the sample's own labels
  texts.reserve(exemplar_labels_.size() * 2);
  const auto text_of = [&](const Piece& piece) -> std::string_view {
    return texts.emplace_back(unescaped_copy(piece));
  };
  for (const LabelPiece& label : exemplar_labels_) {
    const std::string_view name = text_of(label.name);
    builder.add(name, text_of(label.value));
  }
  out.labels = LabelSet(builder.build());
  out.value = exemplar_value_;
  out.timestamp_ms = exemplar_ms_;
  return true;
}

}  // namespace mcore
