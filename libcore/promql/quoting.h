// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/labels.h"

namespace mcore {

// Texts as Go's strconv and fmt write them: what Prometheus prints of an expression and says of a mistake has them.

/// One character of a text that may hold any bytes.
struct Rune {
  std::uint32_t point = 0;  // U+FFFD for a byte that is no UTF-8
  std::size_t size = 0;     // bytes
};
/// The character that `text` starts with. Requires: `text` is not empty.
[[nodiscard]] Rune first_rune(std::string_view text) noexcept;

/// `"a\tb"`: strconv.Quote.
[[nodiscard]] std::string quoted(std::string_view text);
/// `'}'`: %q of a rune.
[[nodiscard]] std::string quoted_rune(std::uint32_t point);
/// `U+0071 'q'`: %#U.
[[nodiscard]] std::string rune_name(std::uint32_t point);

/// `{__name__="up", job="node"}`: the String() of a label set, the metric's name among the others.
[[nodiscard]] std::string quoted_labels(LabelsView labels);

}  // namespace mcore
