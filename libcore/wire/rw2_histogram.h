// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/histogram.h"

namespace mcore {

/// When a histogram of a request was taken and when it started to count.
struct Rw2HistogramTimes {
  std::int64_t t_ms = 0;
  std::optional<std::int64_t> start_t_ms{};
};

/// Decodes an io.prometheus.write.v2.Histogram message; the one of protocol 1.0 has the same fields but for the start.
/// Errors: throws Error (kSyntax) for bytes that are no message; whether the parts add up is not looked at.
Rw2HistogramTimes decode_rw2_histogram(std::string_view message, Histogram& histogram);

}  // namespace mcore
