// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "render/picture.h"

namespace mcore {

/// A text as lines to be drawn with a round pen: a font of our own, so that pictures need none of the system's.
///
/// Shape: printable ASCII, and ° µ × · – … ä ö ü ß with their capitals; another character is a hollow box. A letter is
///        drawn on a grid of 16 units an em: capitals 12 high, small letters 8. Bold is
///        the matter of the pen; the letters only stand further apart.
[[nodiscard]] std::vector<std::vector<Point>> stroked_text(std::string_view text, Point at, double size,
                                                           bool is_bold = false);

/// How far a text of this size reaches; about as far as Helvetica's or Arial's.
[[nodiscard]] double stroked_width(std::string_view text, double size, bool is_bold = false) noexcept;

}  // namespace mcore
