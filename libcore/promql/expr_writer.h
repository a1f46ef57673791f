// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "promql/ast.h"

namespace mcore {

/// Appends expressions, and the pieces that both layouts share, to a text.
///
/// Lifetime: borrows the text.
class ExprWriter {
 public:
  /// Once the text is longer than `limit` the rest may be left out: for who only asks whether it fits.
  explicit ExprWriter(std::string& out, std::size_t limit = SIZE_MAX) noexcept : out_(out), limit_(limit) {}

  void write(const Expr& expr);

  void aggregate_head(const AggregateExpr& expr);  // `sum by (job) `
  void binary_operator(const BinaryExpr& expr);    // `== bool on (job)`
  void subquery_suffix(const SubqueryExpr& expr);  // `[5m:1m] offset 1h`

 private:
  void write_binary(const BinaryExpr& expr);
  void write_aggregate(const AggregateExpr& expr);
  void write_call(const CallExpr& expr);
  void labels(const std::vector<std::string>& names);
  void selector(const VectorSelectorExpr& expr);
  void edges(const VectorSelectorExpr& expr);
  void duration(const QueryDuration& duration);
  void at(const TimeShift& shift);
  void offset(const TimeShift& shift);

  std::string& out_;
  std::size_t limit_;
};

}  // namespace mcore
