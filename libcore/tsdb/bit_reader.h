// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"

namespace mcore {

/// The 64 bits from `bit` on. Requires: 9 readable bytes from the byte that holds it.
[[nodiscard]] inline std::uint64_t peek_bits(const char* bytes, std::size_t bit) noexcept {
  const char* at = bytes + (bit >> 3U);
  const auto skip = static_cast<unsigned>(bit & 7U);
  return (load_be64(at) << skip) | (static_cast<unsigned>(static_cast<unsigned char>(at[8])) >> (8U - skip));
}
/// The 57 bits or more from `bit` on, at the top of the word. Requires: 8 readable bytes.
[[nodiscard]] inline std::uint64_t peek_some_bits(const char* bytes, std::size_t bit) noexcept {
  return load_be64(bytes + (bit >> 3U)) << (bit & 7U);
}

/// Undoes the signed payload of n bits, 1 <= n <= 64: they hold -(2^(n-1) - 1) to 2^(n-1), one more than two's
/// complement at the top.
[[nodiscard]] inline std::int64_t signed_payload(std::uint64_t raw, unsigned n) noexcept {
  return static_cast<std::int64_t>(raw > std::uint64_t{1} << (n - 1) ? raw - (std::uint64_t{2} << (n - 1)) : raw);
}

/// The value side of an XOR stream: the value before, and the bits that its codes write.
struct XorValue {
  std::uint64_t bits = 0;
  // As a decoder starts: an encoder that was opened again may write inside a window of 64 bits.
  std::uint8_t width = 64;
  std::uint8_t trailing = 0;
};

/// Reads a stream of bits, most significant first, from bytes that may be damaged.
///
/// Shape:    tsdb-format section 0, "Bit streams", and section 3.1.
/// Lifetime: borrows the bytes.
/// Errors:   reading past the end, or a code that means nothing, gives 0 and makes ok() false from then on.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) noexcept : bytes_(bytes), end_(bytes.size() * 8) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t bit() const noexcept { return bit_; }
  [[nodiscard]] std::size_t left() const noexcept { return end_ - bit_; }

  /// The next bits without taking them, at the top of the word, zeros behind the end.
  [[nodiscard]] std::uint64_t peek() const noexcept {
    const std::size_t byte = bit_ >> 3U;
    if (byte + 9 <= bytes_.size()) {
      return peek_bits(bytes_.data(), bit_);
    }
    char tail[9] = {};
    if (byte < bytes_.size()) {
      std::memcpy(tail, bytes_.data() + byte, bytes_.size() - byte);
    }
    return peek_bits(tail, bit_ & 7U);
  }
  /// Takes bits; false if there are not as many.
  bool skip(unsigned bits) noexcept {
    if (!ok_ || bits > end_ - bit_) {
      fail();
      return false;
    }
    bit_ += bits;
    return true;
  }
  /// Requires: bits <= 64.
  std::uint64_t get(unsigned bits) noexcept {
    if (bits == 0) {
      return 0;
    }
    const std::uint64_t word = peek();
    return skip(bits) ? word >> (64U - bits) : 0;
  }
  std::uint64_t uvarint() noexcept {
    std::uint64_t x = 0;
    for (unsigned shift = 0; shift < 64 && ok_; shift += 7) {
      const std::uint64_t byte = get(8);
      x |= (byte & 0x7FU) << shift;
      if (byte < 0x80U) {
        if (shift == 63 && byte > 1) {
          break;
        }
        return ok_ ? x : 0;
      }
    }
    fail();
    return 0;
  }
  std::int64_t varint() noexcept { return unzigzag(uvarint()); }
  std::int64_t varbit_int() noexcept {
    const unsigned bits = varbit_prefix();
    return bits == 0 ? 0 : signed_payload(get(bits), bits);
  }
  std::uint64_t varbit_uint() noexcept { return get(varbit_prefix()); }

  /// One XOR value code: changes `value` to the next value.
  void xor_value(XorValue& value) noexcept {
    const std::uint64_t word = peek();
    if (word >> 63U == 0) {
      skip(1);
    } else if (word >> 62U == 2) {
      skip(2);
      xor_inside(value);
    } else {
      skip(2);
      xor_opening(value);
    }
  }
  /// The part of that code behind its `10`: the payload in the open window.
  void xor_inside(XorValue& value) noexcept { value.bits ^= get(value.width) << value.trailing; }
  /// The part of that code behind its `11`: a new window, then the payload.
  void xor_opening(XorValue& value) noexcept {
    const auto leading = static_cast<unsigned>(get(5));
    const auto coded = static_cast<unsigned>(get(6));
    const unsigned width = coded == 0 ? 64 : coded;
    if (leading + width > 64) {
      fail();
      return;
    }
    value.width = static_cast<std::uint8_t>(width);
    value.trailing = static_cast<std::uint8_t>(64U - leading - width);
    value.bits ^= get(width) << value.trailing;
  }
  void fail() noexcept {
    ok_ = false;
    bit_ = end_;
  }

 private:
  /// Takes the prefix of a varbit code and returns the size of its payload in bits.
  unsigned varbit_prefix() noexcept {
    static constexpr std::uint8_t kPayloadBits[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};
    const int ones = std::min(std::countl_one(peek()), 8);
    return skip(static_cast<unsigned>(std::min(ones + 1, 8))) ? kPayloadBits[ones] : 0;
  }

  std::string_view bytes_;
  std::size_t end_;
  std::size_t bit_ = 0;
  bool ok_ = true;
};

}  // namespace mcore
