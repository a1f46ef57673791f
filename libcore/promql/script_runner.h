// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/ast.h"
#include "promql/engine.h"
#include "promql/script_comparison.h"

namespace mcore {

/// Answers a query: evaluate_query(), or in tests something simpler.
using ScriptEvaluator =
    std::function<QueryAnswer(const Expr& expr, std::string_view text, Querier& querier, const QueryOptions& options)>;

struct ScriptOptions {
  /// Asks an instant query again with every selector pinned to its time, at other times.
  bool checks_pinned = true;
  /// Asks an instant query again as one step of a range.
  bool checks_range = true;
  /// Everything but the times; the defaults are what the scripts were written for.
  QueryOptions query = {.max_samples = 10'000, .delayed_name_removal = true, .use_start_timestamps = true};
  ScriptEvaluator evaluate = evaluate_query;
  std::function<bool()> is_cancelled{};
};

/// What did not come out as a script expects.
struct ScriptFailure {
  std::size_t line = 0;
  std::string what{};  // `eval instant at 5m, as a range query: rate(x[5m])`, or what is wrong with the script
  std::vector<ScriptDifference> differences{};
};

/// Of one script: each eval counts once, whatever it is asked again. A script that is no script, or cannot load what it
/// wants to, counts as one failure, and nothing behind that is run.
struct ScriptCounts {
  std::size_t passed = 0;
  std::size_t failed = 0;
  bool was_cancelled = false;
};

/// Runs a script over a storage of its own.
///
/// Lifetime: `on_failure` is called while the script runs, in the order of its lines.
/// Errors:   none that are about the script or the query; what `evaluate` throws beside Error.
[[nodiscard]] ScriptCounts run_script(std::string_view text, const ScriptOptions& options,
                                      const std::function<void(const ScriptFailure&)>& on_failure);

/// `FILE:LINE: what`, then for each difference two lines, `    got:  ...` and `    want: ...`; after ten of them the
/// rest is counted. Without a newline at the end.
[[nodiscard]] std::string script_failure_text(std::string_view file, const ScriptFailure& failure);

}  // namespace mcore
