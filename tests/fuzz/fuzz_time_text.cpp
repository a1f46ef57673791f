// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "model/duration.h"
#include "model/time_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::int64_t now_ms = 0;
  if (size < sizeof now_ms) {
    return 0;
  }
  std::memcpy(&now_ms, data, sizeof now_ms);
  const std::string_view text(reinterpret_cast<const char*>(data) + sizeof now_ms, size - sizeof now_ms);
  for (const mcore::TimeZone zone : {mcore::TimeZone::kLocal, mcore::TimeZone::kUtc}) {
    const auto time = mcore::parse_time(text, now_ms, zone);
    if (!time.ok()) {
      continue;
    }
    const std::int64_t t_ms = time.value();
    if (t_ms < mcore::kFirstTimeMs || t_ms > mcore::kLastTimeMs) {
      std::abort();
    }
    if (mcore::parse_time(mcore::time_text_utc(t_ms), now_ms).value_or_throw() != t_ms ||
        mcore::parse_time(mcore::time_text_local(t_ms), now_ms).value_or_throw() != t_ms) {
      std::abort();
    }
  }
  (void)mcore::time_text_utc(now_ms);
  (void)mcore::time_text_local(now_ms);
  (void)mcore::duration_text(std::chrono::milliseconds(now_ms));
  return 0;
}
