// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/labels.h"

namespace mcore {

enum class MatchType : std::uint8_t { kEqual, kNotEqual, kRegexp, kNotRegexp };

/// One condition on a label, as PromQL writes it: `job="node"`, `mode!=""`, `instance=~"a.*|b"`.
///
/// Shape:   a label that a set lacks has the empty value. Regular expressions are RE2's, match the whole value, and `.`
///          matches a newline (Prometheus' rule).
/// Threads: any number may match.
class Matcher {
 public:
  /// Errors: a regular expression that RE2 refuses.
  [[nodiscard]] static Result<Matcher> make(MatchType type, std::string name, std::string value);

  [[nodiscard]] MatchType type() const noexcept { return type_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& value() const noexcept { return value_; }
  [[nodiscard]] bool matches(std::string_view value) const noexcept;
  /// Whether a set without this label matches.
  [[nodiscard]] bool matches_empty() const noexcept { return matches_empty_; }
  /// The values that an equality or an alternation of plain words (`a|b|c`) can match, sorted: looked up instead of
  /// tested against every value. Empty if they cannot be listed, and for negated types. An empty word among them means
  /// sets without the label: matches_empty() is true then.
  [[nodiscard]] const std::vector<std::string>& listed_values() const noexcept { return listed_; }
  /// As PromQL writes it.
  [[nodiscard]] std::string text() const;

 private:
  struct Pattern;
  Matcher() = default;

  MatchType type_ = MatchType::kEqual;
  bool matches_empty_ = false;
  std::string name_;
  std::string value_;
  std::vector<std::string> listed_;
  std::shared_ptr<const Pattern> pattern_;
};

/// Conditions that must all hold. An empty one selects every series.
using Selector = std::vector<Matcher>;

[[nodiscard]] bool matches_all(const Selector& selector, LabelsView labels) noexcept;

}  // namespace mcore
