// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace mcore {
namespace {

/// Length of the valid sequence that starts at `p`, 0 if there is none.
std::size_t sequence_length(const unsigned char* p, std::size_t left) noexcept {
  const auto continues = [&](std::size_t i) { return i < left && (p[i] & 0xC0U) == 0x80U; };
  const unsigned char lead = p[0];
  if (lead < 0x80) {
    return 1;
  }
  if (lead >= 0xC2 && lead <= 0xDF) {
    return continues(1) ? 2 : 0;
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!continues(1) || !continues(2)) {
      return 0;
    }
    const bool overlong = lead == 0xE0 && p[1] < 0xA0;
    const bool surrogate = lead == 0xED && p[1] > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) {
      return 0;
    }
    const bool overlong = lead == 0xF0 && p[1] < 0x90;
    const bool too_large = lead == 0xF4 && p[1] > 0x8F;
    return overlong || too_large ? 0 : 4;
  }
  return 0;
}

}  // namespace

bool is_valid_utf8(std::string_view text) noexcept {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t left = text.size();
  while (left > 0) {
    std::uint64_t word = 0;
    while (left >= sizeof word && (std::memcpy(&word, p, sizeof word), (word & 0x8080808080808080U) == 0)) {
      p += sizeof word;
      left -= sizeof word;
    }
    if (left == 0) {
      break;
    }
    const std::size_t length = sequence_length(p, left);
    if (length == 0) {
      return false;
    }
    p += length;
    left -= length;
  }
  return true;
}

std::size_t utf8_length(std::string_view text) noexcept {
  return text.empty() ? 0 : sequence_length(reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

std::string in_quotes(std::string_view text, std::size_t most) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const bool cut = text.size() > most;
  const std::string_view shown = text.substr(0, most);
  std::string out = "\"";
  for (std::size_t i = 0; i < shown.size();) {
    const auto byte = static_cast<unsigned char>(shown[i]);
    const std::size_t length =
        sequence_length(reinterpret_cast<const unsigned char*>(shown.data()) + i, shown.size() - i);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += shown[i];
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (length == 0 || byte < 0x20 || byte == 0x7F) {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += shown.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  out += cut ? "...\"" : "\"";
  return out;
}

}  // namespace mcore
