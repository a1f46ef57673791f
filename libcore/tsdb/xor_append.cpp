// SPDX-License-Identifier: Apache-2.0
#include "tsdb/xor_append.h"

#include <bit>
#include <cstring>

#include "tsdb/xor_code.h"

namespace mcore {
namespace {

constexpr std::size_t kMostBits = 157;  // uvarint delta of ten bytes, value code of 77 bits
constexpr std::size_t kStoreBits = 64;  // a writer stores words

/// A sample from the third on. Here and below the writer is a local, which lives in registers: handed on by value it
/// would go through memory in pieces that the processor cannot forward.
std::size_t put_later_sample(char* buffer, std::size_t bit, std::uint64_t dod, std::uint64_t difference,
                             XorWindow& window) noexcept {
  const bool opens = difference != 0 && !window.holds(difference);
  if (opens) {
    window = XorWindow::of(difference);
  }
  BitWriter out(buffer, bit);
  put_xor_sample(out, dod, difference, window, opens);
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
