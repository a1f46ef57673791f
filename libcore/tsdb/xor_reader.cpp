// SPDX-License-Identifier: Apache-2.0
#include "tsdb/xor_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bytes.h"

// A sample from the third on takes 2 to 145 bits, and its two codes are told by at most 17 of them. One load of a word
// shows all of these and as a rule the payload too, so the loop below looks at memory once a sample, and it does not
// look for the end: the bytes are decoded in place while the worst sample cannot reach it, and the rest from a copy
// with zeros behind, in which overrunning the end is noticed afterwards.

namespace mcore {

struct XorReader::Columns {
  std::int64_t* t_ms;
  double* value;
  std::size_t left;  // samples that are still wanted

  void put(std::int64_t t, std::uint64_t bits) noexcept {
    *t_ms++ = t;
    *value++ = std::bit_cast<double>(bits);
    --left;
  }
};

namespace {

constexpr std::size_t kReach = 28;  // bytes that decoding a sample may touch: 145 + 7 bits, then 9 bytes of a load

/// One place in a stream, and the bits ahead of it at the top of a word.
struct Ahead {
  const char* bytes;
  std::size_t bit;
  std::uint64_t word;

  void skip(unsigned bits) noexcept {
    bit += bits;
    word <<= bits;
  }
};

/// Takes a time code. Of the word at least 33 bits stay valid.
inline std::uint64_t delta_of_delta(Ahead& at) noexcept {
  const auto payload = [&at](unsigned prefix, unsigned n) {
    const std::uint64_t raw = at.word << prefix >> (64U - n);
    at.skip(prefix + n);
    return static_cast<std::uint64_t>(signed_payload(raw, n));
  };
  if (at.word >> 63U == 0) {
    at.skip(1);
    return 0;
  }
  if (at.word >> 62U == 0b10) {
    return payload(2, 14);
  }
  if (at.word >> 61U == 0b110) {
    return payload(3, 17);
  }
  if (at.word >> 60U == 0b1110) {
    return payload(4, 20);
  }
  const std::uint64_t raw = peek_bits(at.bytes, at.bit + 4);
  at.bit += 68;
  at.word = peek_some_bits(at.bytes, at.bit);
  return raw;
}

/// Takes a value code and changes `value` to the next value; false for a window that does not fit in 64 bits.
inline bool next_value(Ahead& at, XorValue& value) noexcept {
  if (at.word >> 63U == 0) {
    at.bit += 1;
    return true;
  }
  if (at.word >> 62U == 0b10) {
    at.skip(2);
  } else {
    const auto leading = static_cast<unsigned>(at.word >> 57U) & 31U;
    const auto coded = static_cast<unsigned>(at.word >> 51U) & 63U;
    const unsigned width = coded == 0 ? 64 : coded;
    if (leading + width > 64) {
      return false;
    }
    value.width = static_cast<std::uint8_t>(width);
    value.trailing = static_cast<std::uint8_t>(64U - leading - width);
    at.skip(13);
  }
  // 20 of the 33 bits are left behind a prefix of 13.
  const std::uint64_t payload = value.width <= 20 ? at.word : peek_bits(at.bytes, at.bit);
  value.bits ^= payload >> (64U - value.width) << value.trailing;
  at.bit += value.width;
  return true;
}

}  // namespace

XorReader::XorReader(std::string_view chunk) noexcept {
  if (chunk.size() < 2) {
    damaged_ = true;
    return;
  }
  sample_count_ = load_be16(chunk.data());
  bytes_ = chunk.data() + 2;
  size_ = chunk.size() - 2;
  end_bit_ = size_ * 8;
}

XorReader::XorReader(const char* stream, std::size_t bit_length, std::uint32_t sample_count) noexcept
    : bytes_(stream), size_((bit_length + 7) / 8), end_bit_(bit_length), sample_count_(sample_count) {}

std::size_t XorReader::read(std::span<std::int64_t> t_ms, std::span<double> value) noexcept {
  if (damaged_) {
    return 0;
  }
  const std::size_t wanted = std::min<std::size_t>({t_ms.size(), value.size(), sample_count_ - index_});
  Columns out{.t_ms = t_ms.data(), .value = value.data(), .left = wanted};
  if (out.left != 0 && index_ == 0) {
    read_first(out);
  }
  if (out.left != 0 && !damaged_ && index_ + (wanted - out.left) == 1) {
    read_second(out);
  }
  if (out.left != 0 && !damaged_ && size_ >= kReach) {
    bit_ = read_run(bytes_, bit_, (size_ - kReach + 1) * 8, end_bit_, out);
  }
  if (out.left != 0 && !damaged_) {
    char tail[2 * kReach] = {};
    const std::size_t byte = bit_ >> 3U;
    std::memcpy(tail, bytes_ + byte, size_ - byte);
    const std::size_t end = end_bit_ - byte * 8;
    bit_ = byte * 8 + read_run(tail, bit_ & 7U, end, end, out);
    damaged_ = damaged_ || out.left != 0;
  }
  index_ += static_cast<std::uint32_t>(wanted - out.left);
  return wanted - out.left;
}

void XorReader::read_first(Columns& out) noexcept {
  BitReader in(std::string_view(bytes_, size_));
  t_ms_ = in.varint();
  value_.bits = in.get(64);
  damaged_ = !in.ok() || in.bit() > end_bit_;
  if (!damaged_) {
    bit_ = in.bit();
    out.put(t_ms_, value_.bits);
  }
}

void XorReader::read_second(Columns& out) noexcept {
  const std::size_t byte = bit_ >> 3U;  // what came before are whole bytes
  BitReader in(std::string_view(bytes_ + byte, size_ - byte));
  delta_ = in.uvarint();
  in.xor_value(value_);
  damaged_ = !in.ok() || bit_ + in.bit() > end_bit_;
  if (!damaged_) {
    bit_ += in.bit();
    t_ms_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(t_ms_) + delta_);
    out.put(t_ms_, value_.bits);
  }
}

