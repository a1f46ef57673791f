// SPDX-License-Identifier: Apache-2.0
#include "text/json_lines_reader.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/number_text.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace mcore {
namespace {

constexpr int kMostNesting = 64;

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | code >> 6U);
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3FU));
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

/// A value that is not a plain number.
bool value_of_word(std::string_view word, double& value) noexcept {
  if (is_one_of(word, {"null", "Null"})) {
    value = std::bit_cast<double>(kNormalNanBits);
    return true;
  }
  if (word == "StaleNaN") {
    value = std::bit_cast<double>(kStaleNanBits);
    return true;
  }
  return parse_float(word, value) == FloatStatus::kOk;
}

}  // namespace

bool JsonLineReader::read(std::string_view line) {
  begin_ = line.data();
  p_ = begin_;
  end_ = begin_ + line.size();
  labels_.clear();
  t_ms_.clear();
  values_.clear();
  scratch_.clear();
  has_metric_ = false;
  if (!read_object()) {
    return false;
  }
  skip_blanks();
  if (p_ != end_) {
    return refuse(p_, "expected the end of the line behind the object, found " + found());
  }
  if (!has_metric_) {
    return refuse(begin_, "the object has no \"metric\"");
  }
  if (values_.size() != t_ms_.size()) {
    return refuse(begin_, fmt::format("{} values for {} timestamps", values_.size(), t_ms_.size()));
  }
  if (values_.empty()) {
    return refuse(begin_, "the object has no \"values\"");
  }
  return true;
}

void JsonLineReader::labels(LabelBuilder& out) const {
  for (const LabelText& label : labels_) {
    out.add(view(label.name), view(label.value));
  }
}

bool JsonLineReader::read_object() {
  skip_blanks();
  if (!take('{')) {
    return false;
  }
  skip_blanks();
  if (at('}')) {
    ++p_;
    return true;
  }
  for (;;) {
    if (!read_member()) {
      return false;
    }
    skip_blanks();
    if (!at(',')) {
      return take('}');
    }
    ++p_;
  }
}

bool JsonLineReader::read_member() {
  skip_blanks();
  Text key;
  if (!take_string(key)) {
    return false;
  }
  skip_blanks();
  if (!take(':')) {
    return false;
  }
  skip_blanks();
  const std::string_view name = view(key);
  if (name == "metric") {
    return read_metric();
  }
  if (name == "values") {
    return read_values();
  }
  return name == "timestamps" ? read_timestamps() : pass_over();
}

bool JsonLineReader::read_metric() {
  if (!take('{')) {
    return false;
  }
  has_metric_ = true;
  labels_.clear();
  skip_blanks();
  if (at('}')) {
    ++p_;
    return true;
  }
  for (;;) {
    skip_blanks();
    LabelText label;
    if (!take_string(label.name)) {
      return false;
    }
    skip_blanks();
    if (!take(':')) {
      return false;
    }
    skip_blanks();
    const char* const where = p_;
    if (!take_string(label.value)) {
      return false;
    }
    if (!is_valid_utf8(view(label.value))) {
      return refuse(where, fmt::format("label value {} is not valid UTF-8", in_quotes(view(label.value))));
    }
    labels_.push_back(label);
    skip_blanks();
    if (!at(',')) {
      return take('}');
    }
    ++p_;
  }
}

bool JsonLineReader::read_values() {
  values_.clear();
  if (!take('[')) {
    return false;
  }
  skip_blanks();
  if (at(']')) {
    ++p_;
    return true;
  }
  for (;;) {
    skip_blanks();
    double value = 0;
    if (!read_value(value)) {
      return false;
    }
    values_.push_back(value);
    skip_blanks();
    if (!at(',')) {
      return take(']');
    }
    ++p_;
  }
}

bool JsonLineReader::read_value(double& value) {
  const char* const where = p_;
  const std::size_t kept = scratch_.size();
  std::string_view word;
  if (at('"')) {
    Text text;
    if (!take_string(text)) {
      return false;
    }
    word = view(text);
  } else {
    word = take_token();
  }
  const bool good = parse_float(word, value) == FloatStatus::kOk || value_of_word(word, value);
  if (!good) {
    return refuse(where, fmt::format("expected a number, found {}", word.empty() ? found() : in_quotes(word, 24)));
  }
  scratch_.resize(kept);
  return true;
}

bool JsonLineReader::read_timestamps() {
  t_ms_.clear();
  if (!take('[')) {
    return false;
  }
  skip_blanks();
  if (at(']')) {
    ++p_;
    return true;
  }
  for (;;) {
    skip_blanks();
    const char* const where = p_;
    const std::string_view token = take_token();
    std::int64_t t_ms = 0;
    const auto [stop, error] = std::from_chars(token.data(), token.data() + token.size(), t_ms);
    if (token.empty() || error != std::errc() || stop != token.data() + token.size()) {
      double number = 0;  // 1.7e12 is a whole number too
      const bool is_whole =
          parse_float(token, number) == FloatStatus::kOk && std::abs(number) < 0x1p62 && number == std::floor(number);
      if (!is_whole) {
        return refuse(where, fmt::format("expected a timestamp in milliseconds, found {}",
                                         token.empty() ? found() : in_quotes(token, 24)));
      }
      t_ms = static_cast<std::int64_t>(number);
    }
    t_ms_.push_back(t_ms);
    skip_blanks();
    if (!at(',')) {
      return take(']');
    }
    ++p_;
  }
}

