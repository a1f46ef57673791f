// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/metric_type.h"

namespace mcore {

/// One thing that is against the naming rules of the field.
struct LintFault {
  std::string_view rule;
  std::string text;
};

/// What is wrong with the name of a family of that type. The rules are promlint's: units, type and reserved characters
/// in the name, camelCase, abbreviated units, suffixes that belong to other types. `openmetrics`: counters are named
/// without
/// `_total` there.
/// Source: Prometheus' naming practices; feature list K-03.
[[nodiscard]] std::vector<LintFault> lint_family_name(std::string_view name, MetricType type, bool has_type,
                                                      bool openmetrics);

/// What is wrong with a label's name in a family of that type.
[[nodiscard]] std::vector<LintFault> lint_label_name(std::string_view label, MetricType type, bool has_type);

}  // namespace mcore
