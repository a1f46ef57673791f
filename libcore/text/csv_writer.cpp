// SPDX-License-Identifier: Apache-2.0
#include "text/csv_writer.h"

#include <algorithm>
#include <utility>

#include "base/number_text.h"
#include "text/text_output.h"

namespace mcore {

void append_csv_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    out += c;
    if (c == '"') {
      out += c;
    }
  }
  out += '"';
}

CsvWriter::CsvWriter(std::vector<std::string> label_names) : label_names_(std::move(label_names)) {
  output_ = "metric,";
  for (const std::string& name : label_names_) {
    append_csv_field(output_, name);
    output_ += ',';
  }
  output_ += "time,value\n";
}

void CsvWriter::series(LabelsView labels) {
  start_.clear();
  append_csv_field(start_, labels.get(kNameLabel));
  start_ += ',';
  for (const std::string& name : label_names_) {
    append_csv_field(start_, labels.get(name));
    start_ += ',';
  }
  for (const Label& label : labels) {
    const bool has_place =
        label.name == kNameLabel || std::ranges::find(label_names_, label.name) != label_names_.end();
    losses_.labels += has_place ? 0 : 1;
  }
}

void CsvWriter::sample(std::int64_t t_ms, double value) {
  losses_.stale_markers += is_stale_marker(value) ? 1 : 0;
  output_ += start_;
  append_integer(output_, t_ms);
  output_ += ',';
  append_float(output_, value);
  output_ += '\n';
}

}  // namespace mcore
