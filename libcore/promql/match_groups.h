// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/labels.h"
#include "promql/ast.h"

namespace mcore {

/// Labels of a set that `on`, `by` or `ignoring`, `without` leave, as the bytes of a label set.
///
/// Shape: with `keeps`, only the listed names; else all but those, and but the metric's name.
class LabelFilter {
 public:
  LabelFilter(std::vector<std::string> names, bool keeps);
  /// Lifetime: the view lives until the next call.
  [[nodiscard]] std::string_view filter(LabelsView labels);

 private:
  std::vector<std::string> names_;  // sorted
  bool keeps_;
  std::string bytes_;
};

/// Numbers label sets that a filter makes alike, from 0 in the order in which they come.
class LabelGroups {
 public:
  LabelGroups(std::vector<std::string> names, bool keeps) : filter_(std::move(names), keeps) {}
  [[nodiscard]] std::size_t group_of(LabelsView labels);
  [[nodiscard]] std::size_t size() const noexcept { return labels_.size(); }
  /// The labels that are left of all in the group.
  [[nodiscard]] LabelsView labels(std::size_t group) const noexcept { return LabelsView(labels_[group]); }

 private:
  struct Hash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept;
  };
  LabelFilter filter_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> groups_{};
  std::vector<std::string> labels_{};
};

}  // namespace mcore
