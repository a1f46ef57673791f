// SPDX-License-Identifier: Apache-2.0
//
// A glyph is written as strokes, and a stroke as a sign and points. A point is two digits to the base 36, x and y: y is
// 4 on the base line, c (12) at the height of small letters, g (16) at that of capitals, 0 at the lowest. The signs:
//   -  straight lines through the points
//   ~  a smooth line from the first point to the last, drawn towards those between (a quadratic B-spline)
//   o  the same, closed
#include "render/stroke_font.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/utf8.h"

namespace mcore {
namespace {

constexpr double kUnitsPerEm = 16;
constexpr int kBaseLine = 4;
constexpr double kBoldSpacing = 0.75;

struct Glyph {
  int advance;
  std::string_view strokes;
};

/// From blank to tilde.
constexpr Glyph kAscii[] = {
    {6, ""},
    {4, "-2g28 -2424"},
    {6, "-2g2d -4g4d"},
    {10, "-4g24 -8g64 -1c9c -1888"},
    {9, "~7d6e1e1b4a79762617 -4h43"},
    {12, "o1c4c4g1g o74a4a878 -9g24"},
    {10, "~942d2g6g6d19146489"},
    {4, "-2g2d"},
    {5, "~4g2e1b172442"},
    {5, "~1g3e4b473412"},
    {8, "-4g4a -2f6b -6f2b"},
    {10, "-5d55 -1999"},
    {4, "-2512"},
    {7, "-1969"},
    {4, "-2424"},
    {7, "-136g"},
    {9, "o14848g1g"},
    {9, "-2e5g54 -2484"},
    {9, "~1d1g8g8b14 -1484"},
    {9, "~1e2g8g8a4a ~4a8a842416"},
    {9, "-646g1787"},
    {9, "-7g2g1b ~1b3c8c842415"},
    {9, "o14848c1c ~7g3g1c18"},
    {9, "-1g8g34"},
    {9, "o2a7a7g2g o14848a1a"},
    {9, "o18888g1g ~8c886424"},
    {4, "-2424 -2b2b"},
    {4, "-2512 -2b2b"},
    {10, "-8d1985"},
    {10, "-1b9b -1797"},
    {10, "-1d8915"},
    {8, "~1d1g7g7c4b48 -4444"},
    {14, "o12c2cg1g o47878c4c ~8c87a7b9"},
    {10, "-145g94 -2888"},
    {10, "-141g ~1g4g8g8a4a1a ~1a5a9a945414"},
    {10, "~9e7g1g147496"},
    {11, "-141g ~1g4gaga44414"},
    {9, "-8g1g1484 -1a7a"},
    {9, "-8g1g14 -1a7a"},
    {11, "~9e7g1g14a4a9 -a969"},
    {11, "-1g14 -9g94 -1a9a"},
    {4, "-2g24"},
    {8, "~6g68641417"},
    {10, "-1g14 -8g19 -3b94"},
    {9, "-1g1484"},
    {12, "-141g67bgb4"},
    {11, "-141g949g"},
    {12, "o14b4bg1g"},
    {10, "-141g ~1g5g9g995919"},
    {12, "o14b4bg1g -77b3"},
    {10, "-141g ~1g5g9g995919 -5994"},
    {10, "~8e6g1g1b5a99943416"},
    {10, "-1g9g -5g54"},
    {11, "~1g191494999g"},
    {10, "-1g549g"},
    {14, "-1g447fa4dg"},
    {10, "-1g94 -9g14"},
    {10, "-1g5a9g -5a54"},
    {10, "-1g9g1494"},
    {5, "-4g1g1242"},
    {7, "-1g63"},
    {5, "-1g4g4212"},
    {8, "-1c4g7c"},
    {9, "-0292"},
    {5, "-1g3e"},
    {9, "-7c74 o14747c1c"},
    {9, "-1g14 o14747c1c"},
    {8, "~7b6c1c146475"},
    {9, "-7g74 o14747c1c"},
    {9, "-1878 ~787c1c146475"},
    {6, "~6g3g3c34 -1c6c"},
    {9, "o14747c1c ~7c74702011"},
    {9, "-1g14 ~181c7c7874"},
    {4, "-2c24 -2f2f"},
    {5, "~3c323000 -3f3f"},
    {8, "-1g14 -6c17 -3974"},
    {5, "~2g282444"},
    {13, "-1c14 ~181c6c6864 ~686cbcb8b4"},
    {9, "-1c14 ~181c7c7874"},
    {9, "o14848c1c"},
    {9, "-1c10 o14747c1c"},
    {9, "-7c70 o14747c1c"},
    {6, "-1c14 ~181c5c"},
    {8, "~6b5c1c194877742415"},
    {7, "~3f383464 -1c6c"},
    {9, "~1c18147478 -7c74"},
    {8, "-1c447c"},
    {12, "-1c346b94bc"},
    {8, "-1c74 -7c14"},
    {8, "-1c44 -7c4420"},
    {8, "-1c7c1474"},
    {6, "~5g3g3a19 ~19383252"},
    {4, "-2g22"},
    {6, "~1g3g3a59 ~59383212"},
    {10, "~183b779a"},
};

struct NamedGlyph {
  std::string_view character;
  Glyph glyph;
};
constexpr NamedGlyph kOthers[] = {
    {"°", {6, "o1c4c4g1g"}},
    {"µ", {9, "-1c10 ~1818147478 -7c74"}},
    {"×", {9, "-2b76 -7b26"}},
    {"·", {4, "-2929"}},
    {"–", {9, "-1989"}},
    {"…", {14, "-2424 -7474 -c4c4"}},
    {"ä", {9, "-7c74 o14747c1c -2f2f -6f6f"}},
    {"ö", {9, "o14848c1c -2f2f -6f6f"}},
    {"ü", {9, "~1c18147478 -7c74 -2f2f -6f6f"}},
    {"ß", {9, "-141d ~1d1g6g6b4a ~4a8a842434"}},
    {"Ä", {10, "-145f94 -2888 -2g2g -8g8g"}},
    {"Ö", {12, "o14b4bf1f -4h4h -8h8h"}},
    {"Ü", {11, "~1g191494999g -3h3h -7h7h"}},
};
constexpr Glyph kUnknown = {9, "-1g8g84141g"};

int digit_of(char c) noexcept {
  return c <= '9' ? c - '0' : c - 'a' + 10;
}

/// The glyph of the character that the text begins with, which is taken off.
const Glyph& take_glyph(std::string_view& text) noexcept {
  const std::size_t size = std::max<std::size_t>(utf8_length(text), 1);
  const std::string_view character = text.substr(0, size);
  text.remove_prefix(size);
  if (character[0] >= ' ' && character[0] <= '~') {
    return kAscii[character[0] - ' '];
  }
  const auto* const found = std::ranges::find(kOthers, character, &NamedGlyph::character);
  return found == std::end(kOthers) ? kUnknown : found->glyph;
}

/// A piece of a parabola, from `a` to `c`, drawn towards `b`.
void add_curve(std::vector<Point>& out, Point a, Point b, Point c) {
  constexpr int kSteps = 6;
  for (int i = 1; i <= kSteps; ++i) {
    const double t = static_cast<double>(i) / kSteps;
    const double u = 1 - t;
    out.push_back({u * u * a.x + 2 * u * t * b.x + t * t * c.x, u * u * a.y + 2 * u * t * b.y + t * t * c.y});
  }
}

Point middle(Point a, Point b) noexcept {
  return {(a.x + b.x) / 2, (a.y + b.y) / 2};
}

std::vector<Point> smooth(const std::vector<Point>& control, bool closed) {
  const std::size_t count = control.size();
  std::vector<Point> out;
  if (closed) {
    out.push_back(middle(control[count - 1], control[0]));
    for (std::size_t i = 0; i < count; ++i) {
      add_curve(out, out.back(), control[i], middle(control[i], control[(i + 1) % count]));
    }
    return out;
  }
  out.push_back(control[0]);
  for (std::size_t i = 1; i + 1 < count; ++i) {
    add_curve(out, out.back(), control[i], i + 2 == count ? control[i + 1] : middle(control[i], control[i + 1]));
  }
  return out;
}

}  // namespace

std::vector<std::vector<Point>> stroked_text(std::string_view text, Point at, double size, bool is_bold) {
  const double unit = size / kUnitsPerEm;
  std::vector<std::vector<Point>> lines;
  while (!text.empty()) {
    const Glyph& glyph = take_glyph(text);
    for (std::string_view rest = glyph.strokes; !rest.empty();) {
      const std::string_view stroke = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), stroke.size() + 1));
      std::vector<Point> points;
      for (std::size_t i = 1; i + 1 < stroke.size(); i += 2) {
        points.push_back({at.x + digit_of(stroke[i]) * unit, at.y - (digit_of(stroke[i + 1]) - kBaseLine) * unit});
      }
      lines.push_back(stroke[0] == '-' ? std::move(points) : smooth(points, stroke[0] == 'o'));
    }
    at.x += (glyph.advance + (is_bold ? kBoldSpacing : 0)) * unit;
  }
  return lines;
}

double stroked_width(std::string_view text, double size, bool is_bold) noexcept {
  double units = 0;
  while (!text.empty()) {
    units += take_glyph(text).advance + (is_bold ? kBoldSpacing : 0);
  }
  return units * size / kUnitsPerEm;
}

}  // namespace mcore
