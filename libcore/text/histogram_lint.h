// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/labels.h"

namespace mcore {

/// Collects the flat series of classic histograms and says what does not add up: buckets that fall, no +Inf bucket, a
/// count that is not the +Inf bucket's.
class HistogramLint {
 public:
  /// `labels` with the metric's name and, for a bucket, `le`. `suffix` is what follows the family's name.
  void add(std::string_view family, std::string_view suffix, LabelsView labels, double value, std::size_t line);

  struct Fault {
    std::size_t line;
    std::string metric;
    std::string_view rule;
    std::string text;
  };
  [[nodiscard]] std::vector<Fault> faults() const;

 private:
  struct Group {
    std::string metric;
    std::size_t line = 0;
    std::map<double, double> buckets;
    std::optional<double> count;
  };
  std::map<std::string, Group> groups_;  // by family and labels without le
};

}  // namespace mcore
