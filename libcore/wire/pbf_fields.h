// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/error.h"

namespace mcore {

/// Walks the fields of a protobuf message from outside: each is asked for as what it must be, and is looked at before
/// it is read. Small enough to be inlined into the decoders of wire/, which protozero's asserting reader would need
/// wrapped for each type.
///
/// Lifetime: borrows the message.
/// Errors:   throws Error (kSyntax) for bytes that are no message, and for a field that has another type.
class PbfFields {
 public:
  explicit PbfFields(std::string_view message) noexcept : at_(message.data()), end_(message.data() + message.size()) {}

  /// Goes to the next field; what was not read of the one before is skipped. False at the end.
  bool next() {
    if (pending_) {
      skip();
    }
    if (at_ == end_) {
      return false;
    }
    const std::uint64_t key = varint();
    number_ = static_cast<std::uint32_t>(key >> 3U);
    type_ = static_cast<std::uint8_t>(key & 7U);
    pending_ = true;
    if (number_ == 0 || (key >> 3U) > 0x1FFFFFFFU) {
      refuse("a field has an impossible number");
    }
    return true;
  }
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

  std::uint64_t whole() {
    require(kVarint);
    return varint();
  }
  std::int64_t zigzag() { return unzigzag(whole()); }
  double real() {
    require(kFixed64);
    return fixed();
  }
  std::string_view bytes() {
    require(kBytes);
    return take(varint());
  }

  /// The values of a repeated field, packed into one or not.
  template <typename Visit>
  void each_whole(Visit&& visit) {
    if (type_ != kBytes) {
      visit(whole());
      return;
    }
    PbfFields packed(bytes());
    while (packed.at_ != packed.end_) {
      visit(packed.varint());
    }
  }
  template <typename Visit>
  void each_zigzag(Visit&& visit) {
    each_whole([&visit](std::uint64_t x) { visit(unzigzag(x)); });
  }
  template <typename Visit>
  void each_real(Visit&& visit) {
    if (type_ != kBytes) {
      visit(real());
      return;
    }
    PbfFields packed(bytes());
    while (packed.at_ != packed.end_) {
      visit(packed.fixed());
    }
  }

 private:
  static constexpr std::uint8_t kVarint = 0;
  static constexpr std::uint8_t kFixed64 = 1;
  static constexpr std::uint8_t kBytes = 2;
  static constexpr std::uint8_t kFixed32 = 5;

  [[noreturn]] static void refuse(std::string_view why) { throw Error(ErrorKind::kSyntax, "read message", "", why); }
  static std::int64_t unzigzag(std::uint64_t z) noexcept {
    return static_cast<std::int64_t>((z >> 1U) ^ (~(z & 1U) + 1U));
  }
  void require(std::uint8_t type) {
    if (type_ != type) {
      refuse("a field of the message has the wrong type");
    }
    pending_ = false;
  }
  void skip() {
    pending_ = false;
    switch (type_) {
      case kVarint:
        varint();
        break;
      case kFixed64:
        take(8);
        break;
      case kBytes:
        take(varint());
        break;
      case kFixed32:
        take(4);
        break;
      default:
        refuse("a field of the message has an unknown type");
    }
  }
  std::uint64_t varint() {
    std::uint64_t x = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      x |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80U) {
        return x;
      }
    }
    refuse("the message is damaged or cut off");
  }
  double fixed() {
    const std::string_view text = take(8);
    std::uint64_t bits = 0;
    std::memcpy(&bits, text.data(), sizeof bits);  // little-endian, as bytes.h asserts of this machine
    return std::bit_cast<double>(bits);
  }
  std::string_view take(std::uint64_t size) {
    if (size > static_cast<std::uint64_t>(end_ - at_)) {
      refuse("the message is damaged or cut off");
    }
    at_ += size;
    return {at_ - size, static_cast<std::size_t>(size)};
  }

  const char* at_;
  const char* end_;
  std::uint32_t number_ = 0;
  std::uint8_t type_ = 0;
  bool pending_ = false;  // the field at hand was not read
};

}  // namespace mcore
