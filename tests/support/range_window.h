// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "promql/range_functions.h"

namespace mcore {

/// Samples of one series and a window over them, and what range functions make of it.
struct RangeWindow {
  std::vector<std::int64_t> t_ms{};
  std::vector<double> value{};
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 60'000;
  WindowEdges edges = WindowEdges::kPlain;
  std::vector<std::int64_t> start_ms{};
  std::vector<std::int64_t> histogram_t_ms{};
  std::vector<Histogram> histogram{};
  std::vector<std::int64_t> histogram_start_ms{};
};

struct RangeAnswer {
  PointValue point{};
  std::vector<std::string> notes{};
};

/// Calls the function for the window as of a series named `m`, whose operand stands at the query's beginning.
[[nodiscard]] inline RangeAnswer call_range(FunctionId id, const RangeWindow& window,
                                            const std::vector<double>& params = {}) {
  QueryNotes notes;
  const Window view{.t_ms = window.t_ms,
                    .value = window.value,
                    .histogram_t_ms = window.histogram_t_ms,
                    .histogram = window.histogram,
                    .from_ms = window.from_ms,
                    .to_ms = window.to_ms,
                    .step_t_ms = window.to_ms,
                    .edges = window.edges,
                    .start_ms = window.start_ms,
                    .histogram_start_ms = window.histogram_start_ms};
  RangeAnswer answer;
  answer.point = find_range_function(id)(view, params, {.notes = notes, .at = {0, 1}, .metric_name = "m"});
  for (const QueryNote& note : notes.texts("m")) {
    answer.notes.push_back(note.text);
  }
  return answer;
}

}  // namespace mcore
