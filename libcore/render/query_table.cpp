// SPDX-License-Identifier: Apache-2.0
#include "render/query_table.h"

#include <algorithm>
#include <cassert>
#include <set>
#include <string_view>
#include <vector>

#include "base/decimal_text.h"
#include "model/histogram_text.h"
#include "render/cell_text.h"
#include "render/time_column.h"
#include "render/value_unit.h"

namespace mcore {
namespace {

[[nodiscard]] bool is_single(const QueryValue& value) noexcept {
  return value.type == ValueType::kScalar || value.type == ValueType::kString;
}

/// Which columns there are.
struct Layout {
  bool has_query = false;
  bool has_series = false;
  bool has_time = false;
  std::vector<std::string> labels{};

  explicit Layout(std::span<const NamedAnswer> answers) : has_query(answers.size() > 1) {
    std::set<std::string, std::less<>> names;
    for (const NamedAnswer& answer : answers) {
      has_series = has_series || !is_single(*answer.value);
      has_time = has_time || answer.value->type == ValueType::kMatrix;
      for (const QuerySeries& series : answer.value->series) {
        for (const Label& label : series.labels.view()) {
          if (label.name != kNameLabel && !names.contains(label.name)) {
            names.emplace(label.name);
          }
        }
      }
    }
    labels.assign(names.begin(), names.end());
  }
};

/// Spells the values of one series.
class ValueSpeller {
 public:
  ValueSpeller(bool human, HumanStyle style, std::string_view metric_name, ValueUnit of_query)
      : human_(human), style_(style), unit_(unit_of_name(metric_name)) {
    unit_ = unit_ == ValueUnit() ? of_query : unit_;
  }
  [[nodiscard]] std::string operator()(double value) const {
    return human_ ? human_text(value, unit_, style_) : api_float_text(value);
  }

 private:
  bool human_;
  HumanStyle style_;
  ValueUnit unit_;
};

/// Calls `each(t_ms, text)` for the samples of a series in the order of their times; `text(i)` and `histogram(i)` spell
/// them.
template <typename Each, typename Text, typename HistogramText>
void each_sample(const SeriesSamples& samples, const Text& text, const HistogramText& histogram, const Each& each) {
  std::size_t f = 0;
  std::size_t h = 0;
  while (f < samples.t_ms.size() || h < samples.histogram_t_ms.size()) {
    const bool takes_float =
        h == samples.histogram_t_ms.size() || (f < samples.t_ms.size() && samples.t_ms[f] < samples.histogram_t_ms[h]);
    if (takes_float) {
      each(samples.t_ms[f], text(samples.value[f]));
      ++f;
    } else {
      each(samples.histogram_t_ms[h], histogram(samples.histogram[h]));
      ++h;
    }
  }
}

/// tsv and csv: what the rows of a series share is spelled once, and copied.
class LineWriter {
 public:
  LineWriter(std::span<const NamedAnswer> answers, TableStyle style, const TextSink& sink)
      : answers_(answers), layout_(answers), format_(style.format), sink_(sink) {
    separator_ = format_ == TableFormat::kCsv ? ',' : '\t';
    if (style.header) {
      put_header();
    }
  }

  void put_all() {
    for (const NamedAnswer& answer : answers_) {
      lead_ = layout_.has_query ? cell_text(answer.name, format_) + separator_ : "";
      if (is_single(*answer.value)) {
        put_single(*answer.value);
      } else {
        put_series(*answer.value);
      }
    }
    sink_(out_);
  }

 private:
  void put_header() {
    out_ += layout_.has_query ? std::string("query") + separator_ : "";
    if (layout_.has_series) {
      out_ += std::string("metric") + separator_;
      for (const std::string& name : layout_.labels) {
        out_ += cell_text(name, format_) + separator_;
      }
      out_ += layout_.has_time ? std::string("time") + separator_ : "";
    }
    out_ += "value\n";
  }

  void put_single(const QueryValue& value) {
    out_ += lead_;
    out_.append(layout_.has_series ? layout_.labels.size() + 1 : 0, separator_);
    if (layout_.has_series && layout_.has_time) {
      out_ += time_text_utc(value.t_ms) + separator_;
    }
    out_ += value.type == ValueType::kString ? cell_text(value.string, format_) : api_float_text(value.scalar);
    out_ += '\n';
  }

  void put_series(const QueryValue& value) {
    const char separator = separator_;
    TimeColumn times(value.series, [separator](std::int64_t t_ms) { return time_text_utc(t_ms) + separator; });
    for (const QuerySeries& series : value.series) {
      const std::string prefix = prefix_of(series.labels.view());
      times.rewind();
      const auto number = [](double sample) { return sample; };
      const auto histogram = [this](const Histogram& sample) { return cell_text(histogram_text(sample), format_); };
      each_sample(series.samples, number, histogram, [&](std::int64_t t_ms, const auto& sample) {
        out_ += prefix;
        if (layout_.has_time) {
          out_ += times.at(t_ms);
        }
        append(sample);
        out_ += '\n';
        if (out_.size() - kept_ >= kSinkBytes) {
          sink_(out_);
          kept_ = out_.size();
        }
      });
    }
  }

