// SPDX-License-Identifier: Apache-2.0
#include "render/json_text.h"

#include <cmath>

#include "base/number_text.h"
#include "base/utf8.h"

namespace mcore {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

/// The letter behind the backslash, or 0 for a character that has none.
char short_escape(char c) noexcept {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return '\0';
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text[0]);
    if (byte >= 0x80) {
      const std::size_t size = utf8_length(text);
      const std::string_view sequence = text.substr(0, size);
      if (size == 0) {
        out += "\\ufffd";
      } else if (sequence == "\u2028" || sequence == "\u2029") {
        out += sequence == "\u2028" ? "\\u2028" : "\\u2029";  // JavaScript ends a line there
      } else {
        out += sequence;
      }
      text.remove_prefix(size == 0 ? 1 : size);
      continue;
    }
    if (const char letter = short_escape(text[0]); letter != '\0') {
      out += '\\';
      out += letter;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    } else {
      out += text[0];
    }
    text.remove_prefix(1);
  }
  out += '"';
}

void append_json_labels(std::string& out, LabelsView labels) {
  out += '{';
  std::string_view separator;
  for (const Label& label : labels) {
    out += separator;
    append_json_string(out, label.name);
    out += ':';
    append_json_string(out, label.value);
    separator = ",";
  }
  out += '}';
}

void append_json_float(std::string& out, double value) {
  const bool is_number = std::isfinite(value);
  out += is_number ? "" : "\"";
  out += float_text(value);
  out += is_number ? "" : "\"";
}

}  // namespace mcore
