// SPDX-License-Identifier: Apache-2.0
// Most regular expressions in selectors are no more than a list or a prefix. An index looks words up instead of testing
// each of its values, and a prefix is a memcmp. What this file takes must mean the same to RE2, which never sees it; so
// it gives up on whatever is not plain.
#include "model/pattern_words.h"

#include <algorithm>

#include "base/utf8.h"

namespace mcore {
namespace {

constexpr std::size_t kMostWords = 65'536;
constexpr std::size_t kMostBytes = std::size_t{4} << 20U;  // appended on the way, not only in the result
constexpr int kDeepestGroup = 32;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_word_character(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_special(char c) noexcept {
  return std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos;
}

/// Takes one character that stands for itself off the front, escaped or not; false if there is none.
bool take_literal(std::string_view& rest, std::string_view& literal) {
  if (rest.empty()) {
    return false;
  }
  if (rest[0] == '\\') {  // an escaped ASCII character that is no letter or digit is itself
    if (rest.size() < 2 || is_word_character(rest[1]) || static_cast<unsigned char>(rest[1]) >= 0x80) {
      return false;
    }
    literal = rest.substr(1, 1);
    rest.remove_prefix(2);
    return true;
  }
  if (is_special(rest[0])) {
    return false;
  }
  std::size_t size = 1;
  while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xC0U) == 0x80U) {
    ++size;
  }
  literal = rest.substr(0, size);
  rest.remove_prefix(size);
  return true;
}

using Words = std::vector<std::string>;

class WordLister {
 public:
  explicit WordLister(std::string_view pattern) : rest_(pattern) {}

  bool run(Words& out) { return alternation(out, 0) && rest_.empty(); }

 private:
  /// Reads up to the end or an unmatched ')'. Each function returns false to give up.
  bool alternation(Words& out, int depth) {
    for (;;) {
      if (!sequence(out, depth)) {
        return false;
      }
      if (!next_is('|')) {
        return true;
      }
      rest_.remove_prefix(1);
    }
  }

  bool sequence(Words& out, int depth) {
    Words words(1);
    Words part;
    while (!rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
      part.clear();
      if (!atom(part, depth) || !repetition(part) || !append(words, part)) {
        return false;
      }
    }
    out.insert(out.end(), std::make_move_iterator(words.begin()), std::make_move_iterator(words.end()));
    return out.size() <= kMostWords;
  }

  bool atom(Words& out, int depth) {
    if (next_is('(')) {
      return group(out, depth);
    }
    if (next_is('[')) {
      return character_class(out);
    }
    std::string_view literal;
    if (!take_literal(rest_, literal)) {
      return false;
    }
    out.emplace_back(literal);
    return true;
  }

  bool group(Words& out, int depth) {
    rest_.remove_prefix(rest_.starts_with("(?:") ? 3 : 1);
    if (next_is('?') || depth == kDeepestGroup || !alternation(out, depth + 1) || !next_is(')')) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  bool character_class(Words& out) {
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_[0] != ']') {
      const char first = rest_[0];
      if (!is_word_character(first)) {
        return false;
      }
      rest_.remove_prefix(1);
      char last = first;
      if (next_is('-')) {
        if (rest_.size() < 2 || !is_word_character(rest_[1]) || rest_[1] < first) {
          return false;
        }
        last = rest_[1];
        if (is_digit(first) != is_digit(last) || (last - first) > 25) {
          return false;  // `[A-z]` holds more than letters
        }
        rest_.remove_prefix(2);
      }
      for (char c = first; c <= last; ++c) {
        out.emplace_back(1, c);
      }
    }
    if (rest_.empty() || out.empty() || out.size() > kMostWords) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  bool repetition(Words& part) {
    if (next_is('?')) {
      part.emplace_back();
      rest_.remove_prefix(1);
    }
    return rest_.empty() || !(rest_[0] == '?' || rest_[0] == '*' || rest_[0] == '+' || rest_[0] == '{');
  }

  /// Each word so far with each word of the part behind it.
  bool append(Words& words, const Words& part) {
    if (part.size() > kMostWords / words.size()) {
      return false;
    }
    for (const std::string& one : part) {
      bytes_ += words.size() * one.size();
    }
    if (part.size() > 1) {
      for (const std::string& word : words) {
        bytes_ += part.size() * word.size();
      }
    }
    if (bytes_ > kMostBytes) {
      return false;
    }
    if (part.size() == 1) {
      for (std::string& word : words) {
        word += part[0];
      }
      return true;
    }
    Words product;
    product.reserve(words.size() * part.size());
    for (const std::string& word : words) {
      for (const std::string& one : part) {
        product.push_back(word + one);
      }
    }
    words = std::move(product);
    return true;
  }

  [[nodiscard]] bool next_is(char c) const noexcept { return !rest_.empty() && rest_[0] == c; }

  std::string_view rest_;
  std::size_t bytes_ = 0;
};

AffixPattern::Wildcard take_wildcard(std::string_view& rest) noexcept {
  using enum AffixPattern::Wildcard;
  if (!rest.starts_with(".*") && !rest.starts_with(".+")) {
    return kNone;
  }
  const auto found = rest[1] == '*' ? kAny : kSome;
  rest.remove_prefix(2);
  return found;
}

}  // namespace

std::optional<std::vector<std::string>> pattern_words(std::string_view pattern) {
  Words words;
  if (!is_valid_utf8(pattern) || !WordLister(pattern).run(words)) {
    return std::nullopt;
  }
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

std::optional<AffixPattern> affix_pattern(std::string_view pattern) {
  AffixPattern found;
  if (!is_valid_utf8(pattern)) {
    return std::nullopt;
  }
  found.before = take_wildcard(pattern);
  std::string_view literal;
  while (take_literal(pattern, literal)) {
    found.text += literal;
  }
  if (!found.text.empty()) {
    found.behind = take_wildcard(pattern);
  }
  return pattern.empty() ? std::optional(std::move(found)) : std::nullopt;
}

bool AffixPattern::matches(std::string_view value) const noexcept {
  using enum Wildcard;
  // `.+` takes a whole character; as text and value are UTF-8, giving up one byte of it does.
  const std::size_t least_before = before == kSome ? 1 : 0;
  const std::size_t least_behind = behind == kSome ? 1 : 0;
  if (value.size() < text.size() + least_before + least_behind) {
    return false;
  }
  if (before == kNone) {
    return behind == kNone ? value == text : value.starts_with(text);
  }
  if (behind == kNone) {
    return value.ends_with(text);
  }
  return value.substr(least_before, value.size() - least_before - least_behind).find(text) != std::string_view::npos;
}

}  // namespace mcore