/// Passes over a value that nobody asks for; only its brackets and strings are looked at.
bool JsonLineReader::pass_over() {
  int depth = 0;
  for (;;) {
    skip_blanks();
    if (p_ == end_) {
      return refuse(p_, "the object is not closed");
    }
    const char c = *p_;
    if (c == '"') {
      Text ignored;
      const std::size_t kept = scratch_.size();
      if (!take_string(ignored)) {
        return false;
      }
      scratch_.resize(kept);
    } else if (c == '{' || c == '[') {
      ++p_;
      if (++depth > kMostNesting) {
        return refuse(p_ - 1, "the object is nested too deeply");
      }
      continue;
    } else if (c == '}' || c == ']') {
      if (depth == 0) {
        return refuse(p_, "expected a value, found " + found());
      }
      ++p_;
      --depth;
    } else if (depth > 0 && (c == ',' || c == ':')) {
      ++p_;
      continue;
    } else if (take_token().empty()) {
      return refuse(p_, "expected a value, found " + found());
    }
    if (depth == 0) {
      return true;
    }
  }
}

void JsonLineReader::skip_blanks() noexcept {
  while (p_ != end_ && is_blank(*p_)) {
    ++p_;
  }
}

bool JsonLineReader::take(char c) {
  if (at(c)) {
    ++p_;
    return true;
  }
  return refuse(p_, fmt::format("expected '{}', found {}", c, found()));
}

/// The characters up to what ends a number or a word.
std::string_view JsonLineReader::take_token() noexcept {
  const char* const start = p_;
  while (p_ != end_ && !is_blank(*p_) && *p_ != ',' && *p_ != ']' && *p_ != '}' && *p_ != ':' && *p_ != '"') {
    ++p_;
  }
  return {start, static_cast<std::size_t>(p_ - start)};
}

bool JsonLineReader::take_string(Text& text) {
  const char* const open = p_;
  if (!at('"')) {
    return refuse(p_, "expected a string in double quotes, found " + found());
  }
  const char* const start = ++p_;
  while (p_ != end_ && *p_ != '"' && *p_ != '\\') {
    ++p_;
  }
  if (at('"')) {
    text = {{start, static_cast<std::size_t>(p_ - start)}, 0, 0, true};
    ++p_;
    return true;
  }
  const std::size_t offset = scratch_.size();
  scratch_.append(start, p_);
  while (p_ != end_ && *p_ != '"') {
    if (*p_ != '\\') {
      scratch_ += *p_++;
    } else if (!take_escape()) {
      return false;
    }
  }
  if (p_ == end_) {
    return refuse(open, "the string is not closed");
  }
  ++p_;
  text = {{}, offset, scratch_.size() - offset, false};
  return true;
}

bool JsonLineReader::take_escape() {
  const char* const where = p_++;
  constexpr std::string_view kFrom = "\"\\/bfnrt";
  constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
  const std::size_t known = p_ == end_ ? std::string_view::npos : kFrom.find(*p_);
  if (known != std::string_view::npos) {
    scratch_ += kTo[known];
    ++p_;
    return true;
  }
  if (!at('u')) {
    return refuse(where, "unknown escape in a string");
  }
  ++p_;
  std::uint32_t code = 0;
  if (!take_hex(code)) {
    return refuse(where, "expected four hexadecimal digits behind \\u");
  }
  if (code >= 0xD800 && code < 0xDC00 && end_ - p_ >= 2 && p_[0] == '\\' && p_[1] == 'u') {
    const char* const second = p_;
    std::uint32_t low = 0;
    p_ += 2;
    if (take_hex(low) && low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
    } else {
      p_ = second;
    }
  }
  append_utf8(scratch_, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
  return true;
}

bool JsonLineReader::take_hex(std::uint32_t& code) {
  if (end_ - p_ < 4) {
    return false;
  }
  const auto [stop, error] = std::from_chars(p_, p_ + 4, code, 16);
  if (error != std::errc() || stop != p_ + 4) {
    return false;
  }
  p_ += 4;
  return true;
}

bool JsonLineReader::refuse(const char* where, std::string reason) {
  reason_ = std::move(reason);
  column_ = static_cast<std::size_t>(where - begin_) + 1;
  return false;
}

std::string JsonLineReader::found() const {
  return p_ == end_ ? "the end" : in_quotes({p_, 1});
}

}  // namespace mcore
