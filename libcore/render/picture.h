// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/time_text.h"
#include "render/chart_series.h"

namespace mcore {

struct Color {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  [[nodiscard]] bool operator==(const Color&) const = default;
};

struct Point {
  double x = 0;
  double y = 0;
};

/// A line through points, with round ends and joints.
struct Stroke {
  std::vector<Point> points{};
  Color color{};
  double width = 1;
};

/// What lies between a line, whose points ascend in x, and a level below it.
struct Area {
  std::vector<Point> points{};
  double base = 0;
  Color color{};
  double opacity = 1;
};

struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  Color color{};
};

struct Dot {
  Point at{};
  double radius = 1;
  Color color{};
};

enum class TextAnchor : std::uint8_t { kStart, kMiddle, kEnd };

struct Words {
  Point at{};  // on the base line
  std::string text{};
  double size = 12;
  Color color{};
  TextAnchor anchor = TextAnchor::kStart;
  bool is_bold = false;
};

using Shape = std::variant<Stroke, Area, Box, Dot, Words>;

/// A drawing, ready to be written as SVG or PNG: shapes in the order of painting.
///
/// Units: pixels from the upper left corner, y downwards.
struct Picture {
  int width = 0;
  int height = 0;
  Color background{};
  std::string title{};
  std::vector<Shape> shapes{};
};

/// The sizes that a picture may have, in pixels.
inline constexpr int kLeastPictureSize = 100;
inline constexpr int kMostPictureSize = 8192;

struct PictureStyle {
  int width = 960;
  int height = 480;
  bool dark = false;
  TimeZone zone = TimeZone::kLocal;
};

/// Draws a chart: title, range and unit, both axes with their grid, the lines, and a legend with the least, greatest
/// and last value of each.
///
/// Shape: a line has at most four points a column of pixels, however many samples it has. Sizes beyond the limits are
///        brought to them.
[[nodiscard]] Picture draw_chart(const Chart& chart, const PictureStyle& style);

}  // namespace mcore
