// SPDX-License-Identifier: Apache-2.0
//
// draw_chart(): where everything of a chart stands. From above: title; range; unit over the axis of values; the lines;
// times; legend in as many columns as fit.
#include "render/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/utf8.h"
#include "render/cell_text.h"
#include "render/chart_scale.h"
#include "render/stroke_font.h"

namespace mcore {
namespace {

constexpr double kMargin = 16;
constexpr double kTitleSize = 16;
constexpr double kTextSize = 12;
constexpr double kLegendRow = 18;
constexpr double kTickLength = 4;

struct Theme {
  Color background;
  Color text;
  Color muted;
  Color grid;
  Color axis;
  std::array<Color, 12> lines;
};
constexpr Theme kLight = {
    .background = {255, 255, 255},
    .text = {31, 35, 40},
    .muted = {95, 103, 112},
    .grid = {228, 231, 235},
    .axis = {140, 148, 157},
    .lines = {{{42, 111, 219},
               {222, 107, 20},
               {34, 148, 83},
               {204, 51, 68},
               {128, 82, 190},
               {20, 150, 168},
               {214, 80, 158},
               {133, 95, 60},
               {160, 150, 20},
               {90, 105, 125},
               {235, 165, 10},
               {70, 75, 150}}},
};
constexpr Theme kDark = {
    .background = {24, 27, 31},
    .text = {226, 230, 235},
    .muted = {150, 158, 168},
    .grid = {46, 51, 58},
    .axis = {98, 107, 118},
    .lines = {{{98, 160, 255},
               {255, 152, 72},
               {92, 200, 132},
               {255, 107, 117},
               {178, 140, 245},
               {70, 205, 220},
               {250, 135, 200},
               {205, 160, 120},
               {215, 205, 85},
               {165, 180, 200},
               {255, 205, 80},
               {140, 150, 235}}},
};

/// Printable text no wider than `width`, cut at the end where it must be.
std::string fitted(std::string_view text, double size, double width, bool is_bold = false) {
  std::string out = cell_text(text, TableFormat::kTable);
  if (stroked_width(out, size, is_bold) <= width) {
    return out;
  }
  const double room = width - stroked_width("…", size, is_bold);
  std::size_t bytes = 0;
  double reached = 0;
  while (bytes < out.size()) {
    const std::size_t next = std::max<std::size_t>(utf8_length(std::string_view(out).substr(bytes)), 1);
    reached += stroked_width(std::string_view(out).substr(bytes, next), size, is_bold);
    if (reached > room) {
      break;
    }
    bytes += next;
  }
  return out.substr(0, bytes) + "…";
}

/// Lines with the same x, thinned to what can be seen: first, least, greatest and last of a column of pixels.
std::vector<Point> thinned(const std::vector<Point>& points) {
  std::vector<Point> out;
  for (std::size_t i = 0; i < points.size();) {
    const double column = std::floor(points[i].x);
    std::size_t end = i;
    std::size_t least = i;
    std::size_t greatest = i;
    for (; end < points.size() && std::floor(points[end].x) == column; ++end) {
      least = points[end].y < points[least].y ? end : least;
      greatest = points[end].y > points[greatest].y ? end : greatest;
    }
    std::array<std::size_t, 4> kept = {i, least, greatest, end - 1};
    std::ranges::sort(kept);
    for (std::size_t k = 0; k < kept.size(); ++k) {
      if (k == 0 || kept[k] != kept[k - 1]) {
        out.push_back(points[kept[k]]);
      }
    }
    i = end;
  }
  return out;
}

class ChartDrawer {
 public:
  ChartDrawer(const Chart& chart, const PictureStyle& style)
      : chart_(chart), theme_(style.dark ? kDark : kLight), human_{.zone = style.zone} {
    picture_.width = std::clamp(style.width, kLeastPictureSize, kMostPictureSize);
    picture_.height = std::clamp(style.height, kLeastPictureSize, kMostPictureSize);
    picture_.background = theme_.background;
    picture_.title = cell_text(chart.title, TableFormat::kTable);
  }

  [[nodiscard]] Picture draw() {
    place_legend();
    place_area();
    put_heading();
    put_grid();
    put_lines();
    put_legend();
    return std::move(picture_);
  }

 private:
  void words(Point at, std::string text, Color color, TextAnchor anchor = TextAnchor::kStart, double size = kTextSize,
             bool is_bold = false) {
    picture_.shapes.push_back(
        Words{.at = at, .text = std::move(text), .size = size, .color = color, .anchor = anchor, .is_bold = is_bold});
  }
  void box(double x, double y, double width, double height, Color color) {
    picture_.shapes.emplace_back(std::in_place_type<Box>, Box{x, y, width, height, color});
  }
  [[nodiscard]] double inner_width() const noexcept { return picture_.width - 2 * kMargin; }
  [[nodiscard]] Color line_color(std::size_t line) const noexcept { return theme_.lines[line % theme_.lines.size()]; }

