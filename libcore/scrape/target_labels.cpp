// SPDX-License-Identifier: Apache-2.0
#include "scrape/target_labels.h"

#include <algorithm>

namespace mcore {
namespace {

Label* find(std::vector<Label>& labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &Label::name);
  return found == labels.end() ? nullptr : &*found;
}

}  // namespace

void TargetLabels::set(std::string_view name, std::string_view value) {
  std::erase_if(labels_, [&](const auto& label) { return label.first == name; });
  if (!value.empty()) {
    labels_.emplace_back(name, value);
  }
}

void TargetLabels::join(LabelBuilder& builder, bool honor, std::vector<std::string>& kept) const {
  std::vector<Label>& labels = builder.labels();
  std::vector<Label> conflicting;  // allocates only for the few samples that have some
  for (const auto& [name, value] : labels_) {
    Label* const scraped = find(labels, name);
    if (scraped == nullptr) {
      labels.push_back({name, value});
    } else if (!honor) {
      if (!scraped->value.empty()) {
        conflicting.push_back(*scraped);
      }
      *scraped = {name, value};
    }
  }
  if (conflicting.empty()) {
    return;
  }
  kept.clear();
  kept.reserve(conflicting.size());  // so that the views of the names stay
  std::ranges::stable_sort(conflicting, {}, [](const Label& l) { return l.name.size(); });
  for (const Label& label : conflicting) {
    std::string free_name(label.name);
    const Label* taken = nullptr;
    do {
      free_name.insert(0, "exported_");
      taken = find(labels, free_name);
    } while (taken != nullptr && !taken->value.empty());
    labels.push_back({kept.emplace_back(std::move(free_name)), label.value});
  }
}

}  // namespace mcore
