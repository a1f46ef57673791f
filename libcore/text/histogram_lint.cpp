// SPDX-License-Identifier: Apache-2.0
#include "text/histogram_lint.h"

#include <fmt/format.h>

#include <cmath>

#include "base/number_text.h"

namespace mcore {

void HistogramLint::add(std::string_view family, std::string_view suffix, LabelsView labels, double value,
                        std::size_t line) {
  if (suffix != "_bucket" && suffix != "_count" && suffix != "_gcount") {
    return;
  }
  std::string key(family);
  double bound = std::nan("");
  for (const Label& label : labels) {
    if (label.name == "le") {
      if (parse_float(label.value, bound) != FloatStatus::kOk) {
        return;  // a finding of its own
      }
    } else if (label.name != kNameLabel) {
      key += '\xff';
      key += label.name;
      key += '\xff';
      key += label.value;
    }
  }
  Group& group = groups_[key];
  if (group.line == 0) {
    group.metric = family;
    group.line = line;
  }
  if (suffix == "_bucket") {
    group.buckets[bound] = value;
  } else {
    group.count = value;
  }
}

std::vector<HistogramLint::Fault> HistogramLint::faults() const {
  std::vector<Fault> faults;
  for (const auto& [key, group] : groups_) {
    const auto fault = [&, &g = group](std::string_view rule, std::string text) {
      faults.push_back({g.line, g.metric, rule, std::move(text)});
    };
    double before = 0;
    for (const auto& [bound, count] : group.buckets) {
      if (count < before) {
        fault("bucket-order", fmt::format("bucket le=\"{}\" has {}, fewer than the {} of the bucket before it",
                                          float_text(bound), float_text(count), float_text(before)));
        break;
      }
      before = count;
    }
    if (group.buckets.empty() || !std::isinf(group.buckets.rbegin()->first)) {
      fault("no-inf-bucket", "the histogram has no bucket le=\"+Inf\"");
    } else if (group.count && *group.count != group.buckets.rbegin()->second) {
      fault("count-mismatch", fmt::format("the count is {}, but the bucket le=\"+Inf\" has {}",
                                          float_text(*group.count), float_text(group.buckets.rbegin()->second)));
    }
  }
  return faults;
}

}  // namespace mcore