  // --- Where things stand ------------------------------------------------------------------------------------------

  void place_legend() {
    const std::size_t count = chart_.lines.size();
    const auto fitting = static_cast<std::size_t>(std::max(1.0, std::floor(inner_width() / 400)));
    legend_columns_ = std::clamp<std::size_t>((count + 3) / 4, 1, fitting);
    // The lines keep a good third of the height, whatever the legend has to say.
    const double left_over = picture_.height * 0.6 - 2 * kMargin - 50 - 32;
    const auto most_rows = static_cast<std::size_t>(std::max(1.0, std::floor(left_over / kLegendRow)));
    const std::size_t wanted_rows = (count + legend_columns_ - 1) / legend_columns_;
    legend_rows_ = wanted_rows <= most_rows + 1 ? wanted_rows : most_rows;  // a note would need the row as well
    legend_shown_ = std::min(count, legend_rows_ * legend_columns_);
    if (legend_shown_ < count) {
      notes_.push_back(fmt::format("and {} more", count - legend_shown_));
    }
    if (chart_.hidden > 0) {
      notes_.push_back(fmt::format("{} not drawn: NaN or infinite", chart_.hidden));
    }
    if (chart_.has_means) {
      notes_.emplace_back("histograms are drawn as the mean of their observations");
    }
  }

  void place_area() {
    top_ = kMargin + 50 + (unit_title(chart_.unit, human_).empty() ? 0 : 18);
    const double legend = static_cast<double>(legend_rows_ + (notes_.empty() ? 0 : 1)) * kLegendRow;
    bottom_ = std::max(top_ + 20, std::round(picture_.height - kMargin - legend - (legend > 0 ? 10 : 0) - 22));
    const int ticks = std::clamp(static_cast<int>((bottom_ - top_) / 36) + 2, 3, 12);
    scale_ = value_scale(chart_.low, chart_.high, ticks, chart_.unit, human_);
    double labels = 0;
    for (const ValueTick& tick : scale_.ticks) {
      labels = std::max(labels, stroked_width(tick.text, kTextSize));
    }
    left_ = std::round(kMargin + labels + kTickLength + 6);
    right_ = std::max(left_ + 20, picture_.width - kMargin - 4);
  }

  [[nodiscard]] double x_of(std::int64_t t_ms) const noexcept {
    const double span = static_cast<double>(chart_.end_ms) - static_cast<double>(chart_.start_ms);
    const double place = span <= 0 ? 0.5 : (static_cast<double>(t_ms) - static_cast<double>(chart_.start_ms)) / span;
    return left_ + place * (right_ - left_);
  }
  [[nodiscard]] double y_of(double value) const noexcept {
    return bottom_ - std::clamp(scale_.place(value), 0.0, 1.0) * (bottom_ - top_);
  }

  // --- Painting ----------------------------------------------------------------------------------------------------

  void put_heading() {
    words({kMargin, kMargin + 13}, fitted(chart_.title, kTitleSize, inner_width(), true), theme_.text,
          TextAnchor::kStart, kTitleSize, true);
    words({kMargin, kMargin + 32},
          fitted(time_range_text(chart_.start_ms, chart_.end_ms, human_.zone), kTextSize, inner_width()), theme_.muted);
    if (const std::string unit = unit_title(chart_.unit, human_); !unit.empty()) {
      words({kMargin, top_ - 14}, unit, theme_.muted);
    }
  }

  void put_grid() {
    for (const ValueTick& tick : scale_.ticks) {
      const double y = std::round(y_of(tick.at));
      box(left_, y, right_ - left_, 1, theme_.grid);
      words({left_ - kTickLength - 4, y + 4}, tick.text, theme_.muted, TextAnchor::kEnd);
    }
    const auto most = std::max(2, static_cast<int>((right_ - left_) / 80));
    for (const TimeTick& tick : time_ticks(chart_.start_ms, chart_.end_ms, most, human_.zone)) {
      const double x = std::round(x_of(tick.t_ms));
      const double half = stroked_width(tick.text, kTextSize) / 2;
      box(x, top_, 1, bottom_ - top_, theme_.grid);
      box(x, bottom_, 1, kTickLength, theme_.axis);
      words({std::min(x, picture_.width - half - 2), bottom_ + 18}, tick.text, theme_.muted, TextAnchor::kMiddle);
    }
    box(left_, bottom_, right_ - left_, 1, theme_.axis);
    if (scale_.low < 0 && scale_.high > 0) {
      box(left_, std::round(y_of(0)), right_ - left_, 1, theme_.axis);
    }
    if (chart_.samples == 0) {
      words({(left_ + right_) / 2, (top_ + bottom_) / 2 + 4}, "no samples", theme_.muted, TextAnchor::kMiddle);
    }
  }

