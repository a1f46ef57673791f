// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace mcore {

/// The bytes that hex digits spell; blanks between them are for the reader.
[[nodiscard]] inline std::string unhex(std::string_view digits) {
  const auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  int high = -1;
  for (const char c : digits) {
    if (c == ' ') {
      continue;
    }
    if (high < 0) {
      high = nibble(c);
    } else {
      bytes.push_back(static_cast<char>(high * 16 + nibble(c)));
      high = -1;
    }
  }
  return bytes;
}

[[nodiscard]] inline std::string to_hex(std::string_view bytes) {
  std::string digits;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    digits.push_back("0123456789abcdef"[byte >> 4U]);
    digits.push_back("0123456789abcdef"[byte & 15U]);
  }
  return digits;
}

}  // namespace mcore
