// SPDX-License-Identifier: Apache-2.0
#include "model/anchored_regex.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>

namespace mcore {
namespace {

RE2::Options quiet_options() {
  RE2::Options options;
  options.set_dot_nl(true);
  options.set_log_errors(false);
  return options;
}

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::size_t name_size(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_name_character) - text.begin());
}

}  // namespace

struct AnchoredRegex::Pattern {
  explicit Pattern(std::string_view text) : regex(re2::StringPiece(text.data(), text.size()), quiet_options()) {}
  RE2 regex;
};

Result<AnchoredRegex> AnchoredRegex::make(std::string_view pattern) {
  auto compiled = std::make_shared<const Pattern>(pattern);
  if (!compiled->regex.ok()) {
    return Error(ErrorKind::kUsage, "read regular expression", std::string(pattern), compiled->regex.error());
  }
  AnchoredRegex regex;
  regex.pattern_ = std::move(compiled);
  return regex;
}

std::optional<std::vector<std::string_view>> AnchoredRegex::match(std::string_view text) const {
  const RE2& regex = pattern_->regex;
  std::vector<re2::StringPiece> pieces(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  if (!regex.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), RE2::ANCHOR_BOTH, pieces.data(),
                   static_cast<int>(pieces.size()))) {
    return std::nullopt;
  }
  std::vector<std::string_view> groups;
  for (const re2::StringPiece& piece : pieces) {
    groups.emplace_back(piece.data() != nullptr ? std::string_view(piece.data(), piece.size()) : std::string_view());
  }
  return groups;
}

std::string_view AnchoredRegex::group(std::string_view name, const std::vector<std::string_view>& groups) const {
  if (std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) {
    std::size_t number = groups.size();
    (void)std::from_chars(name.data(), name.data() + name.size(), number);
    return number < groups.size() ? groups[number] : std::string_view();
  }
  const auto& names = pattern_->regex.NamedCapturingGroups();
  const auto found = names.find(std::string(name));
  return found != names.end() ? groups[static_cast<std::size_t>(found->second)] : std::string_view();
}

std::string AnchoredRegex::expand(std::string_view text, const std::vector<std::string_view>& groups) const {
  std::string out;
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find('$'), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) {
      break;
    }
    text.remove_prefix(1);
    const bool braced = text.starts_with('{');
    const std::size_t size = name_size(text.substr(braced ? 1 : 0));
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
    } else if (size == 0 || (braced && text.substr(1 + size, 1) != "}")) {
      out += '$';  // no name: a dollar as it stands
    } else {
      out += group(text.substr(braced ? 1 : 0, size), groups);
      text.remove_prefix(size + (braced ? 2 : 0));
    }
  }
  return out;
}

}  // namespace mcore
