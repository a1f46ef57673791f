// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string>

#include "text/decompress.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLimit = 100'000;
  std::string out = "before";
  const auto made = mcore::gunzip({reinterpret_cast<const char*>(data), size}, out, kLimit);
  if (out.size() > kLimit + 6 || !out.starts_with("before") || (!made.ok() && out != "before")) {
    std::abort();
  }
  return 0;
}
