// SPDX-License-Identifier: Apache-2.0
#include "render/chart_png.h"

#include <libdeflate.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "render/stroke_font.h"
#include "support/catch.h"
#include "support/query_values.h"

namespace mcore {
namespace {

constexpr std::int64_t kTime = 1'763'521'920'000;
constexpr Color kWhite = {255, 255, 255};
constexpr Color kBlack = {0, 0, 0};
constexpr Color kRed = {255, 0, 0};

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return number;
}

/// Reads a PNG file of ours back: its pixels, row by row. Checks names, sizes and checksums on the way.
std::vector<Color> pixels_of(std::string_view png, std::uint32_t width, std::uint32_t height) {
  REQUIRE(png.starts_with("\x89PNG\r\n\x1A\n"));
  std::string packed;
  std::size_t at = 8;
  for (const std::string_view name : {"IHDR", "IDAT", "IEND"}) {
    const std::size_t size = number_at(png, at);
    REQUIRE(png.substr(at + 4, 4) == name);
    CHECK(libdeflate_crc32(0, png.data() + at + 4, size + 4) == number_at(png, at + 8 + size));
    if (name == "IHDR") {
      CHECK(number_at(png, at + 8) == width);
      CHECK(number_at(png, at + 12) == height);
    } else if (name == "IDAT") {
      packed = png.substr(at + 8, size);
    }
    at += 12 + size;
  }
  CHECK(at == png.size());
  std::string rows(std::size_t{height} * (std::size_t{width} * 3 + 1), '\0');
  libdeflate_decompressor* const inflater = libdeflate_alloc_decompressor();
  CHECK(libdeflate_zlib_decompress(inflater, packed.data(), packed.size(), rows.data(), rows.size(), nullptr) ==
        LIBDEFLATE_SUCCESS);
  libdeflate_free_decompressor(inflater);
  std::vector<std::uint8_t> above(std::size_t{width} * 3, 0);
  std::vector<Color> pixels;
  for (std::size_t y = 0; y < height; ++y) {
    const char* const row = rows.data() + y * (std::size_t{width} * 3 + 1);
    std::vector<std::uint8_t> bytes(above.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const int base = row[0] == 1 ? (i < 3 ? 0 : bytes[i - 3]) : row[0] == 2 ? above[i] : 0;
      bytes[i] = static_cast<std::uint8_t>(static_cast<unsigned char>(row[1 + i]) + base);
    }
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
      pixels.push_back({bytes[i], bytes[i + 1], bytes[i + 2]});
    }
    above = bytes;
  }
  return pixels;
}

TEST_CASE("a PNG file reads back as the pixels that were painted", "[render][png]") {
  Raster raster(40, 30, {24, 27, 31});
  raster.paint(Stroke{.points = {{-5, -5}, {35, 20}, {50, 3}}, .color = kRed, .width = 3});
  raster.paint(Area{.points = {{5, 20}, {20.5, 4}, {33, 18}}, .base = 28, .color = {0, 255, 0}, .opacity = 0.5});
  raster.paint(Words{.at = {2, 20}, .text = "Äg°", .color = kWhite});
  const std::vector<Color> pixels = pixels_of(png_of(raster), 40, 30);
  REQUIRE(pixels.size() == 40 * 30);
  for (int y = 0; y < 30; ++y) {
    for (int x = 0; x < 40; ++x) {
      REQUIRE(pixels[static_cast<std::size_t>(y * 40 + x)] == raster.pixel(x, y));
    }
  }
}

TEST_CASE("boxes cover pixels by their share", "[render][raster]") {
  Raster raster(4, 2, kWhite);
  raster.paint(Box{.x = 1, .y = 0, .width = 1.5, .height = 1, .color = kBlack});
  CHECK(raster.pixel(0, 0) == kWhite);
  CHECK(raster.pixel(1, 0) == kBlack);
  CHECK(raster.pixel(2, 0) == Color{128, 128, 128});
  CHECK(raster.pixel(3, 0) == kWhite);
  CHECK(raster.pixel(1, 1) == kWhite);
}

TEST_CASE("a line paints no pixel twice where its segments meet", "[render][raster]") {
  Raster raster(20, 9, kWhite);
  raster.paint(Stroke{.points = {{2, 4.5}, {10, 4.5}, {10, 4.5}, {18, 4.5}}, .color = kBlack, .width = 1.5});
  for (int x = 3; x < 17; ++x) {
    CHECK(raster.pixel(x, 4) == kBlack);
    CHECK(raster.pixel(x, 3) == Color{191, 191, 191});
    CHECK(raster.pixel(x, 5) == Color{191, 191, 191});
    CHECK(raster.pixel(x, 2) == kWhite);
  }
  CHECK(raster.pixel(0, 4) == kWhite);
}

