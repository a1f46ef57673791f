// SPDX-License-Identifier: Apache-2.0
#include "render/plot_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "render/cell_text.h"
#include "render/chart_scale.h"

namespace mcore {
namespace {

constexpr int kDotsAcross = 2;  // of a Braille character
constexpr int kDotsDown = 4;
constexpr int kLeastRows = 10;
constexpr std::size_t kMostLegends = 12;
/// The bits of the dots in U+2800, by column and row.
constexpr std::array<std::array<unsigned char, 4>, 2> kDotBits = {{{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}};
constexpr int kColors[] = {36, 33, 32, 35, 34, 31, 96, 93, 92, 95, 94, 91};
constexpr std::string_view kMarks[] = {"●", "○", "■", "□", "▲", "△", "◆", "◇", "★", "☆", "✚", "✖"};
constexpr std::string_view kAsciiMarks = "*o#+x@%=&$~^";

/// A text cut to a number of characters.
std::string fitted(std::string_view text, std::size_t width, bool ascii) {
  std::string out = cell_text(text, TableFormat::kTable);
  if (ascii) {
    std::string replaced;
    for (std::string_view rest = out; !rest.empty(); rest.remove_prefix(std::max<std::size_t>(utf8_length(rest), 1))) {
      replaced += static_cast<unsigned char>(rest[0]) < 0x80 ? rest[0] : '?';
    }
    out = replaced;
  }
  if (text_width(out) <= width) {
    return out;
  }
  const std::string_view end = ascii ? "..." : "…";
  const std::size_t kept = width - std::min(width, text_width(end));
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < kept; ++i) {
    bytes += utf8_length(std::string_view(out).substr(bytes));
  }
  return out.substr(0, bytes) + std::string(end);
}

std::string padded_left(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text_width(text)), ' ') + text;
}

std::string in_color(std::string_view text, std::size_t line, bool color) {
  return color ? fmt::format("\x1B[{}m{}\x1B[0m", kColors[line % std::size(kColors)], text) : std::string(text);
}

/// The area of the lines: characters, each with its dots and the line that drew there last.
class Canvas {
 public:
  Canvas(int columns, int rows, bool braille)
      : columns_(columns),
        rows_(rows),
        braille_(braille),
        cells_(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows)) {}

  /// In points: dots with Braille, else characters.
  [[nodiscard]] int points_across() const noexcept { return columns_ * (braille_ ? kDotsAcross : 1); }
  [[nodiscard]] int points_down() const noexcept { return rows_ * (braille_ ? kDotsDown : 1); }
  [[nodiscard]] int row_of(int y) const noexcept { return y / (braille_ ? kDotsDown : 1); }
  [[nodiscard]] int column_of(int x) const noexcept { return x / (braille_ ? kDotsAcross : 1); }

  void set(int x, int y, std::size_t line) noexcept {
    if (x < 0 || y < 0 || x >= points_across() || y >= points_down()) {
      return;
    }
    Cell& cell = cells_[static_cast<std::size_t>(row_of(y) * columns_ + column_of(x))];
    cell.dots |=
        braille_ ? kDotBits[static_cast<std::size_t>(x % kDotsAcross)][static_cast<std::size_t>(y % kDotsDown)] : 1U;
    cell.line = line;
  }

  /// Bresenham's way from one point to another.
  void connect(int x0, int y0, int x1, int y1, std::size_t line) noexcept {
    const int dx = std::abs(x1 - x0);
    const int dy = -std::abs(y1 - y0);
    int error = dx + dy;
    while (true) {
      set(x0, y0, line);
      if (x0 == x1 && y0 == y1) {
        return;
      }
      const int twice = 2 * error;
      if (twice >= dy) {
        error += dy;
        x0 += x0 < x1 ? 1 : -1;
      }
      if (twice <= dx) {
        error += dx;
        y0 += y0 < y1 ? 1 : -1;
      }
    }
  }

  [[nodiscard]] std::string row(int row, bool ascii, bool color) const {
    std::string out;
    std::string run;  // of one line; blanks belong to any
    std::size_t line = 0;
    for (int column = 0; column < columns_; ++column) {
      const Cell& cell = cells_[static_cast<std::size_t>(row * columns_ + column)];
      if (cell.dots != 0 && cell.line != line && !run.empty()) {
        out += in_color(run, line, color);
        run.clear();
      }
      line = cell.dots != 0 ? cell.line : line;
      run += cell.dots != 0 ? text_of(cell, ascii) : " ";
    }
    run.resize(run.find_last_not_of(' ') + 1);
    return out + (run.empty() ? run : in_color(run, line, color));
  }

 private:
  struct Cell {
    unsigned dots = 0;
    std::size_t line = 0;
  };
  [[nodiscard]] std::string text_of(const Cell& cell, bool ascii) const {
    if (braille_) {  // U+2800 and the dots, as UTF-8
      return {static_cast<char>(0xE2), static_cast<char>(0xA0 | (cell.dots >> 6U)),
              static_cast<char>(0x80 | (cell.dots & 0x3FU))};
    }
    return ascii ? std::string(1, kAsciiMarks[cell.line % kAsciiMarks.size()])
                 : std::string(kMarks[cell.line % std::size(kMarks)]);
  }

  int columns_;
  int rows_;
  bool braille_;
  std::vector<Cell> cells_;
};

