// SPDX-License-Identifier: Apache-2.0
// Why an answer is empty, as far as the stored series tell.
#pragma once

#include <string>

#include "model/time_text.h"
#include "promql/ast.h"
#include "promql/engine.h"
#include "storage/querier.h"

namespace mcore {

/// One line: no series of that name, and the one that may be meant; or the age of the newest sample that matches, and
/// the option that would show it. Empty if the selectors have samples where the query looks.
/// Cost: reads the names, or all samples of what the first empty selector matches.
[[nodiscard]] std::string why_empty(const Expr& expr, Querier& querier, const QueryOptions& options, TimeZone zone);

}  // namespace mcore