TEST_CASE("an area covers what lies below its line, once", "[render][raster]") {
  Raster raster(6, 6, kWhite);
  raster.paint(Area{.points = {{0, 2}, {2.5, 2}, {6, 2}}, .base = 5, .color = kBlack, .opacity = 0.2});
  for (int x = 0; x < 6; ++x) {
    CHECK(raster.pixel(x, 1) == kWhite);
    CHECK(raster.pixel(x, 2).red >= 203);
    CHECK(raster.pixel(x, 2).red <= 209);
    CHECK(raster.pixel(x, 4) == raster.pixel(x, 2));
    CHECK(raster.pixel(x, 5) == kWhite);
  }
}

TEST_CASE("shapes far outside are not painted", "[render][raster]") {
  Raster raster(5, 5, kWhite);
  constexpr double kFar = 1e9;
  raster.paint(Box{.x = -kFar, .y = -kFar, .width = 10, .height = 10, .color = kBlack});
  raster.paint(Dot{.at = {kFar, kFar}, .radius = 3, .color = kBlack});
  raster.paint(Stroke{.points = {{-kFar, -kFar}, {kFar, -kFar}}, .color = kBlack});
  raster.paint(Words{.at = {-kFar, 2}, .text = "x", .color = kBlack});
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 5; ++x) {
      CHECK(raster.pixel(x, y) == kWhite);
    }
  }
}

TEST_CASE("each printable character has a shape of its own", "[render][font]") {
  std::vector<std::string> seen;
  for (char c = '!'; c <= '~'; ++c) {
    std::string shape;
    for (const auto& line : stroked_text(std::string(1, c), {0, 0}, 16)) {
      REQUIRE(line.size() >= 2);
      for (const Point& point : line) {
        CHECK(point.x >= 0);
        CHECK(point.y >= -13.5);
        CHECK(point.y <= 4);
        CHECK(point.x <= stroked_width(std::string(1, c), 16));
        shape += std::to_string(point.x) + "," + std::to_string(point.y) + " ";
      }
      shape += "/";
    }
    CHECK(!shape.empty());
    CHECK(std::ranges::find(seen, shape) == seen.end());
    seen.push_back(shape);
  }
  CHECK(stroked_text(" ", {0, 0}, 16).empty());
  CHECK(stroked_text("\xFF", {0, 0}, 16).size() == 1);  // a box
  CHECK(stroked_width("ab", 16) == 18);
  CHECK(stroked_width("°\xFF", 8) == 7.5);
}

TEST_CASE("charts of all kinds become pictures of the size asked for", "[render][png]") {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  std::vector<QuerySeries> many;
  for (int i = 0; i < 30; ++i) {
    many.push_back(series_of({{"n", std::to_string(i)}}, kTime, 1, std::vector<double>(5000, i)));
  }
  const std::vector<QueryValue> values = {
      matrix_of({}),
      matrix_of({series_of({}, kTime, 60'000, {1})}),
      matrix_of({series_of({}, kTime, 60'000, {NAN, kInf, -kInf})}),
      matrix_of({series_of({}, kTime, 60'000, {1.7e308, -1.7e308, 5e-324})}),
      matrix_of({series_of({}, kTime, 60'000, {3, 3, 3})}),
      matrix_of({series_of({}, kFirstTimeMs, kLastTimeMs, {1, 2})}),
      matrix_of({QuerySeries{.samples = {.t_ms = {std::numeric_limits<std::int64_t>::min(), -1, 0,
                                                  std::numeric_limits<std::int64_t>::max()},
                                         .value = {1, 2, 3, 4}}}}),
      matrix_of(many),
      scalar_of(kTime, 2),
      string_of(kTime, "x"),
  };
  for (const QueryValue& value : values) {
    const Chart chart = chart_of(std::vector<NamedAnswer>{{"x_seconds", &value}}, {});
    for (const auto& [width, height] : {std::pair(960, 480), std::pair(0, -7), std::pair(333, 1000)}) {
      for (const bool dark : {false, true}) {
        const Picture picture =
            draw_chart(chart, {.width = width, .height = height, .dark = dark, .zone = TimeZone::kUtc});
        const std::string png = png_of(picture);
        CHECK(number_at(png, 16) == static_cast<std::uint32_t>(std::max(width, 100)));
        CHECK(number_at(png, 20) == static_cast<std::uint32_t>(std::max(height, 100)));
        CHECK(png.size() < 100'000);
      }
    }
  }
}

}  // namespace
}  // namespace mcore
