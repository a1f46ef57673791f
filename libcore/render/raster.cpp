// SPDX-License-Identifier: Apache-2.0
#include "render/raster.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "render/stroke_font.h"

namespace mcore {
namespace {

double distance_to_segment(double x, double y, Point from, Point to) noexcept {
  const double dx = to.x - from.x;
  const double dy = to.y - from.y;
  const double length2 = dx * dx + dy * dy;
  const double t = length2 == 0 ? 0 : std::clamp(((x - from.x) * dx + (y - from.y) * dy) / length2, 0.0, 1.0);
  return std::hypot(x - (from.x + t * dx), y - (from.y + t * dy));
}

/// How much of the pixel or the like from `low` to `low + 1` lies between two ends.
double overlap(int low, double begin, double end) noexcept {
  return std::max(0.0, std::min(end, low + 1.0) - std::max(begin, static_cast<double>(low)));
}

}  // namespace

Raster::Raster(int width, int height, Color background)
    : width_(width),
      height_(height),
      pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3),
      mask_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)),
      mask_left_(width),
      mask_top_(height) {
  assert(width > 0 && height > 0 && width <= kMostPictureSize && height <= kMostPictureSize);
  for (std::size_t i = 0; i < pixels_.size(); i += 3) {
    pixels_[i] = background.red;
    pixels_[i + 1] = background.green;
    pixels_[i + 2] = background.blue;
  }
}

std::span<const std::uint8_t> Raster::row(int y) const noexcept {
  const std::size_t size = static_cast<std::size_t>(width_) * 3;
  return std::span(pixels_).subspan(static_cast<std::size_t>(y) * size, size);
}

Color Raster::pixel(int x, int y) const noexcept {
  const auto bytes = row(y).subspan(static_cast<std::size_t>(x) * 3, 3);
  return {bytes[0], bytes[1], bytes[2]};
}

void Raster::blend(int x, int y, Color color, double opacity) noexcept {
  std::uint8_t* const at =
      &pixels_[(static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)) * 3];
  const auto mixed = [opacity](std::uint8_t below, std::uint8_t above) {
    return static_cast<std::uint8_t>(std::lround(below + (above - below) * opacity));
  };
  at[0] = mixed(at[0], color.red);
  at[1] = mixed(at[1], color.green);
  at[2] = mixed(at[2], color.blue);
}

void Raster::mark(int x, int y, double coverage) noexcept {
  if (coverage <= 0 || x < 0 || y < 0 || x >= width_ || y >= height_) {
    return;
  }
  std::uint8_t& mask =
      mask_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)];
  mask = std::max(mask, static_cast<std::uint8_t>(std::lround(std::min(coverage, 1.0) * 255)));
  mask_left_ = std::min(mask_left_, x);
  mask_right_ = std::max(mask_right_, x);
  mask_top_ = std::min(mask_top_, y);
  mask_bottom_ = std::max(mask_bottom_, y);
}

void Raster::mark_segment(Point from, Point to, double radius) {
  const double reach = radius + 1;
  const double dx = std::abs(to.x - from.x);
  const double dy = std::abs(to.y - from.y);
  // Walks along the longer axis and looks only at the pixels across that the pen can reach.
  const bool is_steep = dy > dx;
  const double along_from = is_steep ? from.y : from.x;
  const double along_to = is_steep ? to.y : to.x;
  const double across_from = is_steep ? from.x : from.y;
  const double slope = std::max(dx, dy) == 0 ? 0 : ((is_steep ? to.x : to.y) - across_from) / (along_to - along_from);
  const double width = reach * std::hypot(1.0, slope);
  const int limit = is_steep ? height_ : width_;
  const int across_limit = is_steep ? width_ : height_;
  const int begin =
      static_cast<int>(std::clamp(std::floor(std::min(along_from, along_to) - reach), 0.0, double(limit)));
  const int end = static_cast<int>(std::clamp(std::ceil(std::max(along_from, along_to) + reach), 0.0, double(limit)));
  for (int i = begin; i < end; ++i) {
    const double along = std::clamp(i + 0.5, std::min(along_from, along_to), std::max(along_from, along_to));
    const double middle = across_from + (along - along_from) * slope;
    const int first = static_cast<int>(std::clamp(std::floor(middle - width - 1), 0.0, double(across_limit)));
    const int last = static_cast<int>(std::clamp(std::ceil(middle + width + 1), 0.0, double(across_limit)));
    for (int k = first; k < last; ++k) {
      const int x = is_steep ? k : i;
      const int y = is_steep ? i : k;
      mark(x, y, radius + 0.5 - distance_to_segment(x + 0.5, y + 0.5, from, to));
    }
  }
}

