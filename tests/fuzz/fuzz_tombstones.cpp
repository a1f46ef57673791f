// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "tsdb/tombstones.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= 9 && data[0] == 1) {  // give it a right checksum, or nothing behind that is ever tried
    mcore::store_be32(bytes.data() + size - 4, mcore::crc32c(std::string_view(bytes).substr(5, size - 9)));
  }
  try {
    const auto read = mcore::Tombstones::parse("tombstones", bytes);
    const std::string written = read.encode();
    if (mcore::Tombstones::parse("tombstones", written).encode() != written) {
      std::abort();
    }
  } catch (const mcore::Error& error) {
    if (error.kind() != mcore::ErrorKind::kCorrupt) {
      std::abort();
    }
  }
  return 0;
}
