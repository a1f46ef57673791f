// SPDX-License-Identifier: Apache-2.0
#include "tsdb/xor_append.h"

#include <bit>
#include <cstring>

namespace mcore {
namespace {

constexpr std::size_t kMostBits = 157;  // uvarint delta of ten bytes, value code of 77 bits
constexpr std::size_t kStoreBits = 64;  // a writer stores words

void put_delta_of_delta(BitWriter& out, std::uint64_t dod) noexcept {
  const auto fits = [dod](unsigned n) { return dod + (std::uint64_t{1} << (n - 1)) - 1 < std::uint64_t{1} << n; };
  const auto low = [dod](unsigned n) { return dod & ((std::uint64_t{1} << n) - 1); };
  if (dod == 0) {
    out.put(0, 1);
  } else if (fits(14)) {
    out.put((std::uint64_t{0b10} << 14U) | low(14), 16);
  } else if (fits(17)) {
    out.put((std::uint64_t{0b110} << 17U) | low(17), 20);
  } else if (fits(20)) {
    out.put((std::uint64_t{0b1110} << 20U) | low(20), 24);
  } else {
    out.put(0b1111, 4);
    out.put_wide(dod, 64);
  }
}

/// Requires: room for kMostBits and one store behind them.
std::size_t put_sample(BitWriter out, XorState& state, std::int64_t t_ms, std::uint64_t bits) noexcept {
  if (state.count == 0) {
    out.put_uvarint(zigzag(t_ms));
    out.put_wide(bits, 64);
  } else {
    const std::uint64_t delta = static_cast<std::uint64_t>(t_ms) - static_cast<std::uint64_t>(state.t_ms);
    if (state.count == 1) {
      out.put_uvarint(delta);
    } else {
      put_delta_of_delta(out, delta - static_cast<std::uint64_t>(state.delta_ms));
    }
    out.put_xor(bits ^ state.value_bits, state.window);
    state.delta_ms = static_cast<std::int64_t>(delta);
  }
  state.t_ms = t_ms;
  state.value_bits = bits;
  ++state.count;
  return out.bit();
}

/// Near the end of the capacity: the sample is written aside and only the bytes it takes are copied.
std::size_t append_near_end(char* buffer, std::size_t bit_position, std::size_t bit_capacity, XorState& state,
                            std::int64_t t_ms, std::uint64_t bits) noexcept {
  const std::size_t byte = bit_position >> 3U;
  const std::size_t bit = bit_position & 7U;
  char aside[(kMostBits + 7 + kStoreBits) / 8 + 1] = {};
  if (bit != 0) {
    aside[0] = buffer[byte];
  }
  XorState next = state;
  const std::size_t end = put_sample(BitWriter(aside, bit), next, t_ms, bits);
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
  return put_sample(BitWriter(buffer, bit_position), state, t_ms, bits);
}

}  // namespace mcore