void Raster::paint_marked(Color color) {
  for (int y = mask_top_; y <= mask_bottom_; ++y) {
    for (int x = mask_left_; x <= mask_right_; ++x) {
      std::uint8_t& mask =
          mask_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)];
      if (mask != 0) {
        blend(x, y, color, mask / 255.0);
        mask = 0;
      }
    }
  }
  mask_left_ = width_;
  mask_right_ = -1;
  mask_top_ = height_;
  mask_bottom_ = -1;
}

void Raster::paint(const Stroke& stroke) {
  for (std::size_t i = 1; i < stroke.points.size(); ++i) {
    mark_segment(stroke.points[i - 1], stroke.points[i], stroke.width / 2);
  }
  paint_marked(stroke.color);
}

void Raster::paint(const Area& area) {
  for (std::size_t i = 1; i < area.points.size(); ++i) {
    const Point from = area.points[i - 1];
    const Point to = area.points[i];
    const int begin = std::clamp(static_cast<int>(std::floor(from.x)), 0, width_);
    const int end = std::clamp(static_cast<int>(std::ceil(to.x)), 0, width_);
    for (int x = begin; x < end; ++x) {
      const double share = overlap(x, from.x, to.x);
      if (share <= 0) {
        continue;
      }
      const double middle = std::clamp(x + 0.5, from.x, to.x);
      const double top = from.y + (to.y - from.y) * (middle - from.x) / (to.x - from.x);
      const int first = std::clamp(static_cast<int>(std::floor(top)), 0, height_);
      const int last = std::clamp(static_cast<int>(std::ceil(area.base)), 0, height_);
      for (int y = first; y < last; ++y) {
        // Neighbouring stretches share a column of pixels: what each covers of it adds up.
        blend(x, y, area.color, area.opacity * share * overlap(y, top, area.base));
      }
    }
  }
}

void Raster::paint(const Box& box) {
  const int left = std::clamp(static_cast<int>(std::floor(box.x)), 0, width_);
  const int right = std::clamp(static_cast<int>(std::ceil(box.x + box.width)), 0, width_);
  const int top = std::clamp(static_cast<int>(std::floor(box.y)), 0, height_);
  const int bottom = std::clamp(static_cast<int>(std::ceil(box.y + box.height)), 0, height_);
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      blend(x, y, box.color, overlap(x, box.x, box.x + box.width) * overlap(y, box.y, box.y + box.height));
    }
  }
}

void Raster::paint(const Dot& dot) {
  mark_segment(dot.at, dot.at, dot.radius);
  paint_marked(dot.color);
}

void Raster::paint(const Words& words) {
  const double width = stroked_width(words.text, words.size, words.is_bold);
  const double shift = words.anchor == TextAnchor::kMiddle ? width / 2 : words.anchor == TextAnchor::kEnd ? width : 0;
  // On the middle of a pixel a horizontal stroke is sharp.
  const Point at = {std::round(words.at.x - shift), std::floor(words.at.y) - 0.5};
  const double radius = words.size * (words.is_bold ? 0.066 : 0.045);
  for (const std::vector<Point>& line : stroked_text(words.text, at, words.size, words.is_bold)) {
    for (std::size_t i = 1; i < line.size(); ++i) {
      mark_segment(line[i - 1], line[i],
                   radius + (line.size() == 2 && line[0].x == line[1].x && line[0].y == line[1].y
                                 ? words.size * 0.025  // a point is a little fatter than a pen
                                 : 0));
    }
  }
  paint_marked(words.color);
}

}  // namespace mcore