/// Decodes from the third sample on, until no more are wanted or `bit` is at `stop`; returns the new `bit`. A sample
/// that ends behind `end` is damage. Requires: kReach readable bytes from the byte of every bit before `stop`.
std::size_t XorReader::read_run(const char* bytes, std::size_t bit, std::size_t stop, std::size_t end,
                                Columns& out) noexcept {
  // The loop's state lives in locals: through `this` and `out` every store would force it to memory.
  Columns columns = out;
  XorValue value = value_;
  auto t = static_cast<std::uint64_t>(t_ms_);
  std::uint64_t delta = delta_;
  bool damaged = false;
  while (columns.left != 0 && bit < stop && !damaged) {
    Ahead at{.bytes = bytes, .bit = bit, .word = peek_some_bits(bytes, bit)};
    if (at.word >> 62U == 0) {  // two zero bits: on time and unchanged; often many such samples follow each other
      const std::size_t zeros = std::min<std::size_t>(static_cast<unsigned>(std::countl_zero(at.word)) / 2, 28);
      const std::size_t run = std::min({zeros, columns.left, (end - bit) / 2});
      for (std::size_t i = 0; i < run; ++i) {
        t += delta;
        columns.put(static_cast<std::int64_t>(t), value.bits);
      }
      bit += run * 2;
      damaged = run == 0;
      continue;
    }
    delta += delta_of_delta(at);
    damaged = !next_value(at, value) || at.bit > end;
    if (damaged) {
      break;
    }
    bit = at.bit;
    t += delta;
    columns.put(static_cast<std::int64_t>(t), value.bits);
  }
  out = columns;
  value_ = value;
  t_ms_ = static_cast<std::int64_t>(t);
  delta_ = delta;
  damaged_ = damaged;
  return bit;
}

}  // namespace mcore
