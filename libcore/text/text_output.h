// SPDX-License-Identifier: Apache-2.0
// What the writers of the text formats have in common: names, escapes and numbers appended to a string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/labels.h"

namespace mcore {

/// Appends `text` with backslash, newline and, where `quotes`, the double quote escaped.
void append_escaped(std::string& out, std::string_view text, bool quotes);

/// Appends a family's name as HELP, TYPE and UNIT lines have it: quoted if it is outside the legacy character set.
void append_family_name(std::string& out, std::string_view name);

/// Appends `name{a="b",c="d"}`; names outside the legacy character set are quoted, a metric's inside the braces.
/// `rename`, if not empty, stands for the metric's own name.
void append_series(std::string& out, LabelsView labels, std::string_view rename = {});

/// Appends the labels of an exemplar, braces included.
void append_label_list(std::string& out, LabelsView labels);

void append_float(std::string& out, double value);
void append_integer(std::string& out, std::int64_t value);
/// Milliseconds as OpenMetrics' seconds: "1700000000", "1700000000.25", never an exponent.
void append_seconds(std::string& out, std::int64_t ms);

}  // namespace mcore
