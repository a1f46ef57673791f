// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace mcore {

// Numbers as the store's formats write them (tsdb-format section 0): big-endian words, LEB128 varints, zigzag.

static_assert(std::endian::native == std::endian::little, "the loads below swap bytes");

/// Requires: 2, 4 or 8 readable bytes at `p`.
[[nodiscard]] inline std::uint16_t load_be16(const void* p) noexcept {
  std::uint16_t word;
  std::memcpy(&word, p, sizeof word);
  return __builtin_bswap16(word);
}
[[nodiscard]] inline std::uint32_t load_be32(const void* p) noexcept {
  std::uint32_t word;
  std::memcpy(&word, p, sizeof word);
  return __builtin_bswap32(word);
}
[[nodiscard]] inline std::uint64_t load_be64(const void* p) noexcept {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return __builtin_bswap64(word);
}
/// Requires: 2, 4 or 8 writable bytes at `p`.
inline void store_be16(void* p, std::uint16_t word) noexcept {
  word = __builtin_bswap16(word);
  std::memcpy(p, &word, sizeof word);
}
inline void store_be32(void* p, std::uint32_t word) noexcept {
  word = __builtin_bswap32(word);
  std::memcpy(p, &word, sizeof word);
}
inline void store_be64(void* p, std::uint64_t word) noexcept {
  word = __builtin_bswap64(word);
  std::memcpy(p, &word, sizeof word);
}

[[nodiscard]] inline std::uint64_t zigzag(std::int64_t x) noexcept {
  return (static_cast<std::uint64_t>(x) << 1U) ^ static_cast<std::uint64_t>(x >> 63);
}
[[nodiscard]] inline std::int64_t unzigzag(std::uint64_t z) noexcept {
  return static_cast<std::int64_t>((z >> 1U) ^ (~(z & 1U) + 1U));
}

/// Room that one varint needs at most.
inline constexpr std::size_t kMaxVarintSize = 10;
/// Writes `x` as a uvarint and returns the end. Requires: kMaxVarintSize writable bytes.
inline char* store_uvarint(char* p, std::uint64_t x) noexcept {
  while (x >= 0x80U) {
    *p++ = static_cast<char>(x | 0x80U);
    x >>= 7U;
  }
  *p++ = static_cast<char>(x);
  return p;
}

inline void append_u8(std::string& out, std::uint8_t x) {
  out.push_back(static_cast<char>(x));
}
inline void append_be16(std::string& out, std::uint16_t x) {
  char bytes[2];
  store_be16(bytes, x);
  out.append(bytes, sizeof bytes);
}
inline void append_be32(std::string& out, std::uint32_t x) {
  char bytes[4];
  store_be32(bytes, x);
  out.append(bytes, sizeof bytes);
}
inline void append_be64(std::string& out, std::uint64_t x) {
  char bytes[8];
  store_be64(bytes, x);
  out.append(bytes, sizeof bytes);
}
inline void append_f64(std::string& out, double x) {
  append_be64(out, std::bit_cast<std::uint64_t>(x));
}
inline void append_uvarint(std::string& out, std::uint64_t x) {
  char bytes[kMaxVarintSize];
  out.append(bytes, static_cast<std::size_t>(store_uvarint(bytes, x) - bytes));
}
inline void append_varint(std::string& out, std::int64_t x) {
  append_uvarint(out, zigzag(x));
}
/// A `ustr`: its length as a uvarint, then its bytes.
inline void append_ustr(std::string& out, std::string_view text) {
  append_uvarint(out, text.size());
  out += text;
}

/// Reads such numbers from the front of bytes that may be damaged.
///
/// Lifetime: borrows the bytes; views taken from it borrow the same bytes.
/// Errors:   reading past the end, or a varint of more than 64 bits, gives 0 or an empty view and makes ok() false from
///           then on; nothing is consumed after that.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) noexcept : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] const char* at() const noexcept { return at_; }

  std::uint8_t u8() noexcept { return take(1) ? static_cast<std::uint8_t>(at_[-1]) : std::uint8_t{0}; }
  std::uint16_t be16() noexcept { return take(2) ? load_be16(at_ - 2) : std::uint16_t{0}; }
  std::uint32_t be32() noexcept { return take(4) ? load_be32(at_ - 4) : 0U; }
  std::uint64_t be64() noexcept { return take(8) ? load_be64(at_ - 8) : 0U; }
  double f64() noexcept { return std::bit_cast<double>(be64()); }
  std::uint64_t uvarint() noexcept {
    std::uint64_t x = 0;
    for (unsigned shift = 0; shift < 64 && ok_ && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      x |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80U) {
        if (shift == 63 && byte > 1) {
          break;
        }
        return x;
      }
    }
    fail();
    return 0;
  }
  std::int64_t varint() noexcept { return unzigzag(uvarint()); }
  std::string_view bytes(std::uint64_t size) noexcept {
    return take(size) ? std::string_view(at_ - size, size) : std::string_view();
  }
  std::string_view ustr() noexcept { return bytes(uvarint()); }

 private:
  bool take(std::uint64_t size) noexcept {
    if (!ok_ || size > left()) {
      fail();
      return false;
    }
    at_ += size;
    return true;
  }
  void fail() noexcept {
    ok_ = false;
    at_ = end_;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace mcore
