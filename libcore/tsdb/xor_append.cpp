// SPDX-License-Identifier: Apache-2.0
#include "tsdb/xor_append.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace mcore {
namespace {

constexpr std::size_t kMostBits = 157;  // uvarint delta of ten bytes, value code of 77 bits
constexpr std::size_t kStoreBits = 64;  // a writer stores words

/// The low `size` bits of a word, collected so that a sample as a rule costs a single store: storing is a chain in
/// which each step waits for the one before.
struct Code {
  std::uint64_t bits;
  unsigned size;
  void add(std::uint64_t more, unsigned more_size) noexcept {
    bits = (bits << more_size) | more;
    size += more_size;
  }
};

/// Requires: dod needs no 64 bits.
Code short_time_code(std::uint64_t dod) noexcept {
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

/// A sample from the third on. Here and below the writer is a local, which lives in registers: handed on by value it
/// would go through memory in pieces that the processor cannot forward.
std::size_t put_later_sample(char* buffer, std::size_t bit, std::uint64_t dod, std::uint64_t difference,
                             XorWindow& window) noexcept {
  BitWriter out(buffer, bit);
  if (dod + 524'287 >= 1U << 20U) {
    out.put(0b1111, 4);
    out.put_wide(dod, 64);
    out.put_xor(difference, window);
    return out.bit();
  }
  Code code = short_time_code(dod);
  if (difference == 0) {
    code.add(0, 1);
    out.put(code.bits, code.size);
    return out.bit();
  }
  const auto leading = static_cast<unsigned>(std::min(std::countl_zero(difference), 31));
  const auto trailing = static_cast<unsigned>(std::countr_zero(difference));
  if (leading >= window.leading && trailing >= window.trailing) {
    code.add(0b10, 2);
  } else {
    window = {static_cast<std::uint8_t>(leading), static_cast<std::uint8_t>(trailing)};
    code.add((0b11U << 11U) | (leading << 6U) | ((64U - leading - trailing) & 63U), 13);
  }
  const unsigned width = 64U - window.leading - window.trailing;
  if (code.size + width <= 56) {
    code.add(difference >> window.trailing, width);
    out.put(code.bits, code.size);
  } else {
    out.put(code.bits, code.size);
    out.put_wide(difference >> window.trailing, width);
  }
  return out.bit();
}

[[gnu::noinline]] std::size_t put_first_sample(char* buffer, std::size_t bit, std::int64_t t_ms,
                                               std::uint64_t bits) noexcept {
  BitWriter out(buffer, bit);
  out.put_uvarint(zigzag(t_ms));
  out.put_wide(bits, 64);
  return out.bit();
}

[[gnu::noinline]] std::size_t put_second_sample(char* buffer, std::size_t bit, std::uint64_t delta,
                                                std::uint64_t difference, XorWindow& window) noexcept {
  BitWriter out(buffer, bit);
  out.put_uvarint(delta);
  out.put_xor(difference, window);
  return out.bit();
}

/// Requires: room for kMostBits and one store behind them.
std::size_t put_sample(char* buffer, std::size_t bit, XorState& state, std::int64_t t_ms, std::uint64_t bits) noexcept {
  std::size_t end = 0;
  if (state.count == 0) {
    end = put_first_sample(buffer, bit, t_ms, bits);
  } else {
    const std::uint64_t delta = static_cast<std::uint64_t>(t_ms) - static_cast<std::uint64_t>(state.t_ms);
    const std::uint64_t difference = bits ^ state.value_bits;
    end = state.count == 1 ? put_second_sample(buffer, bit, delta, difference, state.window)
                           : put_later_sample(buffer, bit, delta - static_cast<std::uint64_t>(state.delta_ms),
                                              difference, state.window);
    state.delta_ms = static_cast<std::int64_t>(delta);
  }
  state.t_ms = t_ms;
  state.value_bits = bits;
  ++state.count;
  return end;
}

/// Near the end of the capacity: the sample is written aside and only the bytes it takes are copied.
[[gnu::noinline]] std::size_t append_near_end(char* buffer, std::size_t bit_position, std::size_t bit_capacity,
                                              XorState& state, std::int64_t t_ms, std::uint64_t bits) noexcept {
  const std::size_t byte = bit_position >> 3U;
  const std::size_t bit = bit_position & 7U;
  char aside[(kMostBits + 7 + kStoreBits) / 8 + 1] = {};
  if (bit != 0) {
    aside[0] = buffer[byte];
  }
  XorState next = state;
  const std::size_t end = put_sample(aside, bit, next, t_ms, bits);
  if (bit_position - bit + end > bit_capacity) {
    return kXorFull;
  }
  std::memcpy(buffer + byte, aside, (end + 7) >> 3U);
  state = next;
  return bit_position - bit + end;
}

}  // namespace

std::size_t xor_append(char* buffer, std::size_t bit_position, std::size_t bit_capacity, XorState& state,
                       std::int64_t t_ms, double value) noexcept {
  if (state.count >= kXorMaxSamples || bit_position >= bit_capacity) {
    return kXorFull;
  }
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (bit_capacity - bit_position < kMostBits + kStoreBits + 8) {
    return append_near_end(buffer, bit_position, bit_capacity, state, t_ms, bits);
  }
  return put_sample(buffer, bit_position, state, t_ms, bits);
}

}  // namespace mcore
