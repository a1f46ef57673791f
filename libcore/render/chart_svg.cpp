// SPDX-License-Identifier: Apache-2.0
#include "render/chart_svg.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "base/utf8.h"

namespace mcore {
namespace {

/// A tenth of a pixel is as fine as it needs to be.
std::string number(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) {
    text.resize(text.size() - 2);
  }
  return text == "-0" ? "0" : text;
}

std::string text_of(Color color) {
  return fmt::format("#{:02x}{:02x}{:02x}", color.red, color.green, color.blue);
}

/// XML has no way to write most control characters, nor bytes that are no UTF-8.
std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (size == 0 || byte < 0x20) {
      out += "\uFFFD";
    } else if (text[0] == '<' || text[0] == '>' || text[0] == '&' || text[0] == '"') {
      out += text[0] == '<' ? "&lt;" : text[0] == '>' ? "&gt;" : text[0] == '&' ? "&amp;" : "&quot;";
    } else if (text.starts_with("\uFFFE") || text.starts_with("\uFFFF")) {
      out += "\uFFFD";
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::string points_of(const std::vector<Point>& points) {
  std::string out;
  for (const Point& point : points) {
    out += (out.empty() ? "" : " ") + number(point.x) + "," + number(point.y);
  }
  return out;
}

std::string element_of(const Stroke& stroke) {
  return fmt::format(R"(<polyline points="{}" stroke="{}" stroke-width="{}"/>)", points_of(stroke.points),
                     text_of(stroke.color), number(stroke.width));
}

std::string element_of(const Area& area) {
  std::vector<Point> outline = area.points;
  outline.push_back({area.points.back().x, area.base});
  outline.push_back({area.points.front().x, area.base});
  return fmt::format(R"(<polygon points="{}" fill="{}" fill-opacity="{:.2f}"/>)", points_of(outline),
                     text_of(area.color), area.opacity);
}

std::string element_of(const Box& box) {
  return fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>)", number(box.x), number(box.y),
                     number(box.width), number(box.height), text_of(box.color));
}

std::string element_of(const Dot& dot) {
  return fmt::format(R"(<circle cx="{}" cy="{}" r="{}" fill="{}"/>)", number(dot.at.x), number(dot.at.y),
                     number(dot.radius), text_of(dot.color));
}

std::string element_of(const Words& words) {
  const std::string_view anchor = words.anchor == TextAnchor::kMiddle ? R"( text-anchor="middle")"
                                  : words.anchor == TextAnchor::kEnd  ? R"( text-anchor="end")"
                                                                      : "";
  return fmt::format(R"(<text x="{}" y="{}" font-size="{}" fill="{}"{}{}>{}</text>)", number(words.at.x),
                     number(words.at.y), number(words.size), text_of(words.color), anchor,
                     words.is_bold ? R"( font-weight="600")" : "", escaped(words.text));
}

}  // namespace

std::string svg_of(const Picture& picture) {
  std::string out = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img")"
      R"( font-family="Helvetica, Arial, 'Liberation Sans', sans-serif" fill="none" stroke-linejoin="round")"
      R"( stroke-linecap="round">)"
      "\n<title>{2}</title>\n"
      R"(<rect width="{0}" height="{1}" fill="{3}"/>)"
      "\n",
      picture.width, picture.height, escaped(picture.title), text_of(picture.background));
  for (const Shape& shape : picture.shapes) {
    out += std::visit([](const auto& one) { return element_of(one); }, shape);
    out += '\n';
  }
  return out + "</svg>\n";
}

}  // namespace mcore
