// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mcore {

/// The words that a regular expression matches as a whole, if they are few and plain to see: `a|b`, `node_(cpu|disk)`,
/// `https?`, `web-[1-3]`, `a\.b`. Sorted, each once; may hold the empty word (`a|`).
///
/// Shape: nullopt for anything else: wildcards, repetition, classes beyond ASCII letters and digits, flags, more than
///        65536 words, and everything that is no valid expression.
/// Cost:  linear in the text that comes out, at most a few megabytes.
[[nodiscard]] std::optional<std::vector<std::string>> pattern_words(std::string_view pattern);

/// A regular expression of literal text between optional wildcards: `node_.*`, `.*_total`, `.+err.*`, `.*`.
struct AffixPattern {
  /// What stands before and behind the text: nothing, `.*` or `.+`.
  enum class Wildcard { kNone, kAny, kSome };
  Wildcard before = Wildcard::kNone;
  Wildcard behind = Wildcard::kNone;
  std::string text;

  [[nodiscard]] bool matches(std::string_view value) const noexcept;
};
[[nodiscard]] std::optional<AffixPattern> affix_pattern(std::string_view pattern);

}  // namespace mcore
