// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "model/labels.h"

namespace mcore {

// JSON is written by hand: a document model would hold a whole answer in memory and read no better.

/// Appends a JSON string, escaped as Go's encoding/json does without its HTML escaping: \" \\ \b \f \n \r \t, \u00XX
/// for other control characters, U+2028 and U+2029 as \u2028 and \u2029; a byte that is no UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends a label set as an object, as the HTTP API writes it: {"__name__":"up","job":"node"}.
void append_json_labels(std::string& out, LabelsView labels);

/// Appends a number with the shortest digits that read back; what JSON has no number for becomes a string: "NaN",
/// "+Inf", "-Inf".
void append_json_float(std::string& out, double value);

}  // namespace mcore
