// SPDX-License-Identifier: Apache-2.0
#include "stream.h"

/// Small batches, so that lines and messages are cut between them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mcore::StreamInputOptions options;
  options.format = mcore::StreamFormat::kRw2;
  options.batch.samples = 3;
  mcore::fuzz_stream(data, size, options);
  return 0;
}
