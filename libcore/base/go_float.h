// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace mcore {

/// Reads a whole text as Go's strconv.ParseFloat does: parse_float() and the forms that only Go literals have,
/// hexadecimal ("0x1p-2", the exponent must be there) and underscores between digits ("1_000"). Nothing for what is no
/// number or beyond the largest one.
[[nodiscard]] std::optional<double> parse_go_float(std::string_view text);

}  // namespace mcore
