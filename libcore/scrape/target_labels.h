// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/labels.h"

namespace mcore {

/// The labels that a target gives to all its samples: job, instance and what the user adds.
class TargetLabels {
 public:
  /// Sets a label; an empty value takes it away.
  void set(std::string_view name, std::string_view value);
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const noexcept { return labels_; }

  /// Joins these labels to those of a scraped sample. On conflict the target's label wins and the scraped one is
  /// renamed `exported_NAME`, again and again until the name is free; with `honor` the scraped one wins, even if it is
  /// empty. Requires: the label views in `builder` live on; those it adds live as long as this object, or in `kept`,
  /// which holds what had to be made for this sample.
  void join(LabelBuilder& builder, bool honor, std::vector<std::string>& kept) const;

 private:
  std::vector<std::pair<std::string, std::string>> labels_;
};

}  // namespace mcore
