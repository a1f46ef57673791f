// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace mcore {

/// Leading and trailing zero bits that the XOR value code leaves out.
struct XorWindow {
  static constexpr std::uint8_t kNone = 0xFF;  // larger than any count of leading zeros: nothing fits
  std::uint8_t leading = kNone;
  std::uint8_t trailing = 0;

  /// The narrowest window that holds a difference. Requires: it is not 0.
  [[nodiscard]] static XorWindow of(std::uint64_t difference) noexcept {
    return {.leading = static_cast<std::uint8_t>(std::min(std::countl_zero(difference), 31)),
            .trailing = static_cast<std::uint8_t>(std::countr_zero(difference))};
  }
  [[nodiscard]] bool holds(std::uint64_t difference) const noexcept {
    return std::min(std::countl_zero(difference), 31) >= leading && std::countr_zero(difference) >= trailing;
  }
  /// Bits between the two. Requires: there is a window.
  [[nodiscard]] unsigned width() const noexcept { return 64U - leading - trailing; }
};

/// Writes a stream of bits, most significant first, into memory that has room for it.
///
/// Shape:    tsdb-format section 0, "Bit streams". After each put the rest of the byte that holds the end is zero.
/// Lifetime: borrows the memory. A put stores eight bytes: they must be writable from the byte that holds the end.
/// Threads:  bits before the start are stored again with the value they have, so another process may be reading them.
/// Cost:     a shift, an or and a store a put.
class BitWriter {
 public:
  /// Continues at `bit`, counted from the start of `buffer`; what lies behind it is overwritten.
  BitWriter(char* buffer, std::size_t bit) noexcept
      : start_(buffer),
        at_(buffer + (bit >> 3U)),
        used_(static_cast<unsigned>(bit & 7U)),
        word_((static_cast<std::uint64_t>(static_cast<unsigned char>(*at_)) << 56U) & ~(~std::uint64_t{0} >> used_)) {}

  /// The number of bits from the start of the buffer to the end of what was written.
  [[nodiscard]] std::size_t bit() const noexcept { return static_cast<std::size_t>(at_ - start_) * 8 + used_; }

  /// Requires: bits <= 56, value < 2^bits.
  void put(std::uint64_t value, unsigned bits) noexcept {
    word_ |= value << (64U - used_ - bits);
    store_be64(at_, word_);
    used_ += bits;
    at_ += used_ >> 3U;
    word_ <<= used_ & 56U;
    used_ &= 7U;
  }
  /// Requires: bits <= 64, value < 2^bits.
  void put_wide(std::uint64_t value, unsigned bits) noexcept {
    if (bits > 56) {
      bits -= 32;
      put(value >> bits, 32);
      value &= (std::uint64_t{1} << bits) - 1;
    }
    put(value, bits);
  }
  void put_uvarint(std::uint64_t x) noexcept {
    for (; x >= 0x80U; x >>= 7U) {
      put((x & 0x7FU) | 0x80U, 8);
    }
    put(x, 8);
  }
  /// At most 72 bits.
  void put_varbit_int(std::int64_t x) noexcept;
  void put_varbit_uint(std::uint64_t x) noexcept;

  /// The XOR value code: at most 77 bits. `difference` is the value XOR the one before. A window that does not hold it
  /// is replaced by the difference's own, as a server does.
  void put_xor(std::uint64_t difference, XorWindow& window) noexcept {
    if (difference == 0) {
      put(0, 1);
      return;
    }
    if (window.holds(difference)) {
      put(2, 2);
    } else {
      window = XorWindow::of(difference);
      put((3U << 11U) | (static_cast<unsigned>(window.leading) << 6U) | (window.width() & 63U), 13);
    }
    put_wide(difference >> window.trailing, window.width());
  }

 private:
  char* start_;
  char* at_;            // the byte that holds the end
  unsigned used_;       // bits of it that are taken, 0 to 7
  std::uint64_t word_;  // those bits at the top, zeros below
};

inline void BitWriter::put_varbit_int(std::int64_t x) noexcept {
  const auto bits = static_cast<std::uint64_t>(x);
  // Asymmetric ranges: n payload bits hold -(2^(n-1) - 1) to 2^(n-1).
  const auto fits = [bits](unsigned n) { return bits + (std::uint64_t{1} << (n - 1)) - 1 < std::uint64_t{1} << n; };
  const auto code = [this, bits](unsigned prefix, unsigned prefix_bits, unsigned n) {
    put((static_cast<std::uint64_t>(prefix) << n) | (bits & ((std::uint64_t{1} << n) - 1)), prefix_bits + n);
  };
  if (x == 0) {
    put(0, 1);
  } else if (fits(3)) {
    code(0b10, 2, 3);
  } else if (fits(6)) {
    code(0b110, 3, 6);
  } else if (fits(9)) {
    code(0b1110, 4, 9);
  } else if (fits(12)) {
    code(0b11110, 5, 12);
  } else if (fits(18)) {
    code(0b111110, 6, 18);
  } else if (fits(25)) {
    code(0b1111110, 7, 25);
  } else if (fits(56)) {
    put(0b11111110, 8);
    put(bits & ((std::uint64_t{1} << 56U) - 1), 56);
  } else {
    put(0b11111111, 8);
    put_wide(bits, 64);
  }
}

inline void BitWriter::put_varbit_uint(std::uint64_t x) noexcept {
  struct Row {
    unsigned prefix, prefix_bits, bits;
  };
  constexpr Row kRows[] = {{0b10, 2, 3},     {0b110, 3, 6},     {0b1110, 4, 9},
                           {0b11110, 5, 12}, {0b111110, 6, 18}, {0b1111110, 7, 25}};
  if (x == 0) {
    put(0, 1);
    return;
  }
  for (const Row& row : kRows) {
    if (x < std::uint64_t{1} << row.bits) {
      put((static_cast<std::uint64_t>(row.prefix) << row.bits) | x, row.prefix_bits + row.bits);
      return;
    }
  }
  const bool fits = x < std::uint64_t{1} << 56U;
  put(fits ? 0b11111110 : 0b11111111, 8);
  put_wide(x, fits ? 56 : 64);
}

}  // namespace mcore