class Plot {
 public:
  Plot(const Chart& chart, const PlotStyle& style) : chart_(chart), style_(style) {
    style_.width = std::clamp(style.width, 30, 1000);
    braille_ = !style.ascii && (style.color || chart.lines.size() <= 1);
    const int legends = static_cast<int>(std::min(chart.lines.size(), kMostLegends + 1));
    rows_ = std::clamp(style.height - 4 - legends, kLeastRows, 1000);
    scale_ = value_scale(chart.low, chart.high, std::clamp(rows_ / 2 + 1, 3, 9), chart.unit, human());
    // As many rows as let the marks stand at equal distances.
    const int steps = static_cast<int>(scale_.ticks.size()) - 1;
    rows_ = std::max((rows_ - 1 + steps / 2) / steps, 1) * steps + 1;
    for (const ValueTick& tick : scale_.ticks) {
      margin_ = std::max(margin_, text_width(tick.text));
    }
    margin_ = std::min(margin_, static_cast<std::size_t>(style_.width / 3));
    columns_ = style_.width - static_cast<int>(margin_) - 2;  // a blank and the axis
  }

  [[nodiscard]] std::string text() {
    put_heading();
    put_area();
    put_time_axis();
    put_legend();
    return std::move(out_);
  }

 private:
  [[nodiscard]] HumanStyle human() const noexcept { return {.zone = style_.zone, .ascii = style_.ascii}; }
  [[nodiscard]] std::size_t width() const noexcept { return static_cast<std::size_t>(style_.width); }

  void put_line(std::string line) {
    line.resize(line.find_last_not_of(' ') + 1);
    out_ += line + "\n";
  }

  void put_heading() {
    const std::string title = fitted(chart_.title, width(), style_.ascii);
    put_line(std::string((width() - text_width(title)) / 2, ' ') + title);
    const std::string range = time_range_text(chart_.start_ms, chart_.end_ms, style_.zone);
    const std::string unit = padded_left(unit_title(chart_.unit, human()), margin_);
    put_line(unit + padded_left(range, width() - std::min(width(), text_width(unit))));
  }

  [[nodiscard]] int x_of(const Canvas& canvas, std::int64_t t_ms) const noexcept {
    const double span = static_cast<double>(chart_.end_ms) - static_cast<double>(chart_.start_ms);
    const double place = span <= 0 ? 0.5 : (static_cast<double>(t_ms) - static_cast<double>(chart_.start_ms)) / span;
    return static_cast<int>(std::lround(std::clamp(place, -1.0, 2.0) * (canvas.points_across() - 1)));
  }
  [[nodiscard]] int y_of(const Canvas& canvas, double value) const noexcept {
    const double place = std::clamp(scale_.place(value), -1.0, 2.0);
    return static_cast<int>(std::lround((1 - place) * (canvas.points_down() - 1)));
  }

  void draw(Canvas& canvas, std::size_t line) const {
    const ChartLine& one = chart_.lines[line];
    int last_x = 0;
    int last_y = 0;
    for (std::size_t i = 0; i < one.t_ms.size(); ++i) {
      const int x = x_of(canvas, one.t_ms[i]);
      const int y = y_of(canvas, one.value[i]);
      const bool joins = i > 0 && one.t_ms[i] - one.t_ms[i - 1] <= chart_.gap_ms;
      const bool is_joined = i + 1 < one.t_ms.size() && one.t_ms[i + 1] - one.t_ms[i] <= chart_.gap_ms;
      if (joins) {
        canvas.connect(last_x, last_y, x, y, line);
      } else {
        canvas.set(x, y, line);
        if (!is_joined && braille_) {  // a lone dot would be overlooked
          canvas.connect(x, y - 1, x + 1, y - 1, line);
          canvas.connect(x, y, x + 1, y, line);
        }
      }
      last_x = x;
      last_y = y;
    }
  }

