// SPDX-License-Identifier: Apache-2.0
#include "exposition.h"

/// The first byte chooses the options, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  mcore::fuzz_exposition(mcore::ExpositionFormat::kProtobuf, data + 1, size - 1,
                         {.ignore_native_histograms = (data[0] & 1U) != 0,
                          .keep_classic_histograms = (data[0] & 2U) != 0,
                          .convert_classic_to_nhcb = (data[0] & 4U) != 0});
  return 0;
}
