// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "tsdb/block_meta.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto meta = mcore::parse_block_meta("meta.json", {reinterpret_cast<const char*>(data), size});
    if (mcore::parse_block_meta("meta.json", mcore::block_meta_text(meta)) != meta) {
      std::abort();  // something got lost in a rewrite
    }
  } catch (const mcore::Error& error) {
    if (error.kind() != mcore::ErrorKind::kCorrupt) {
      std::abort();
    }
  }
  return 0;
}
