// SPDX-License-Identifier: Apache-2.0
#include "model/matcher.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "model/pattern_words.h"

namespace mcore {
namespace {

/// For the program and the caches of its automata, allocated as they grow; beyond it RE2 matches without them.
constexpr std::int64_t kRegexpMemory = std::int64_t{32} << 20U;

RE2::Options regexp_options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);  // the (?s:...) that Prometheus puts around each expression
  options.set_never_capture(true);
  options.set_max_mem(kRegexpMemory);
  return options;
}

/// RE2's own words, with the piece of the expression that it shows made fit for one line.
std::string why_refused(const RE2& regexp) {
  const std::string& piece = regexp.error_arg();
  std::string why = regexp.error();
  if (!piece.empty() && why.ends_with(piece)) {
    why.resize(why.size() - piece.size());
    why += in_quotes(piece);
  }
  return why;
}

std::string_view operator_text(MatchType type) noexcept {
  switch (type) {
    case MatchType::kEqual:
      return "=";
    case MatchType::kNotEqual:
      return "!=";
    case MatchType::kRegexp:
      return "=~";
    case MatchType::kNotRegexp:
      break;
  }
  return "!~";
}

}  // namespace

/// A regular expression in the cheapest form that decides it: one of the three is there.
struct Matcher::Pattern {
  std::optional<std::vector<std::string>> words;
  std::optional<AffixPattern> affix;
  std::unique_ptr<const RE2> regexp;

  /// The expression itself is compiled, never text around it: `a)|(b` must stay an error.
  explicit Pattern(const std::string& text) : words(pattern_words(text)) {
    if (!words) {
      affix = affix_pattern(text);
    }
    if (!words && !affix) {
      regexp = std::make_unique<const RE2>(text, regexp_options());
    }
  }
  [[nodiscard]] bool matches(std::string_view value) const {
    if (words) {
      return std::ranges::binary_search(*words, value, std::less<>());
    }
    if (affix) {
      return affix->matches(value);
    }
    return regexp->Match({value.data(), value.size()}, 0, value.size(), RE2::ANCHOR_BOTH, nullptr, 0);
  }
};

Result<Matcher> Matcher::make(MatchType type, std::string name, std::string value) {
  Matcher made;
  made.type_ = type;
  made.name_ = std::move(name);
  made.value_ = std::move(value);
  if (type == MatchType::kRegexp || type == MatchType::kNotRegexp) {
    const auto pattern = std::make_shared<const Pattern>(made.value_);
    if (pattern->regexp != nullptr && !pattern->regexp->ok()) {
      return Error(ErrorKind::kUsage, "read regular expression", in_quotes(made.value_), why_refused(*pattern->regexp));
    }
    if (type == MatchType::kRegexp && pattern->words) {
      made.listed_ = *pattern->words;
    }
    made.pattern_ = pattern;
  } else if (type == MatchType::kEqual) {
    made.listed_ = {made.value_};
  }
  made.matches_empty_ = made.matches("");
  return made;
}

bool Matcher::matches(std::string_view value) const noexcept {
  switch (type_) {
    case MatchType::kEqual:
      return value == value_;
    case MatchType::kNotEqual:
      return value != value_;
    case MatchType::kRegexp:
      return pattern_->matches(value);
    case MatchType::kNotRegexp:
      break;
  }
  return !pattern_->matches(value);
}

std::string Matcher::text() const {
  std::string out;
  if (is_legacy_label_name(name_)) {
    out = name_;
  } else {
    append_quoted_value(out, name_);
  }
  out += operator_text(type_);
  append_quoted_value(out, value_);
  return out;
}

bool matches_all(const Selector& selector, LabelsView labels) noexcept {
  return std::ranges::all_of(selector, [&](const Matcher& one) { return one.matches(labels.get(one.name())); });
}

}  // namespace mcore
