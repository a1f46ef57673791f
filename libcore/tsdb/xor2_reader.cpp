// SPDX-License-Identifier: Apache-2.0
#include "tsdb/xor2_reader.h"

#include <algorithm>
#include <bit>

#include "base/number_text.h"

namespace mcore {

Xor2Reader::Xor2Reader(std::string_view chunk) noexcept : in_(chunk) {
  sample_count_ = static_cast<std::uint32_t>(in_.get(16));
  starts_ = StartTimes(static_cast<std::uint8_t>(in_.get(8)));
  damaged_ = !in_.ok();
}

std::size_t Xor2Reader::read(std::span<std::int64_t> t_ms, std::span<double> value,
                             std::span<std::int64_t> start_t_ms) noexcept {
  const std::size_t wanted = std::min<std::size_t>({t_ms.size(), value.size(), sample_count_ - index_});
  std::size_t n = 0;
  for (; n < wanted && !damaged_; ++n) {
    const std::uint64_t bits = next_bits();
    const auto t = static_cast<std::int64_t>(t_);
    const std::int64_t start = starts_.next(in_, index_, t);
    if (!in_.ok()) {
      damaged_ = true;
      break;
    }
    t_ms[n] = t;
    value[n] = std::bit_cast<double>(bits);
    if (!start_t_ms.empty()) {
      start_t_ms[n] = start;
    }
    ++index_;
  }
  return n;
}

std::uint64_t Xor2Reader::next_bits() noexcept {
  if (index_ == 0) {
    t_ = static_cast<std::uint64_t>(in_.varint());
    const std::uint64_t bits = in_.get(64);
    value_.bits = bits == kStaleNanBits ? 0 : bits;
    return bits;
  }
  if (index_ == 1) {
    delta_ = in_.uvarint();
    t_ += delta_;
    return value_code();
  }
  const std::uint64_t bits = joint_code();
  t_ += delta_;
  return bits;
}

std::uint64_t Xor2Reader::value_code() noexcept {
  const int ones = std::min(std::countl_one(in_.peek()), 3);
  in_.skip(static_cast<unsigned>(std::min(ones + 1, 3)));
  switch (ones) {
    case 0:
      break;
    case 1:
      in_.xor_inside(value_);
      break;
    case 2:
      in_.xor_opening(value_);
      break;
    default:
      return kStaleNanBits;  // does not become the baseline
  }
  return value_.bits;
}

std::uint64_t Xor2Reader::joint_code() noexcept {
  // These payloads are plain two's complement, unlike those of the older encodings.
  const auto add_signed = [this](unsigned bits) {
    const std::uint64_t raw = in_.get(bits) << (64U - bits);
    delta_ += static_cast<std::uint64_t>(static_cast<std::int64_t>(raw) >> (64U - bits));
  };
  const int ones = std::min(std::countl_one(in_.peek()), 5);
  in_.skip(static_cast<unsigned>(std::min(ones + 1, 5)));
  switch (ones) {
    case 0:
      return value_.bits;
    case 1:
      in_.get(1) == 0 ? in_.xor_inside(value_) : in_.xor_opening(value_);
      return value_.bits;
    case 2:
      add_signed(13);
      return value_code();
    case 3:
      add_signed(20);
      return value_code();
    case 4:
      add_signed(64);
      return value_code();
    default:
      return kStaleNanBits;
  }
}

}  // namespace mcore
