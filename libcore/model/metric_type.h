// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace mcore {

/// The types of metric families that the exposition formats know; "untyped" of the older ones is kUnknown.
enum class MetricType : std::uint8_t {
  kUnknown,
  kCounter,
  kGauge,
  kHistogram,
  kGaugeHistogram,
  kSummary,
  kInfo,
  kStateset,
};

/// OpenMetrics' word: "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset".
[[nodiscard]] std::string_view metric_type_word(MetricType type) noexcept;

}  // namespace mcore
