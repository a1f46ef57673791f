// SPDX-License-Identifier: Apache-2.0
#include "text/prom_text_reader.h"

#include <charconv>
#include <cstring>

#include "base/utf8.h"

namespace mcore {
namespace {

using namespace text_scan;

void skip_blanks(const char*& p, const char* end) noexcept {
  while (p != end && (*p == ' ' || *p == '\t')) {
    ++p;
  }
}

/// memcmp, without the call for the 13 digits of today's timestamps.
bool equal(const char* a, const char* b, std::size_t size) noexcept {
  if (size != 13) {
    return std::memcmp(a, b, size) == 0;
  }
  std::uint64_t x[2];
  std::uint64_t y[2];
  std::memcpy(&x[0], a, 8);
  std::memcpy(&y[0], b, 8);
  std::memcpy(&x[1], a + 5, 8);
  std::memcpy(&y[1], b + 5, 8);
  return x[0] == y[0] && x[1] == y[1];
}

/// Whether four bytes and a blank stand at `p`.
bool is_keyword(const char* p, const char* end, const char (&word)[5]) noexcept {
  return end - p > 4 && std::memcmp(p, word, 4) == 0 && (p[4] == ' ' || p[4] == '\t');
}

}  // namespace

ExpositionEntry PromTextReader::next() {
  if (failed_) {
    return ExpositionEntry::kError;
  }
  for (;;) {
    const char* const start = at_;
    const char* p = start;
    entry_ = start;
    skip_blanks(p, end_);
    if (p == end_) {
      at_ = p;
      return ExpositionEntry::kEnd;
    }
    switch (*p) {
      case '\n':
        at_ = p + 1;
        continue;
      case '#':
        return read_comment(p + 1);
      default:
        return read_sample(start, p);
    }
  }
}

ExpositionEntry PromTextReader::read_comment(const char* p) {
  const char* q = p;
  skip_blanks(q, end_);
  const bool is_type = q != p && is_keyword(q, end_, "TYPE");
  if (!is_type && (q == p || !is_keyword(q, end_, "HELP"))) {
    const char* const newline = line_end(p, end_);
    at_ = newline == end_ ? end_ : newline + 1;
    return ExpositionEntry::kComment;
  }
  q += 5;
  skip_blanks(q, end_);
  if (!take_family_name(q, is_type ? "TYPE" : "HELP")) {
    return ExpositionEntry::kError;
  }
  const LineScan line = scan_line(q, end_);
  if (q != line.end) {
    ++q;  // the one separator, whatever it is
  }
  std::string_view text(q, static_cast<std::size_t>(line.end - q));
  if (!text.empty() && (text.front() == ' ' || text.front() == '\t') &&
      text.find_first_not_of(" \t") == std::string_view::npos) {
    text = {};  // blanks alone are no text
  }
  if (is_type ? !set_type(text, q, false) : !set_help(text, line, false)) {
    return ExpositionEntry::kError;
  }
  at_ = line.end == end_ ? end_ : line.end + 1;
  return is_type ? ExpositionEntry::kType : ExpositionEntry::kHelp;
}

ExpositionEntry PromTextReader::read_sample(const char* start, const char* p) {
  label_count_ = 0;
  has_name_ = false;
  plain_names_ = true;
  if (is_metric_start(*p)) {
    p = metric_name_end(p, end_);
    name_ = {start, static_cast<std::size_t>(p - start), false};
    has_name_ = true;
    series_ = name_.raw();
    skip_blanks(p, end_);
  } else if (*p != '{') {
    return fail(p, "expected a metric name, '{' or '#', found " + found(p));
  }
  if (p != end_ && *p == '{') {
    const char* const brace = p++;
    if (!take_sample_labels<true>(p)) {
      return ExpositionEntry::kError;
    }
    if (!has_name_) {
      return fail(brace, "the sample has no metric name");
    }
    series_ = {start, static_cast<std::size_t>(p - start)};
    skip_blanks(p, end_);
  }
  if (!take_number<true>(p, value_, "a value")) {
    return ExpositionEntry::kError;
  }
  skip_blanks(p, end_);
  has_timestamp_ = false;
  if (p != end_ && *p != '\n') {
    if (!read_timestamp(p)) {
      return ExpositionEntry::kError;
    }
    skip_blanks(p, end_);
    if (p != end_ && *p != '\n') {
      return fail(p, "expected the end of the line after the timestamp, found " + found(p));
    }
  }
  at_ = p == end_ ? p : p + 1;
  return ExpositionEntry::kSample;
}

bool PromTextReader::read_timestamp(const char*& p) {
  const std::size_t left = static_cast<std::size_t>(end_ - p);
  const std::size_t size = last_timestamp_.size();
  if (size != 0 && size < left && equal(p, last_timestamp_.data(), size) && !is_digit(p[size])) {
    has_timestamp_ = true;  // timestamp_ms_ still holds it
    p += size;
    return true;
  }
  const char* const start = p;
  while (p != end_ && is_digit(*p)) {
    ++p;
  }
  if (p == start) {
    return refuse(p, "expected a timestamp in milliseconds or the end of the line, found " + found(p));
  }
  if (std::from_chars(start, p, timestamp_ms_).ec != std::errc()) {
    return refuse(start, "timestamp " + found(start) + " does not fit 64 bits");
  }
  last_timestamp_ = {start, static_cast<std::size_t>(p - start)};
  has_timestamp_ = true;
  return true;
}

}  // namespace mcore
