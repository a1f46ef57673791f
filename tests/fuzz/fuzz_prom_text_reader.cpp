// SPDX-License-Identifier: Apache-2.0
#include "exposition.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mcore::fuzz_exposition(mcore::ExpositionFormat::kPrometheusText, data, size);
  return 0;
}
