// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "model/query_value.h"
#include "promql/ast.h"
#include "storage/querier.h"

namespace mcore {

/// When and how a query is evaluated.
///
/// Units: milliseconds. An instant query has start_t_ms == end_t_ms and step_ms 0.
struct QueryOptions {
  std::int64_t start_t_ms = 0;
  std::int64_t end_t_ms = 0;
  std::int64_t step_ms = 0;
  std::int64_t lookback_ms = 300'000;
  /// For an instant selector at least lookback_ms, more for a series whose samples lie further apart: twice the median
  /// of all distances up to the query's end, whatever part of them the query looks at.
  bool widens_lookback = false;
  std::int64_t subquery_step_ms = 60'000;  // where a subquery names none
  std::uint64_t max_samples = 50'000'000;  // held at one time
  std::optional<std::chrono::steady_clock::time_point> deadline{};
  std::function<bool()> is_cancelled{};
  /// Features that change the answers of queries that do without them: as the flags of the same names.
  bool delayed_name_removal = false;
  bool type_and_unit_labels = false;
  bool use_start_timestamps = false;

  [[nodiscard]] bool is_instant() const noexcept { return step_ms == 0; }
};

struct QueryAnswer {
  QueryValue value{};
  std::vector<QueryNote> notes{};
};

/// Answers a query as Prometheus does; the instant query is the range query of one step.
///
/// Lifetime: borrows all for the call.
/// Errors:   throws Error: kUsage for what Prometheus answers with an error (its text is why()), kLimit for too many
///           samples, a timeout or cancellation; and what the querier throws.
/// Threads:  one per querier.
[[nodiscard]] QueryAnswer evaluate_query(const Expr& expr, std::string_view text, Querier& querier,
                                         const QueryOptions& options);

}  // namespace mcore
