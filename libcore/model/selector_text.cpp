// SPDX-License-Identifier: Apache-2.0
#include "model/selector_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "model/quoted_text.h"

namespace mcore {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kQuotes = "\"'`";

bool is_in(std::string_view set, char c) noexcept {
  return set.find(c) != std::string_view::npos;
}

/// The text as a shell takes it, where that is readable; else as in_quotes() shows any bytes.
std::string shown(std::string_view text) {
  const bool plain = text.size() <= 200 && is_valid_utf8(text) && std::ranges::none_of(text, [](char c) {
                       return c == '\'' || (static_cast<unsigned char>(c) < ' ') || c == '\x7F';
                     });
  return plain ? fmt::format("'{}'", text) : in_quotes(text);
}

class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : text_(text) {}

  Result<Selector> run() {
    if (!is_valid_utf8(text_)) {
      return Error(ErrorKind::kUsage, "parse selector", in_quotes(text_), "expected UTF-8");
    }
    if (!whole()) {
      return *error_;
    }
    return std::move(selector_);
  }

 private:
  // Each function returns false once error_ is set.

  bool whole() {
    skip_blanks();
    const std::size_t start = at_;
    const std::string_view name = take_identifier(true);
    skip_blanks();
    if (name.empty() ? (!at_end() && is_in(kQuotes, text_[at_])) : (next_is('=') || next_is('!'))) {
      at_ = start;
      braced_ = false;
      return conditions();
    }
    if (!name.empty() && !add(MatchType::kEqual, std::string(kNameLabel), std::string(name), start)) {
      return false;
    }
    has_outer_name_ = !name.empty();
    if (next_is('{')) {
      ++at_;
      braced_ = true;
      if (!conditions()) {
        return false;
      }
      ++at_;  // the closing brace
      skip_blanks();
    }
    if (name.empty() && !braced_) {
      return fail(at_, "a metric name, '{' or a condition such as job=node");
    }
    return at_end() || fail(at_, has_outer_name_ && !braced_ ? "'{' or the end" : "the end", hint_behind());
  }

  /// The conditions up to the closing brace (left unread) or the end of the text.
  bool conditions() {
    for (skip_blanks(); !at_close(); skip_blanks()) {
      if (!condition()) {
        return false;
      }
      skip_blanks();
      if (next_is(',')) {
        ++at_;
      } else if (!at_close() || (braced_ && at_end())) {
        return fail(at_, braced_ ? "',' or '}'" : "',' or the end", hint_in_list());
      }
    }
    return !braced_ || !at_end() || fail(at_, "a label name or '}'");
  }

  bool condition() {
    const std::size_t start = at_;
    std::string name;
    const bool quoted = !at_end() && is_in(kQuotes, text_[at_]);
    if (quoted ? !string(name) : !identifier(name)) {
      return false;
    }
    skip_blanks();
    if (quoted && (at_close() || next_is(','))) {  // a metric name
      return name.empty() ? fail(start, "a metric name that is not empty")
                          : add(MatchType::kEqual, std::string(kNameLabel), name, start);
    }
    if (name.empty()) {
      return fail(start, "a label name that is not empty");
    }
    MatchType type{};
    std::string value;
    const std::size_t at = at_;
    if (!operation(type)) {
      return fail(at_, "=, !=, =~ or !~", hint_behind_name(quoted));
    }
    skip_blanks();
    return (!at_end() && is_in(kQuotes, text_[at_]) ? string(value) : bare_value(value)) &&
           add(type, std::move(name), std::move(value), at);
  }

  bool identifier(std::string& name) {
    name = take_identifier(false);
    return !name.empty() || fail(at_, "a label name");
  }

  bool string(std::string& out) {
    QuotedText read = read_quoted(text_.substr(at_));
    if (!read.problem.empty()) {
      return fail(at_ + read.size, read.problem);
    }
    at_ += read.size;
    out = std::move(read.value);
    return true;
  }

  bool operation(MatchType& type) {
    const std::string_view two = text_.substr(at_, 2);
    if (two == "=~" || two == "!~" || two == "!=") {
      type = two == "=~" ? MatchType::kRegexp : two == "!~" ? MatchType::kNotRegexp : MatchType::kNotEqual;
      at_ += 2;
      return true;
    }
    type = MatchType::kEqual;
    if (!next_is('=')) {
      return false;
    }
    ++at_;
    return true;
  }

