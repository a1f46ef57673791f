// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "promql/parser.h"

namespace mcore {

/// Checks that the parts of a tree fit together, and settles what only the types tell: the matching of a binary
/// expression. Every finding is appended, in Prometheus' order and words.
///
/// Requires: the tree was read from `query` without an error.
void check_types(Expr& expr, std::string_view query, std::vector<ParseError>& errors);

}  // namespace mcore
