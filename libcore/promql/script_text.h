// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/query_value.h"
#include "promql/script.h"

namespace mcore {

// What a script expects and what an answer has, in the language of scripts: for messages. Long lists are cut.

/// `m{a="b"} 1 _ stale {{count:3 ...}}`.
[[nodiscard]] std::string script_series_text(const ScriptSeries& series);

/// The same of a series of an answer, with `_` where it has nothing at a step; samples between the steps carry their
/// time, `5@61s`.
[[nodiscard]] std::string script_series_text(const QuerySeries& series, const ScriptEval& grid);

/// `"TEXT"`, `matching "RE"`, `of any text`.
[[nodiscard]] std::string script_rule_text(const ScriptTextRule& rule);

}  // namespace mcore
