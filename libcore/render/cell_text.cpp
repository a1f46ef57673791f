// SPDX-License-Identifier: Apache-2.0
#include "render/cell_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "render/json_text.h"

namespace mcore {
namespace {

/// A label value must not move the cursor of a terminal, nor break a line.
std::string for_terminal(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    const bool is_c1 = size == 2 && byte == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    const std::string_view taken = text.substr(0, std::max<std::size_t>(size, 1));
    if (text[0] == '\n' || text[0] == '\t' || text[0] == '\r') {
      out += text[0] == '\n' ? "\\n" : text[0] == '\t' ? "\\t" : "\\r";
    } else if (size == 0 || is_c1 || byte < 0x20 || byte == 0x7F) {
      for (const char c : taken) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      }
    } else {
      out += taken;
    }
    text.remove_prefix(taken.size());
  }
  return out;
}

std::string for_markdown(std::string_view text) {
  std::string out;
  for (const char c : for_terminal(text)) {
    out += c == '|' ? "\\|" : std::string(1, c);
  }
  return out;
}

/// `with_backslash` for a plain text; in the text of labels a backslash is PromQL's already, and so is \t.
std::string for_tsv(std::string_view text, bool with_backslash) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += with_backslash ? "\\\\" : "\\";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string for_csv(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    return std::string(text);
  }
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' ? "\"\"" : std::string(1, c);
  }
  return out + '"';
}

std::string for_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace

std::string cell_text(std::string_view text, TableFormat format, bool is_labels) {
  switch (format) {
    case TableFormat::kTable:
      return for_terminal(text);
    case TableFormat::kMarkdown:
      return for_markdown(text);
    case TableFormat::kTsv:
      return for_tsv(text, !is_labels);
    case TableFormat::kCsv:
      return for_csv(text);
    case TableFormat::kJson:
    case TableFormat::kJsonl:
      break;
  }
  return for_json(text);
}

std::size_t text_width(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace mcore