  void append(double value) {
    char text[kApiFloatTextSize];
    out_.append(text, write_api_float(text, value));
  }
  void append(const std::string& text) { out_ += text; }

  [[nodiscard]] std::string prefix_of(LabelsView labels) const {
    std::string prefix = lead_ + cell_text(labels.get(kNameLabel), format_) + separator_;
    for (const std::string& name : layout_.labels) {
      prefix += cell_text(labels.get(name), format_) + separator_;
    }
    return prefix;
  }

  std::span<const NamedAnswer> answers_;
  Layout layout_;
  TableFormat format_;
  const TextSink& sink_;
  char separator_ = '\t';
  std::string lead_;  // the cell of the query
  std::string out_;
  std::size_t kept_ = 0;
};

std::vector<Column> columns_of(const Layout& layout) {
  std::vector<Column> columns;
  if (layout.has_query) {
    columns.push_back({"query"});
  }
  if (layout.has_series) {
    columns.push_back({"metric"});
    for (const std::string& name : layout.labels) {
      columns.push_back({name, ColumnKind::kText, name});  // a label is written as it is called
    }
    if (layout.has_time) {
      columns.push_back({"time", ColumnKind::kTime});
    }
  }
  columns.push_back({"value", ColumnKind::kSpelled});
  return columns;
}

/// table and markdown, for people.
class PeopleWriter {
 public:
  PeopleWriter(std::span<const NamedAnswer> answers, TableStyle style)
      : answers_(answers), layout_(answers), style_(style), table_(columns_of(layout_), style) {}

  [[nodiscard]] std::string& put_all() {
    for (const NamedAnswer& answer : answers_) {
      const QueryValue& value = *answer.value;
      const ValueUnit unit = style_.human ? unit_of_expression(answer.name) : ValueUnit();
      for (const QuerySeries& series : value.series) {
        put_series(answer, series, unit);
      }
      if (is_single(value)) {
        lead(answer.name, LabelsView(), value.t_ms);
        const ValueSpeller speller(style_.human, human_style(), "", unit);
        table_.spelled_number(value.type == ValueType::kString ? value.string : speller(value.scalar));
        table_.end_row();
      }
    }
    table_.finish();
    return table_.output();
  }

 private:
  [[nodiscard]] HumanStyle human_style() const noexcept { return {.zone = style_.zone}; }

  void lead(std::string_view query, LabelsView labels, std::int64_t t_ms) {
    if (layout_.has_query) {
      table_.text(query);
    }
    if (layout_.has_series) {
      table_.text(labels.get(kNameLabel));
      for (const std::string& name : layout_.labels) {
        table_.text(labels.get(name));
      }
      if (layout_.has_time) {
        table_.time(t_ms);
      }
    }
  }

  void put_series(const NamedAnswer& answer, const QuerySeries& series, ValueUnit unit) {
    const LabelsView labels = series.labels.view();
    const ValueSpeller speller(style_.human, human_style(), labels.get(kNameLabel), unit);
    each_sample(series.samples, speller, histogram_text, [&](std::int64_t t_ms, const std::string& text) {
      lead(answer.name, labels, t_ms);
      table_.spelled_number(text);
      table_.end_row();
    });
  }

  std::span<const NamedAnswer> answers_;
  Layout layout_;
  TableStyle style_;
  ResultTable table_;
};

}  // namespace

void write_query_table(std::span<const NamedAnswer> answers, TableStyle style, const TextSink& sink) {
  assert(style.format != TableFormat::kJson && style.format != TableFormat::kJsonl && !style.record);
  if (style.format == TableFormat::kTsv || style.format == TableFormat::kCsv) {
    LineWriter(answers, style, sink).put_all();
  } else {
    PeopleWriter writer(answers, style);
    sink(writer.put_all());
  }
}

void write_query_values(std::span<const NamedAnswer> answers, bool human, const TextSink& sink) {
  std::string out;
  std::size_t kept = 0;
  for (const NamedAnswer& answer : answers) {
    const QueryValue& value = *answer.value;
    const ValueUnit unit = human ? unit_of_expression(answer.name) : ValueUnit();
    for (const QuerySeries& series : value.series) {
      const ValueSpeller speller(human, {}, series.labels.view().get(kNameLabel), unit);
      each_sample(series.samples, speller, histogram_text, [&](std::int64_t, const std::string& text) {
        out += text;
        out += '\n';
        if (out.size() - kept >= kSinkBytes) {
          sink(out);
          kept = out.size();
        }
      });
    }
    if (is_single(value)) {
      out += value.type == ValueType::kString ? value.string : ValueSpeller(human, {}, "", unit)(value.scalar);
      out += '\n';
    }
  }
  sink(out);
}

}  // namespace mcore
