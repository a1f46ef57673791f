// SPDX-License-Identifier: Apache-2.0
#include "promql/match_groups.h"

#include <algorithm>

namespace mcore {

LabelFilter::LabelFilter(std::vector<std::string> names, bool keeps) : names_(std::move(names)), keeps_(keeps) {
  if (!keeps_) {
    names_.emplace_back(kNameLabel);
  }
  std::ranges::sort(names_);
}

std::string_view LabelFilter::filter(LabelsView labels) {
  bytes_.clear();
  auto name = names_.begin();
  const char* from = labels.bytes().data();
  for (const Label& label : labels) {
    const char* const end = label.value.data() + label.value.size();
    while (name != names_.end() && *name < label.name) {
      ++name;
    }
    if ((name != names_.end() && *name == label.name) == keeps_) {
      bytes_.append(from, end);
    }
    from = end;
  }
  return bytes_;
}

std::size_t LabelGroups::Hash::operator()(std::string_view text) const noexcept {
  return static_cast<std::size_t>(LabelsView(text).hash());
}

std::size_t LabelGroups::group_of(LabelsView labels) {
  const std::string_view key = filter_.filter(labels);
  if (const auto found = groups_.find(key); found != groups_.end()) {
    return found->second;
  }
  groups_.emplace(key, labels_.size());
  labels_.emplace_back(key);
  return labels_.size() - 1;
}

}  // namespace mcore