  void put_lines() {
    for (std::size_t line = chart_.lines.size(); line-- > 0;) {  // the first lie on top
      const ChartLine& one = chart_.lines[line];
      std::vector<Point> stretch;
      for (std::size_t i = 0; i < one.t_ms.size(); ++i) {
        if (i > 0 && one.t_ms[i] - one.t_ms[i - 1] > chart_.gap_ms) {
          put_stretch(std::exchange(stretch, {}), line_color(line));
        }
        if (one.t_ms[i] >= chart_.start_ms && one.t_ms[i] <= chart_.end_ms) {
          stretch.push_back({x_of(one.t_ms[i]), y_of(one.value[i])});
        }
      }
      put_stretch(std::move(stretch), line_color(line));
    }
  }

  void put_stretch(std::vector<Point> stretch, Color color) {
    if (stretch.size() == 1) {
      picture_.shapes.emplace_back(std::in_place_type<Dot>, Dot{stretch[0], 2.5, color});
    }
    if (stretch.size() < 2) {
      return;
    }
    stretch = thinned(stretch);
    if (chart_.lines.size() == 1 && scale_.low == 0) {
      picture_.shapes.emplace_back(std::in_place_type<Area>,
                                   Area{.points = stretch, .base = bottom_, .color = color, .opacity = 0.12});
    }
    picture_.shapes.emplace_back(std::in_place_type<Stroke>,
                                 Stroke{std::move(stretch), color, chart_.lines.size() > 6 ? 1.4 : 1.8});
  }

  // --- Legend ------------------------------------------------------------------------------------------------------

  using Numbers = std::array<std::string, 3>;
  static constexpr std::array<const char*, 3> kNumberNames = {"min ", "max ", "last "};

  [[nodiscard]] Numbers numbers_of(const ChartLine& line) const {
    if (line.value.empty()) {
      return {};
    }
    const LineSummary summary = summary_of(line);
    return {human_text(summary.min, chart_.unit, human_), human_text(summary.max, chart_.unit, human_),
            human_text(summary.last, chart_.unit, human_)};
  }

  void put_legend() {
    const double first_y = bottom_ + 22 + 10 + kLegendRow - 5;
    const double column_width = inner_width() / static_cast<double>(legend_columns_);
    for (std::size_t column = 0; column < legend_columns_ && column * legend_rows_ < legend_shown_; ++column) {
      const std::size_t begin = column * legend_rows_;
      put_legend_column(begin, std::min(begin + legend_rows_, legend_shown_),
                        {kMargin + column_width * static_cast<double>(column), first_y}, column_width - 24);
    }
    std::string text;
    for (const std::string& note : notes_) {
      text += (text.empty() ? "" : "; ") + note;
    }
    if (!text.empty()) {
      words({kMargin, first_y + static_cast<double>(legend_rows_) * kLegendRow}, fitted(text, kTextSize, inner_width()),
            theme_.muted);
    }
  }

  void put_legend_column(std::size_t begin, std::size_t end, Point at, double width) {
    std::array<double, 3> number_widths{};
    double name_width = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const Numbers numbers = numbers_of(chart_.lines[i]);
      for (std::size_t k = 0; k < numbers.size(); ++k) {
        number_widths[k] = std::max(number_widths[k], stroked_width(kNumberNames[k] + numbers[k], kTextSize));
      }
      name_width =
          std::max(name_width, stroked_width(cell_text(chart_.lines[i].legend, TableFormat::kTable), kTextSize));
    }
    constexpr double kSwatch = 22;
    constexpr double kBetween = 16;
    // The names come first: where they are long, the least value goes, then the greatest.
    std::size_t first = 0;
    const auto room = [&] {
      double left = width - kSwatch;
      for (std::size_t k = first; k < number_widths.size(); ++k) {
        left -= number_widths[k] + kBetween;
      }
      return left;
    };
    while (first < 2 && room() < name_width) {
      ++first;
    }
    name_width = std::min(name_width, std::max(room(), 40.0));
    for (std::size_t i = begin; i < end; ++i, at.y += kLegendRow) {
      box(at.x, at.y - 5, 14, 3, line_color(i));
      words({at.x + kSwatch, at.y}, fitted(chart_.lines[i].legend, kTextSize, name_width), theme_.text);
      const Numbers numbers = numbers_of(chart_.lines[i]);
      double x = at.x + kSwatch + name_width;
      for (std::size_t k = first; k < numbers.size() && !numbers[k].empty(); ++k) {
        x += kBetween + number_widths[k];
        words({x, at.y}, kNumberNames[k] + numbers[k], theme_.muted, TextAnchor::kEnd);
      }
    }
  }

  const Chart& chart_;
  const Theme& theme_;
  HumanStyle human_;
  Picture picture_;
  ValueScale scale_;
  std::vector<std::string> notes_;
  std::size_t legend_columns_ = 1;
  std::size_t legend_rows_ = 0;
  std::size_t legend_shown_ = 0;
  double left_ = 0;
  double right_ = 0;
  double top_ = 0;
  double bottom_ = 0;
};

}  // namespace

Picture draw_chart(const Chart& chart, const PictureStyle& style) {
  return ChartDrawer(chart, style).draw();
}

}  // namespace mcore
