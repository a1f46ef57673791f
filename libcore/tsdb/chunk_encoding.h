// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace mcore {

/// The encoding byte of a chunk record. kXor, kHistogram and kFloatHistogram are what every Prometheus reads and we
/// write; the others come from servers 3.11 and later and are only read.
enum class ChunkEncoding : std::uint8_t {
  kXor = 1,
  kHistogram = 2,
  kFloatHistogram = 3,
  kXor2 = 4,
  kHistogramSt = 5,
  kFloatHistogramSt = 6,
};

}  // namespace mcore
