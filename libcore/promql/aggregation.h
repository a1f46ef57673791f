// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "promql/ast.h"
#include "promql/query_notes.h"
#include "promql/row.h"

namespace mcore {

/// Brings the rows of each group together, one row after the other: sum, avg, min, max, count, group, stddev, stdvar,
/// quantile.
///
/// Lifetime: borrows the notes and the parameters.
/// Threads:  one.
class Aggregation {
 public:
  virtual ~Aggregation() = default;
  /// Takes a row in. Requires: groups are numbered from 0 without a gap.
  virtual void add(std::size_t group, const Row& row) = 0;
  /// Fills a row with what a group comes to; the row has no sample where that is nothing.
  virtual void finish(std::size_t group, Row& out) = 0;
};

/// `phi`: the parameter of quantile at each step. Requires: an operator of the list above.
[[nodiscard]] std::unique_ptr<Aggregation> make_aggregation(const AggregateExpr& aggregate, std::size_t steps,
                                                            const std::vector<double>& phi, QueryNotes& notes);

}  // namespace mcore
