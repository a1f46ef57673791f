// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/anchored_regex.h"
#include "promql/script_series.h"
#include "promql/script_storage.h"

namespace mcore {

/// What a text must be: anything, a text, or one in which a regular expression (RE2) is found.
struct ScriptTextRule {
  std::string text{};  // the text or the expression, as it is written; empty for anything
  bool is_any = true;
  std::optional<AnchoredRegex> pattern{};

  [[nodiscard]] bool matches(std::string_view actual) const;
};

/// What a test script wants of an answer.
struct ScriptExpectation {
  std::optional<ScriptTextRule> failure{};  // set: the evaluation must fail; nothing else counts
  std::vector<ScriptTextRule> warnings{};   // each must be met, and each warning meet one; none: anything goes
  std::vector<ScriptTextRule> infos{};
  bool has_no_warnings = false;
  bool has_no_infos = false;
  bool is_ordered = false;
  bool is_range_vector = false;
  std::optional<std::string> string{};
  std::optional<double> scalar{};
  std::vector<ScriptSeries> series{};
};

/// `eval`: a query, when it is asked, and what it should answer.
///
/// Units: milliseconds. Value i of an expected series belongs to start_t_ms + i * step_ms.
struct ScriptEval {
  std::string query{};
  bool is_range = false;  // else an instant query at end_t_ms
  std::int64_t start_t_ms = 0;
  std::int64_t end_t_ms = 0;
  std::int64_t step_ms = 0;
  ScriptExpectation expected{};
};

struct ScriptClear {};

struct ScriptCommand {
  std::size_t line = 0;  // from 1
  std::variant<ScriptClear, ScriptLoad, ScriptEval> what{};
};

/// What is wrong with a script, as against what is wrong with an answer.
struct ScriptProblem {
  std::size_t line = 0;
  std::string text{};
};

struct Script {
  std::vector<ScriptCommand> commands{};
  std::vector<ScriptProblem> problems{};  // if there are any, the script should not be run
};

/// Reads a script in the language of Prometheus' own PromQL tests: `clear`, `load`, `eval`, with the older spellings
/// `eval_fail`, `eval_warn`, `eval_info` and `eval_ordered`. Queries are not parsed.
///
/// Cost: linear in what the script describes: at most four million values, else it is a problem.
[[nodiscard]] Script parse_script(std::string_view text);

}  // namespace mcore
