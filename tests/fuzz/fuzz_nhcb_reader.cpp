// SPDX-License-Identifier: Apache-2.0
#include "exposition.h"

/// The first byte chooses the options, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  mcore::fuzz_exposition(mcore::ExpositionFormat::kOpenMetrics, data + 1, size - 1,
                         {.keep_classic_histograms = (data[0] & 2U) != 0, .convert_classic_to_nhcb = true});
  return 0;
}
