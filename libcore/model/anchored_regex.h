// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mcore {

/// A regular expression over a whole text, with groups to take out of it: what label_replace and relabelling use.
///
/// Shape:   RE2's syntax; `.` matches a newline; anchored at both ends (Prometheus' rule).
/// Threads: any number may match.
class AnchoredRegex {
 public:
  /// Errors: an expression that RE2 refuses.
  [[nodiscard]] static Result<AnchoredRegex> make(std::string_view pattern);

  /// The groups of a text that matches, the whole one first; a group that takes no part is empty. The views borrow the
  /// text.
  [[nodiscard]] std::optional<std::vector<std::string_view>> match(std::string_view text) const;
  /// Writes a template with the groups in their places: `$1`, `${1}`, `$name`, `${name}`, `$$` for a dollar; a name is
  /// as long as it can be, and an unknown one gives nothing (Go's Expand).
  [[nodiscard]] std::string expand(std::string_view text, const std::vector<std::string_view>& groups) const;

 private:
  struct Pattern;
  AnchoredRegex() = default;
  [[nodiscard]] std::string_view group(std::string_view name, const std::vector<std::string_view>& groups) const;

  std::shared_ptr<const Pattern> pattern_;
};

}  // namespace mcore
