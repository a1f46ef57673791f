// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "model/labels.h"

namespace mcore {

/// Labels plus values of an exemplar hold at most this many characters (OpenMetrics 1.0; longer ones are dropped).
inline constexpr std::size_t kExemplarMaxCharacters = 128;

/// A reference from a sample to data outside of metrics, most often a trace.
/// Units: timestamp in milliseconds since the Unix epoch; none means the time of the sample.
struct Exemplar {
  LabelSet labels;
  double value = 0;
  std::optional<std::int64_t> timestamp_ms;
};

}  // namespace mcore
