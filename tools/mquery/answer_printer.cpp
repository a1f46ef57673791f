// SPDX-License-Identifier: Apache-2.0
#include "answer_printer.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "ingest/stream_output.h"
#include "render/chart_png.h"
#include "render/chart_series.h"
#include "render/chart_svg.h"
#include "render/picture.h"
#include "render/plot_text.h"
#include "render/query_json.h"
#include "render/query_table.h"
#include "render/table.h"

namespace mcore {
namespace {

TextSink sink_to(Console& io) {
  return [&io](std::string& text) {
    io.data(text);
    text.clear();
  };
}

/// The labels under another metric name.
LabelSet renamed(LabelsView labels, const std::string& name) {
  LabelBuilder builder;
  for (const Label& label : labels) {
    if (label.name != kNameLabel) {
      builder.add(label.name, label.value);
    }
  }
  builder.add(kNameLabel, name);
  return LabelSet(builder.build());
}

/// `WxH`. Errors: throws Error (kUsage).
std::optional<std::pair<int, int>> size_of(const std::string& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  constexpr int kMost = 10'000;
  int width = 0;
  int height = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, width);
  const auto second = first.ptr != end && *first.ptr == 'x' ? std::from_chars(first.ptr + 1, end, height) : first;
  if (second.ptr != end || height <= 0 || width <= 0 || width > kMost || height > kMost) {
    throw Error(ErrorKind::kUsage, "option --size", in_quotes(text), "expected width and height, such as 960x480");
  }
  return std::pair(width, height);
}

int terminal_columns() noexcept {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : PlotStyle().width;
}

/// Whether the locale's characters are UTF-8, as the environment names it.
bool speaks_utf8() noexcept {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (const char* const value = std::getenv(name); value != nullptr && *value != '\0') {
      const std::string_view locale(value);
      return locale.find("UTF-8") != std::string_view::npos || locale.find("utf8") != std::string_view::npos;
    }
  }
  return false;
}

}  // namespace

void AnswerPrinter::declare(OptionSet& set) {
  set.output(&format_, &file_,
             {{".tsv", "tsv"},
              {".csv", "csv"},
              {".jsonl", "jsonl"},
              {".json", "json"},
              {".md", "markdown"},
              {".svg", "svg"},
              {".png", "png"},
              {".prom", "prom"}},
             {"table", "tsv", "csv", "json", "jsonl", "prom", "value", "markdown", "plot", "svg", "png"});
  set.default_text("table on a terminal, else tsv");
  set.text("--as", "NAME", &as_, "Call the result by this metric name, in the format prom");
  set.flag("--human", &human_, "Numbers for people: 1.5GiB, 20ms, 12%");
  set.text("--title", "TEXT", &title_, "Title of a plot, svg or png");
  set.default_text("the expression");
  set.text("--legend", "TEMPLATE", &legend_, "What its lines are called, such as '{{instance}}'");
  set.rare();
  set.text("--size", "WxH", &size_, "Size of a picture in pixels, of a plot in characters");
  set.default_text("960x480; a plot as wide as the terminal");
  set.flag("--dark", &dark_, "A picture for dark pages");
  set.flag_off("--no-header", &header_, "Leave the header of table, tsv and csv out");
}

void AnswerPrinter::apply(Console& io) const {
  if (!file_.empty()) {
    io.set_output_file(file_);
  }
}

std::string AnswerPrinter::format(const Console& io) const {
  return !format_.empty() ? format_ : io.is_terminal() ? "table" : "tsv";
}

bool AnswerPrinter::needs_range(const Console& io) const {
  const std::string chosen = format(io);
  return chosen == "plot" || chosen == "svg" || chosen == "png";
}

void AnswerPrinter::finish(const QueryOptions& options, TimeZone zone, Console& io) {
  const std::string chosen = format(io);
  if (!as_.empty() && chosen != "prom") {
    throw Error(ErrorKind::kUsage, "option --as", in_quotes(as_),
                "the format " + chosen + " has no names; -o prom has");
  }
  if (chosen == "json" || chosen == "jsonl") {
    print_json(io);
  } else if (chosen == "prom") {
    print_stream(io);
  } else if (chosen == "plot" || chosen == "svg" || chosen == "png") {
    print_chart(chosen, options, zone, io);
  } else {
    print_rows(chosen, zone, io);
  }
}

void AnswerPrinter::print_json(Console& io) const {
  const bool lines = format_ == "jsonl";
  const TextSink sink = sink_to(io);
  for (const Answer& answer : answers_) {
    if (lines) {
      write_query_jsonl(answer.value, sink);
    } else {
      write_query_json(answer.value, sink);
      io.data("\n");
    }
  }
}

void AnswerPrinter::print_chart(const std::string& format, const QueryOptions& options, TimeZone zone,
                                Console& io) const {
  const Chart chart = chart_of(named(), {.title = title_,
                                         .legend = legend_,
                                         .range_ms = std::pair(options.start_t_ms, options.end_t_ms),
                                         .step_ms = options.step_ms});
  const auto size = size_of(size_);
  if (format == "plot") {
    const auto [width, height] = size.value_or(std::pair(terminal_columns(), PlotStyle().height));
    io.data(plot_text(
        chart, {.width = width, .height = height, .zone = zone, .ascii = !speaks_utf8(), .color = io.has_colors()}));
    return;
  }
  if (format == "png" && io.is_terminal()) {
    throw Error(ErrorKind::kUsage, "format png", "", "a picture is nothing for a terminal; -o FILE.png, or a pipe");
  }
  const auto [width, height] = size.value_or(std::pair(PictureStyle().width, PictureStyle().height));
  const Picture picture = draw_chart(chart, {.width = width, .height = height, .dark = dark_, .zone = zone});
  io.data(format == "svg" ? svg_of(picture) : png_of(picture));
}

std::vector<NamedAnswer> AnswerPrinter::named() const {
  std::vector<NamedAnswer> all;
  for (const Answer& answer : answers_) {
    all.push_back({.name = answer.query, .value = &answer.value});
  }
  return all;
}

void AnswerPrinter::print_rows(const std::string& format, TimeZone zone, Console& io) const {
  if (format == "value") {
    write_query_values(named(), human_, sink_to(io));
    return;
  }
  const TableStyle style{.format = table_format_by_name(format).value_or(TableFormat::kTsv),
                         .header = header_,
                         .zone = zone,
                         .human = human_};
  write_query_table(named(), style, sink_to(io));
}

void AnswerPrinter::print_stream(Console& io) const {
  const auto stream = make_stream_output(StreamFormat::kPrometheusText);
  for (const Answer& answer : answers_) {
    if (answer.value.type == ValueType::kString) {
      throw Error(ErrorKind::kUsage, "format prom", in_quotes(answer.query), "a string is no sample");
    }
    std::vector<QuerySeries> series = answer.value.series;
    if (answer.value.type == ValueType::kScalar) {
      series.push_back({.samples = {.t_ms = {answer.value.t_ms}, .value = {answer.value.scalar}}});
    }
    for (const QuerySeries& one : series) {
      const LabelSet labels = as_.empty() ? one.labels : renamed(one.labels.view(), as_);
      if (labels.view().get(kNameLabel).empty()) {
        throw Error(ErrorKind::kUsage, "format prom", labels_text(labels.view()),
                    "the result has no name; --as NAME gives it one");
      }
      stream->begin_series(labels.view(), nullptr);
      stream->samples(one.samples);
      io.data(stream->output());
      stream->output().clear();
    }
  }
  stream->finish();
  io.data(stream->output());
}

}  // namespace mcore
