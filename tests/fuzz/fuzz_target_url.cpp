// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/target_url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto target = mcore::parse_target_url({reinterpret_cast<const char*>(data), size});
  if (target.ok() && target.value().kind == mcore::TargetUrl::Kind::kHttp &&
      target.value().url.find_first_of("\n\r ") != std::string::npos) {
    std::abort();
  }
  return 0;
}
