// SPDX-License-Identifier: Apache-2.0
#include "promql/quoting.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/utf8.h"

namespace mcore {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

struct PointRange {
  std::uint32_t first;
  std::uint32_t last;
};
// Controls, formats, blanks other than the space, and private use. What Unicode has not assigned yet counts as
// printable: the table of those changes with every release of Go.
constexpr PointRange kUnprintable[] = {
    {0x80, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},     {0x61C, 0x61C},     {0x6DD, 0x6DD},
    {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},     {0x1680, 0x1680},   {0x180E, 0x180E},
    {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},   {0x3000, 0x3000},   {0xD800, 0xF8FF},
    {0xFEFF, 0xFEFF},   {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
    {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF},
};

bool is_printable(std::uint32_t point) noexcept {
  if (point < 0x80) {
    return point >= 0x20 && point < 0x7F;
  }
  const auto* const at = std::ranges::lower_bound(kUnprintable, point, {}, &PointRange::last);
  return at == std::end(kUnprintable) || point < at->first;
}

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
    return;
  }
  const unsigned tails = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  constexpr std::uint32_t kLeads[] = {0, 0xC0, 0xE0, 0xF0};
  out += static_cast<char>(kLeads[tails] | (point >> (6 * tails)));
  for (unsigned i = tails; i-- > 0;) {
    out += static_cast<char>(0x80U | ((point >> (6 * i)) & 0x3FU));
  }
}

void append_escaped(std::string& out, std::uint32_t point, char quote) {
  constexpr std::string_view kControls = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetters = "abfnrtv";
  if (point == static_cast<unsigned char>(quote) || point == '\\') {
    out += '\\';
    out += static_cast<char>(point);
  } else if (is_printable(point)) {
    append_utf8(out, point);
  } else if (const auto at = point < 0x80 ? kControls.find(static_cast<char>(point)) : std::string_view::npos;
             at != std::string_view::npos) {
    out += '\\';
    out += kLetters[at];
  } else if (point < 0x80) {
    out += fmt::format("\\x{:02x}", point);
  } else {
    out += point < 0x10000 ? fmt::format("\\u{:04x}", point) : fmt::format("\\U{:08x}", point);
  }
}

}  // namespace

Rune first_rune(std::string_view text) noexcept {
  const std::size_t size = utf8_length(text);
  if (size == 0) {
    return {.point = kReplacement, .size = 1};
  }
  constexpr std::uint32_t kLeadBits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t point = static_cast<unsigned char>(text[0]) & kLeadBits[size];
  for (std::size_t i = 1; i < size; ++i) {
    point = (point << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return {.point = point, .size = size};
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = first_rune(text);
    if (rune.size == 1 && rune.point == kReplacement) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else {
      append_escaped(out, rune.point, '"');
    }
    text.remove_prefix(rune.size);
  }
  return out + '"';
}

std::string quoted_rune(std::uint32_t point) {
  std::string out = "'";
  append_escaped(out, point, '\'');
  return out + '\'';
}

std::string rune_name(std::uint32_t point) {
  std::string out = fmt::format("U+{:04X}", point);
  if (is_printable(point)) {
    out += " '";
    append_utf8(out, point);
    out += '\'';
  }
  return out;
}

std::string quoted_labels(LabelsView labels) {
  std::string text = "{";
  for (const Label& label : labels) {
    text += text.size() > 1 ? ", " : "";
    text += is_legacy_label_name(label.name) ? std::string(label.name) : quoted(label.name);
    text += "=" + quoted(label.value);
  }
  return text + "}";
}

}  // namespace mcore
