// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/time_text.h"
#include "render/chart_series.h"

namespace mcore {

struct PlotStyle {
  int width = 80;   // columns, 30 to 1000
  int height = 22;  // lines, as far as the legend leaves at least ten of them to the lines
  TimeZone zone = TimeZone::kLocal;
  bool ascii = false;  // for a terminal that does not speak UTF-8
  bool color = false;
};

/// Draws a chart with characters: title, unit and range, the lines with both axes, a legend with the least, greatest
/// and last value of each.
///
/// Shape: Braille dots (2 x 4 a character); several lines without colour, and every line in ASCII, are drawn with a
///        character of their own each. No line is longer than `width`; escape sequences only with `color`.
/// Cost:  as many steps as there are samples, and dots between them.
[[nodiscard]] std::string plot_text(const Chart& chart, const PlotStyle& style);

}  // namespace mcore
