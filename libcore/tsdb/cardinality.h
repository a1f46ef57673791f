// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/time_range.h"
#include "tsdb/series_outline.h"

namespace mcore {

/// What series are counted by.
enum class CardinalityBy : std::uint8_t {
  kMetric,
  kLabel,  // each label name; __name__ is left to kMetric
  kPair,   // each label with each of its values
};

struct CardinalityRow {
  std::string name;           // of the metric or label
  std::string value;          // kPair
  std::uint64_t values = 0;   // kLabel: how many different ones
  std::uint64_t series = 0;   // that have it
  std::uint64_t started = 0;  // of those: see CardinalityOptions
  std::uint64_t ended = 0;
};

/// Churn: a series started in the window if its first sample comes more than `slack` after the window's begin, and
/// ended if its last comes more than `slack` before the window's end.
struct CardinalityOptions {
  CardinalityBy by = CardinalityBy::kMetric;
  TimeRange window{};
  std::chrono::milliseconds slack{300'000};
};

struct Cardinality {
  std::uint64_t series = 0;
  std::uint64_t started = 0;
  std::uint64_t ended = 0;
  /// Most series first (kLabel: most values), then by name and value.
  std::vector<CardinalityRow> rows;
};

/// Counts what `series` still has.
/// Cost: memory for each row, and for kLabel eight bytes and more for each pair.
/// `on_series` is told how many were counted; when it returns false, that is all.
[[nodiscard]] Cardinality count_cardinality(SeriesOutlines& series, const CardinalityOptions& options,
                                            const std::function<bool(std::uint64_t)>& on_series = {});

}  // namespace mcore
