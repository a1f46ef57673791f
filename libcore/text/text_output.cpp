// SPDX-License-Identifier: Apache-2.0
#include "text/text_output.h"

#include <algorithm>
#include <charconv>

#include "base/number_text.h"

namespace mcore {

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  const auto is_special = [quotes](char c) { return c == '\\' || c == '\n' || (quotes && c == '"'); };
  for (;;) {
    const auto at = static_cast<std::size_t>(std::ranges::find_if(text, is_special) - text.begin());
    out += text.substr(0, at);
    if (at == text.size()) {
      return;
    }
    out += '\\';
    out += text[at] == '\n' ? 'n' : text[at];
    text.remove_prefix(at + 1);
  }
}

namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text, true);
  out += '"';
}

void append_label(std::string& out, const Label& label) {
  if (is_legacy_label_name(label.name)) {
    out += label.name;
  } else {
    append_quoted(out, label.name);
  }
  out += '=';
  append_quoted(out, label.value);
}

}  // namespace

void append_family_name(std::string& out, std::string_view name) {
  if (is_legacy_metric_name(name)) {
    out += name;
  } else {
    append_quoted(out, name);
  }
}

void append_series(std::string& out, LabelsView labels, std::string_view rename) {
  const std::string_view metric = rename.empty() ? labels.get(kNameLabel) : rename;
  const bool legacy = is_legacy_metric_name(metric);
  char separator = '{';
  if (legacy) {
    out += metric;
  } else {
    out += '{';
    append_quoted(out, metric);
    separator = ',';
  }
  for (const Label& label : labels) {
    if (label.name != kNameLabel) {
      out += separator;
      separator = ',';
      append_label(out, label);
    }
  }
  if (separator == ',') {
    out += '}';
  }
}

void append_label_list(std::string& out, LabelsView labels) {
  out += '{';
  bool first = true;
  for (const Label& label : labels) {
    if (!first) {
      out += ',';
    }
    first = false;
    append_label(out, label);
  }
  out += '}';
}

void append_float(std::string& out, double value) {
  char text[kFloatTextSize];
  out.append(text, write_float(text, value));
}

void append_integer(std::string& out, std::int64_t value) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append_seconds(std::string& out, std::int64_t ms) {
  const bool negative = ms < 0;
  const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(ms) : static_cast<std::uint64_t>(ms);
  if (negative) {
    out += '-';
  }
  append_integer(out, static_cast<std::int64_t>(magnitude / 1000));
  auto rest = static_cast<unsigned>(magnitude % 1000);
  if (rest == 0) {
    return;
  }
  out += '.';
  for (unsigned unit = 100; rest != 0; unit /= 10) {
    out += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
}

}  // namespace mcore
