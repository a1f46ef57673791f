// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mcore {

/// A string literal of PromQL, read off the front of a text.
struct QuotedText {
  std::string value;
  std::size_t size = 0;        // bytes it took, both quotes included; with a problem, where it stands
  std::string_view problem{};  // empty if it was read: "a closing \"", "an escape such as \\n"
};

/// Reads `"..."`, `'...'` (escapes \a \b \f \n \r \t \v \\, the own quote, \nnn, \xnn, \unnnn, \Unnnnnnnn; no line
/// break) or a literal in backticks (no escapes).
/// Requires: `text` starts with one of the three quotes.
[[nodiscard]] QuotedText read_quoted(std::string_view text);

}  // namespace mcore
