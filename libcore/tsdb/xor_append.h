// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "tsdb/bit_writer.h"

namespace mcore {

/// All that an encoder of XOR samples knows, apart from its place in the stream: 32 bytes without pointers, which a
/// file may hold and another process continue from.
struct XorState {
  std::int64_t t_ms = 0;
  std::int64_t delta_ms = 0;
  std::uint64_t value_bits = 0;
  std::uint32_t count = 0;  // samples in the stream, at most kXorMaxSamples
  XorWindow window{};
  std::uint16_t reserved = 0;
};
static_assert(sizeof(XorState) == 32);

/// What the sample count of a chunk can say.
inline constexpr std::uint32_t kXorMaxSamples = 65'535;
/// What xor_append returns when the sample does not fit.
inline constexpr std::size_t kXorFull = static_cast<std::size_t>(-1);

/// Appends one sample to an XOR stream in `buffer` and returns the position behind it, in bits. A sample needs at most
/// 157 bits.
///
/// Shape:   varint t, 64 bits value; uvarint delta, value code; then delta of delta, value code: tsdb-format 3.2
/// without
///          the sample count. With `be16 count` before it and cut to whole bytes, the stream is a standard XOR chunk:
///          the bits behind the end in its last byte are zero.
/// Errors:  kXorFull if the sample does not fit in `bit_capacity` or the count is at its limit: then `state` and all
///          that lies before `bit_position` are as before.
/// Threads: no bit before `bit_position` changes its value at any moment, so that others may read the stream meanwhile.
///          Bytes from there on may hold anything and are overwritten, whether or not the sample fits; bytes that lie
///          wholly behind the capacity are never written.
/// Cost:    5 to 8 ns; twice that in the last 29 bytes of the capacity.
[[nodiscard]] std::size_t xor_append(char* buffer, std::size_t bit_position, std::size_t bit_capacity, XorState& state,
                                     std::int64_t t_ms, double value) noexcept;

}  // namespace mcore
