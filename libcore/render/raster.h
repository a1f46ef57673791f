// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "render/picture.h"

namespace mcore {

/// A picture made of pixels, painted with soft edges: a pixel takes as much of a colour as the shape covers of it.
///
/// Shape: rows of RGB from above, three bytes a pixel. What lies outside is not painted.
/// Cost:  three bytes and one of a mask a pixel; a line costs the pixels that it touches.
class Raster {
 public:
  /// Requires: width and height between 1 and kMostPictureSize.
  Raster(int width, int height, Color background);

  void paint(const Stroke& stroke);
  void paint(const Area& area);
  void paint(const Box& box);
  void paint(const Dot& dot);
  void paint(const Words& words);

  [[nodiscard]] int width() const noexcept { return width_; }
  [[nodiscard]] int height() const noexcept { return height_; }
  [[nodiscard]] std::span<const std::uint8_t> row(int y) const noexcept;
  [[nodiscard]] Color pixel(int x, int y) const noexcept;

 private:
  /// Marks what a pen covers on the way between two points.
  void mark_segment(Point from, Point to, double radius);
  void mark(int x, int y, double coverage) noexcept;
  /// Paints what was marked, each pixel once however many segments cover it, and forgets it.
  void paint_marked(Color color);
  void blend(int x, int y, Color color, double opacity) noexcept;

  int width_;
  int height_;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::uint8_t> mask_;
  int mask_left_;
  int mask_right_ = -1;  // inclusive
  int mask_top_;
  int mask_bottom_ = -1;
};

}  // namespace mcore
