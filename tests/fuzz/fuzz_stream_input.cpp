// SPDX-License-Identifier: Apache-2.0
#include "stream.h"

/// The first byte chooses the size of batches; the format is found out, compression too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  mcore::StreamInputOptions options;
  options.batch.samples = data[0] % 16U + 1U;
  options.line_limit = 5000;
  mcore::fuzz_stream(data + 1, size - 1, options);
  return 0;
}
