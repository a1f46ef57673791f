// SPDX-License-Identifier: Apache-2.0
#include "text/json_lines_writer.h"

#include <cmath>

#include "base/number_text.h"
#include "text/text_output.h"

namespace mcore {
namespace {

constexpr std::size_t kMostSamples = 10'000;

/// Requires: UTF-8.
void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // where the run of plain characters at hand starts
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') {
      continue;
    }
    out += text.substr(plain, i - plain);
    plain = i + 1;
    out += '\\';
    if (byte >= 0x20) {
      out += text[i];
    } else if (byte == '\n') {
      out += 'n';
    } else {
      out += "u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  out += text.substr(plain);
  out += '"';
}

}  // namespace

void JsonLinesWriter::series(LabelsView labels) {
  end_line();
  metric_ = "{\"metric\":{";
  bool first = true;
  for (const Label& label : labels) {
    if (!first) {
      metric_ += ',';
    }
    first = false;
    append_json_string(metric_, label.name);
    metric_ += ':';
    append_json_string(metric_, label.value);
  }
  metric_ += "},\"values\":[";
}

void JsonLinesWriter::sample(std::int64_t t_ms, double value) {
  if (count_ == kMostSamples) {
    end_line();
  }
  if (count_++ != 0) {
    values_ += ',';
    timestamps_ += ',';
  }
  if (std::isfinite(value)) {
    append_float(values_, value);
  } else if (std::isnan(value)) {
    losses_.stale_markers += is_stale_marker(value) ? 1 : 0;
    values_ += "null";
  } else {
    values_ += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  }
  append_integer(timestamps_, t_ms);
}

void JsonLinesWriter::end_line() {
  if (count_ == 0) {
    return;
  }
  output_ += metric_;
  output_ += values_;
  output_ += "],\"timestamps\":[";
  output_ += timestamps_;
  output_ += "]}\n";
  values_.clear();
  timestamps_.clear();
  count_ = 0;
}

}  // namespace mcore