  void put_area() {
    Canvas canvas(columns_, rows_, braille_);
    for (std::size_t line = chart_.lines.size(); line-- > 0;) {  // the first lie on top
      draw(canvas, line);
    }
    std::vector<std::string> marks(static_cast<std::size_t>(rows_));
    for (const ValueTick& tick : scale_.ticks) {
      const int row = canvas.row_of(y_of(canvas, tick.at));
      if (row >= 0 && row < rows_) {
        marks[static_cast<std::size_t>(row)] = fitted(tick.text, margin_, style_.ascii);
      }
    }
    for (int row = 0; row < rows_; ++row) {
      const std::string& mark = marks[static_cast<std::size_t>(row)];
      const std::string_view axis = mark.empty() ? (style_.ascii ? "|" : "│") : (style_.ascii ? "+" : "┤");
      std::string area = canvas.row(row, style_.ascii, style_.color);
      if (chart_.samples == 0 && row == rows_ / 2) {
        area = std::string(static_cast<std::size_t>(columns_ - 10) / 2, ' ') + "no samples";
      }
      put_line(padded_left(mark, margin_) + " " + std::string(axis) + area);
    }
  }

  void put_time_axis() {
    const Canvas canvas(columns_, 1, false);
    std::vector<bool> marked(static_cast<std::size_t>(columns_), false);
    std::string labels;
    for (const TimeTick& tick : time_ticks(chart_.start_ms, chart_.end_ms, std::max(columns_ / 10, 2), style_.zone)) {
      const int x = std::clamp(x_of(canvas, tick.t_ms), 0, columns_ - 1);
      marked[static_cast<std::size_t>(x)] = true;
      const std::size_t size = tick.text.size();
      const std::size_t middle = margin_ + 2 + static_cast<std::size_t>(x);
      const std::size_t begin = std::min(middle - std::min(middle, size / 2), width() - std::min(width(), size));
      if (labels.empty() || begin >= labels.size() + 2) {
        labels.resize(begin, ' ');
        labels += tick.text;
      }
    }
    std::string line(margin_ + 1, ' ');
    line += style_.ascii ? "+" : "└";
    for (const bool mark : marked) {
      line += mark ? (style_.ascii ? "+" : "┬") : (style_.ascii ? "-" : "─");
    }
    put_line(line);
    put_line(labels);
  }

  [[nodiscard]] std::string mark_of(std::size_t line) const {
    if (style_.ascii) {
      return std::string(1, kAsciiMarks[line % kAsciiMarks.size()]);
    }
    return in_color(braille_ ? "━━" : kMarks[line % std::size(kMarks)], line, style_.color);
  }

  void put_legend() {
    const std::size_t shown = std::min(chart_.lines.size(), kMostLegends);
    std::vector<std::array<std::string, 3>> numbers(shown);
    std::array<std::size_t, 3> widths{};
    std::size_t name_width = 0;
    for (std::size_t i = 0; i < shown; ++i) {
      name_width = std::max(name_width, text_width(fitted(chart_.lines[i].legend, width(), style_.ascii)));
      if (chart_.lines[i].value.empty()) {
        continue;
      }
      const LineSummary summary = summary_of(chart_.lines[i]);
      numbers[i] = {human_text(summary.min, chart_.unit, human()), human_text(summary.max, chart_.unit, human()),
                    human_text(summary.last, chart_.unit, human())};
      for (std::size_t k = 0; k < 3; ++k) {
        widths[k] = std::max(widths[k], text_width(numbers[i][k]));
      }
    }
    // The names come first: where they are long, the least value goes, then the greatest.
    constexpr std::array<std::string_view, 3> kWords = {"   min ", "   max ", "   last "};
    constexpr std::size_t kMark = 5;  // with blanks around
    std::size_t first = 0;
    std::size_t room = 0;
    for (; first < kWords.size(); ++first) {
      std::size_t taken = kMark;
      for (std::size_t k = first; k < kWords.size(); ++k) {
        taken += kWords[k].size() + widths[k];
      }
      room = width() - std::min(width(), taken);
      if (name_width <= room || first + 1 == kWords.size()) {
        break;
      }
    }
    name_width = std::min(name_width, std::max<std::size_t>(room, 8));
    for (std::size_t i = 0; i < shown; ++i) {
      const std::string name = fitted(chart_.lines[i].legend, name_width, style_.ascii);
      std::string line = " " + mark_of(i) + " " + name + std::string(name_width - text_width(name), ' ');
      for (std::size_t k = first; k < kWords.size() && !numbers[i][k].empty(); ++k) {
        line += std::string(kWords[k]) + padded_left(numbers[i][k], widths[k]);
      }
      put_line(line);
    }
    if (chart_.lines.size() > shown) {
      put_line(fmt::format(" and {} more", chart_.lines.size() - shown));
    }
    if (chart_.hidden > 0) {
      put_line(fmt::format(" {} not drawn: NaN or infinite", chart_.hidden));
    }
    if (chart_.has_means) {
      put_line(" histograms are drawn as the mean of their observations");
    }
  }

  const Chart& chart_;
  PlotStyle style_;
  bool braille_ = true;
  int rows_ = 0;
  int columns_ = 0;
  std::size_t margin_ = 0;  // of the values' texts
  ValueScale scale_;
  std::string out_;
};

}  // namespace

std::string plot_text(const Chart& chart, const PlotStyle& style) {
  return Plot(chart, style).text();
}

}  // namespace mcore
