// SPDX-License-Identifier: Apache-2.0
#include "answer_printer.h"

#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "ingest/stream_output.h"
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

}  // namespace

void AnswerPrinter::declare(OptionSet& set) {
  set.output(&format_, &file_,
             {{".tsv", "tsv"},
              {".csv", "csv"},
              {".jsonl", "jsonl"},
              {".json", "json"},
              {".md", "markdown"},
              {".prom", "prom"}},
             {"table", "tsv", "csv", "json", "jsonl", "prom", "value", "markdown"});
  set.default_text("table on a terminal, else tsv");
  set.text("--as", "NAME", &as_, "Call the result by this metric name, in the format prom");
  set.flag("--human", &human_, "Numbers for people: 1.5GiB, 20ms, 12%");
  set.rare();
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

void AnswerPrinter::finish(TimeZone zone, Console& io) {
  const std::string chosen = format(io);
  if (!as_.empty() && chosen != "prom") {
    throw Error(ErrorKind::kUsage, "option --as", in_quotes(as_),
                "the format " + chosen + " has no names; -o prom has");
  }
  if (chosen == "json" || chosen == "jsonl") {
    print_json(io);
  } else if (chosen == "prom") {
    print_stream(io);
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

void AnswerPrinter::print_rows(const std::string& format, TimeZone zone, Console& io) const {
  std::vector<NamedAnswer> named;
  for (const Answer& answer : answers_) {
    named.push_back({.name = answer.query, .value = &answer.value});
  }
  if (format == "value") {
    write_query_values(named, human_, sink_to(io));
    return;
  }
  const TableStyle style{.format = table_format_by_name(format).value_or(TableFormat::kTsv),
                         .header = header_,
                         .zone = zone,
                         .human = human_};
  write_query_table(named, style, sink_to(io));
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
