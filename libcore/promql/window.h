// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "model/histogram.h"
#include "model/labels.h"
#include "promql/ast.h"
#include "promql/query_notes.h"

namespace mcore {

/// How the edges of a window are treated: `anchored` and `smoothed` behind a range selector.
enum class WindowEdges : std::uint8_t { kPlain, kAnchored, kSmoothed };

/// What one series has in the window of one step: the operand of a range function.
///
/// Shape:    samples in (from_ms, to_ms], floats and histograms apart, both ascending, no stale markers; one at least.
///           An anchored window also has the samples of the lookback before from_ms (the last of them counts, but any
///           makes a mix of floats and histograms), a smoothed one those and the samples of the lookback after to_ms.
/// Lifetime: borrows the samples.
struct Window {
  std::span<const std::int64_t> t_ms{};
  std::span<const double> value{};
  std::span<const std::int64_t> histogram_t_ms{};
  std::span<const Histogram> histogram{};
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;  // the step's time less the offset
  std::int64_t step_t_ms = 0;
  WindowEdges edges = WindowEdges::kPlain;
  // Start times of the samples, where they are stored and count; else empty.
  std::span<const std::int64_t> start_ms{};
  std::span<const std::int64_t> histogram_start_ms{};
};

/// What a function makes of a window: a float, a histogram, or nothing (monostate).
using PointValue = std::variant<std::monostate, double, Histogram>;

struct NoteContext;
/// One range function for one window: `params` are its scalar arguments at this step, in order.
using RangeFunction = PointValue (*)(const Window& window, std::span<const double> params, const NoteContext& context);

/// Where a function leaves notes, and about which series.
struct NoteContext {
  QueryNotes& notes;
  SourceRange at{};                // of the call's first argument: the operand, or the phi before it
  std::string_view metric_name{};  // empty if the series has none
  LabelsView labels{};
};

}  // namespace mcore
