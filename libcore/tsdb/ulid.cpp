// SPDX-License-Identifier: Apache-2.0
#include "tsdb/ulid.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "base/error.h"

namespace mcore {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kTimeCharacters = 10;
constexpr std::size_t kRandomBytes = 10;

constexpr std::array<std::int8_t, 256> make_digits() {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    const char c = kAlphabet[i];
    digits[static_cast<unsigned char>(c)] = static_cast<std::int8_t>(i);
    if (c >= 'A') {
      digits[static_cast<unsigned char>(c - 'A' + 'a')] = static_cast<std::int8_t>(i);
    }
  }
  return digits;
}
constexpr std::array<std::int8_t, 256> kDigits = make_digits();

int digit(char c) noexcept {
  return kDigits[static_cast<unsigned char>(c)];
}

}  // namespace

std::string make_ulid(std::int64_t now_ms) {
  std::array<unsigned char, kRandomBytes> random{};
  std::size_t filled = 0;
  while (filled < random.size()) {
    const ssize_t got = ::getrandom(random.data() + filled, random.size() - filled, 0);
    if (got < 0 && errno != EINTR) {
      throw Error(ErrorKind::kIo, "name block", "", "no random bytes: " + errno_text(errno));
    }
    filled += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  std::string text(kUlidSize, '0');
  auto time = static_cast<std::uint64_t>(now_ms) & 0xFFFF'FFFF'FFFFU;
  for (std::size_t i = kTimeCharacters; i-- > 0; time >>= 5U) {
    text[i] = kAlphabet[time & 31U];
  }
  unsigned bits = 0;
  unsigned held = 0;
  std::size_t next = kTimeCharacters;
  for (const unsigned char byte : random) {  // 80 bits are 16 characters without a rest
    bits = (bits << 8U) | byte;
    for (held += 8; held >= 5; held -= 5) {
      text[next++] = kAlphabet[(bits >> (held - 5)) & 31U];
    }
  }
  return text;
}

bool is_ulid(std::string_view text) noexcept {
  if (text.size() != kUlidSize || digit(text[0]) > 7) {  // 26 characters hold 130 bits
    return false;
  }
  for (const char c : text) {
    if (digit(c) < 0) {
      return false;
    }
  }
  return true;
}

std::optional<std::int64_t> ulid_time_ms(std::string_view text) noexcept {
  if (!is_ulid(text)) {
    return std::nullopt;
  }
  std::int64_t time = 0;
  for (const char c : text.substr(0, kTimeCharacters)) {
    time = time * 32 + digit(c);
  }
  return time;
}

}  // namespace mcore
