// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tsdb/bit_writer.h"

namespace mcore {

/// Bits collected at the bottom of a word, so that a sample as a rule costs a single store: storing is a chain in which
/// each step waits for the one before.
struct BitCode {
  std::uint64_t bits = 0;
  unsigned size = 0;
  void add(std::uint64_t more, unsigned more_size) noexcept {
    bits = (bits << more_size) | more;
    size += more_size;
  }
};

/// The code of a delta of delta, except for those that need 64 bits: -524287 to 524288.
[[nodiscard]] inline BitCode short_time_code(std::uint64_t dod) noexcept {
  const auto low = [dod](unsigned n) { return dod & ((std::uint64_t{1} << n) - 1); };
  if (dod == 0) {
    return {.bits = 0, .size = 1};
  }
  if (dod + 8191 < 1U << 14U) {  // asymmetric ranges: -8191 to 8192
    return {.bits = (std::uint64_t{0b10} << 14U) | low(14), .size = 16};
  }
  if (dod + 65'535 < 1U << 17U) {
    return {.bits = (std::uint64_t{0b110} << 17U) | low(17), .size = 20};
  }
  return {.bits = (std::uint64_t{0b1110} << 20U) | low(20), .size = 24};
}

/// Writes `code`, then the value code of a difference inside `window`, or (`opens`) as the first one of it.
/// Requires: the window holds the difference, or the difference is 0; code.size <= 43.
inline void put_xor_value(BitWriter& out, BitCode code, std::uint64_t difference, XorWindow window,
                          bool opens) noexcept {
  if (difference == 0) {
    code.add(0, 1);
    out.put(code.bits, code.size);
    return;
  }
  const unsigned width = window.width();
  if (opens) {
    code.add((0b11U << 11U) | (static_cast<unsigned>(window.leading) << 6U) | (width & 63U), 13);
  } else {
    code.add(0b10, 2);
  }
  if (code.size + width <= 56) {
    code.add(difference >> window.trailing, width);
    out.put(code.bits, code.size);
  } else {
    out.put(code.bits, code.size);
    out.put_wide(difference >> window.trailing, width);
  }
}

/// Writes the third or a later sample of an XOR stream: its delta of delta, then its value. At most 145 bits.
/// Requires: as put_xor_value.
inline void put_xor_sample(BitWriter& out, std::uint64_t dod, std::uint64_t difference, XorWindow window,
                           bool opens) noexcept {
  BitCode code;
  if (dod + 524'287 < 1U << 20U) {
    code = short_time_code(dod);
  } else {
    out.put(0b1111, 4);
    out.put_wide(dod, 64);
  }
  put_xor_value(out, code, difference, window, opens);
}

}  // namespace mcore
