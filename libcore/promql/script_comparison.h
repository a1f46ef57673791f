// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/histogram.h"
#include "model/query_value.h"
#include "promql/script.h"

namespace mcore {

/// One thing in which an answer is not what a script expects.
struct ScriptDifference {
  std::string got{};
  std::string want{};
};

/// The rule for numbers: equal within a millionth of their sum; a stale marker is equal to stale markers only, any
/// other NaN to any other.
[[nodiscard]] bool equal_script_numbers(double a, double b) noexcept;

/// The rule for histograms: numbers by the rule above, schema, zero threshold and custom bounds exactly, buckets that
/// hold nothing not at all; what is known of resets only if `with_hint`.
[[nodiscard]] bool equal_script_histograms(const Histogram& a, const Histogram& b, bool with_hint);

/// What differs, series by series; nothing if the value is what the eval expects. Failures and notes are not looked at.
[[nodiscard]] std::vector<ScriptDifference> compare_script_value(const QueryValue& value, const ScriptEval& eval);

/// Notes that are missing or that nobody expected.
[[nodiscard]] std::vector<ScriptDifference> compare_script_notes(const std::vector<QueryNote>& notes,
                                                                 const ScriptExpectation& expected);

}  // namespace mcore
