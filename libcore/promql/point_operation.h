// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "promql/ast.h"
#include "promql/query_notes.h"
#include "promql/row.h"
#include "promql/window.h"

namespace mcore {

/// One sample of an operand: a histogram if there is one, else the float.
struct Point {
  double value = 0;
  const Histogram* histogram = nullptr;
};

struct PointOperation {
  bool failed = false;  // the operator is not for these samples: they give nothing, also with `bool`
  bool keeps = false;   // of a comparison: its answer
  PointValue point{};
};

/// An operator on two samples of vectors. A comparison gives the left one. Notes what Prometheus notes, at `at`.
/// Requires: no set operator.
[[nodiscard]] PointOperation operate_on(BinaryOp op, const Point& left, const Point& right, SourceRange at,
                                        QueryNotes& notes);

/// The operators on floats alone.
[[nodiscard]] double calculate(BinaryOp op, double left, double right) noexcept;
[[nodiscard]] bool compare(BinaryOp op, double left, double right) noexcept;

/// An operator on a column and one of scalars, in place; absent values stay so, and what a comparison does not keep
/// becomes absent. False, and nothing done, if the operator is not for floats.
bool operate_on_floats(const BinaryExpr& binary, bool scalar_is_left, std::span<const double> scalar,
                       std::vector<double>& values);

/// The histogram with all counts negated: a gauge.
[[nodiscard]] Histogram negated(const Histogram& histogram);

}  // namespace mcore
