// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace mcore {

/// Bytes written as hexadecimal digits; blanks group them, and text in double quotes stands for itself.
[[nodiscard]] inline std::string hex_bytes(std::string_view text) {
  std::string bytes;
  int high = -1;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      bytes += c;
    } else if (c != ' ' && c != '\n') {
      const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
      if (high >= 0) {
        bytes += static_cast<char>(high * 16 + digit);
      }
      high = high >= 0 ? -1 : digit;
    }
  }
  return bytes;
}

}  // namespace mcore