  /// A value without quotes, as the shell leaves it.
  bool bare_value(std::string& out) {
    if (!at_end() && is_in("=~!", text_[at_])) {
      return fail(at_, "a value", "a value that starts so needs quotes");
    }
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n,{}\"'`", at_), text_.size());
    out = text_.substr(at_, end - at_);
    at_ = end;
    return true;
  }

  bool add(MatchType type, std::string name, std::string value, std::size_t at) {
    if (has_outer_name_ && name == kNameLabel) {
      return fail(at, "no second metric name");
    }
    Result<Matcher> made = Matcher::make(type, std::move(name), std::move(value));
    if (!made.ok()) {
      error_ = Error(ErrorKind::kUsage, "parse selector", where(at), made.error().what());
      return false;
    }
    selector_.push_back(std::move(made).value());
    return true;
  }

  // --- What is said about a mistake ---

  bool fail(std::size_t at, std::string_view expected, std::string_view hint = {}) {
    const std::string_view rest = text_.substr(at);
    std::size_t size = 1;  // one character, or one word
    while (size < rest.size() && ((static_cast<unsigned char>(rest[size]) & 0xC0U) == 0x80U ||
                                  (is_word(rest[size - 1]) && is_word(rest[size])))) {
      ++size;
    }
    const std::string found = rest.empty() ? "the end" : in_quotes(rest.substr(0, size), 40);
    error_ = Error(ErrorKind::kUsage, "parse selector", where(at),
                   fmt::format("expected {}, found {}{}{}", expected, found, hint.empty() ? "" : "; ", hint));
    return false;
  }

  [[nodiscard]] std::string where(std::size_t at) const {
    const auto column = 1 + std::ranges::count_if(text_.substr(0, at), [](char c) {
                          return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
                        });
    return fmt::format("{}: column {}", shown(text_), column);
  }

  [[nodiscard]] std::string_view hint_behind() const {
    if (next_is('[') || next_is('@') || text_.substr(at_).starts_with("offset")) {
      return "a selector has no time, --start, --end and --last say it";
    }
    if (next_is(',')) {
      return "a metric name and conditions are written name{label=value}";
    }
    if (!braced_ && (next_is('.') || next_is('-') || next_is('/'))) {
      return "such a name is written '{\"a.b\"}', in single quotes for the shell";
    }
    return is_in("()+-*/%^<>=", at_end() ? ' ' : text_[at_]) ? "an expression is for mquery" : "";
  }

  [[nodiscard]] std::string_view hint_in_list() const {
    return at_end() ? "" : "such a value needs quotes, and single quotes around all for the shell: '{job=\"a b\"}'";
  }

  [[nodiscard]] std::string_view hint_behind_name(bool quoted) const {
    if (!quoted && !at_end() && !is_in("<>,}", text_[at_])) {
      return "such a name needs quotes, and single quotes around all for the shell: '{\"a.b\"=\"c\"}'";
    }
    return !quoted && (at_close() || next_is(','))
               ? "a metric name in braces needs quotes, and single quotes around all for the shell: '{\"up\"}'"
               : "";
  }

  // --- Characters ---

  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] bool at_close() const noexcept { return at_end() || (braced_ && text_[at_] == '}'); }
  [[nodiscard]] bool next_is(char c) const noexcept { return !at_end() && text_[at_] == c; }
  [[nodiscard]] static bool is_word(char c) noexcept {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  void skip_blanks() noexcept {
    while (!at_end() && (is_in(kBlanks, text_[at_]) || text_[at_] == '#')) {
      at_ = text_[at_] == '#' ? std::min(text_.find_first_of("\r\n", at_), text_.size()) : at_ + 1;
    }
  }

  std::string_view take_identifier(bool colon) noexcept {
    const std::size_t start = at_;
    while (!at_end() && (is_word(text_[at_]) || (colon && text_[at_] == ':'))) {
      ++at_;
    }
    if (at_ > start && text_[start] >= '0' && text_[start] <= '9') {
      at_ = start;
    }
    return text_.substr(start, at_ - start);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool braced_ = false;
  bool has_outer_name_ = false;
  Selector selector_;
  std::optional<Error> error_;
};

}  // namespace

Result<Selector> parse_selector(std::string_view text) {
  return SelectorParser(text).run();
}

bool selects_everything(const Selector& selector) noexcept {
  return std::ranges::all_of(selector, &Matcher::matches_empty);
}

std::string selector_text(const Selector& selector) {
  const auto is_name = [](const Matcher& one) { return one.name() == kNameLabel; };
  const bool outer = std::ranges::count_if(selector, is_name) == 1 && is_name(selector.front()) &&
                     selector.front().type() == MatchType::kEqual && is_legacy_metric_name(selector.front().value());
  std::string inner;
  for (const Matcher& one : selector) {
    if (!outer || &one != &selector.front()) {
      inner += (inner.empty() ? "" : ", ") + one.text();
    }
  }
  return outer ? selector.front().value() + (inner.empty() ? "" : "{" + inner + "}") : "{" + inner + "}";
}

}  // namespace mcore
