// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace mcore {

// Times in log records are differences modulo 2^64: nothing overflows.
[[nodiscard]] inline std::int64_t wrapping_add(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
[[nodiscard]] inline std::int64_t wrapping_subtract(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

/// The start times of the samples of one v2 record (types 11 to 13): the first as a varint; of the others a marker, 0
/// for none, 1 for the one before, any other for a difference to the first that follows.
class StartTimeReader {
 public:
  std::int64_t read(ByteReader& reader) noexcept {
    if (is_first_) {
      is_first_ = false;
      first_ = last_ = reader.varint();
      return last_;
    }
    const std::uint8_t marker = reader.u8();
    if (marker != 1) {
      last_ = marker == 0 ? 0 : wrapping_add(first_, reader.varint());
    }
    return last_;
  }

 private:
  bool is_first_ = true;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
};

}  // namespace mcore
