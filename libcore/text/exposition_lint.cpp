// SPDX-License-Identifier: Apache-2.0
#include "text/exposition_lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/hash.h"
#include "base/number_text.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "model/sample_batch.h"
#include "text/histogram_lint.h"
#include "text/lint_rules.h"

namespace mcore {
namespace {

struct LintFamily {
  std::string name;
  std::size_t line = 0;
  MetricType type = MetricType::kUnknown;
  bool has_type = false;
  bool has_help = false;
  std::uint64_t series = 0;
  std::map<std::string, std::unordered_set<std::uint64_t>, std::less<>> values;  // hashes, by label
};

class ExpositionLinter {
 public:
  ExpositionLinter(ExpositionFormat format, std::string_view body) : format_(format), body_(body) {}
  LintReport run();

 private:
  bool read_from(std::size_t start);
  void note_comment(std::string_view raw);
  void note_type(const ExpositionReader& reader);
  void note_help(const ExpositionReader& reader);
  void note_sample(ExpositionReader& reader, std::string_view raw);
  void check_raw(std::string_view metric, std::string_view raw);
  void check_labels(const LintFamily& family, LabelsView labels);
  void check_number_label(std::string_view metric, std::string_view name, std::string_view value);
  void finish_family(const LintFamily& family);
  LintFamily& family_named(std::string_view name);
  LintFamily& family_of(std::string_view metric);
  void find_line(std::size_t offset);
  void find(bool is_error, std::string_view metric, std::string_view rule, std::string text, std::size_t column = 1);

  ExpositionFormat format_;
  std::string_view body_;
  LintReport report_;
  std::vector<std::unique_ptr<LintFamily>> families_;  // in the order they came
  std::unordered_map<std::string, LintFamily*> by_name_;
  std::unordered_set<std::uint64_t> seen_;
  HistogramLint histograms_;
  LabelBuilder builder_;
  std::size_t line_ = 1;  // of line_offset_; moves forward with the reader
  std::size_t line_offset_ = 0;
  std::size_t base_ = 0;  // where the reader at hand started
};

void ExpositionLinter::find_line(std::size_t offset) {
  line_ += static_cast<std::size_t>(std::ranges::count(body_.substr(line_offset_, offset - line_offset_), '\n'));
  line_offset_ = offset;
}

void ExpositionLinter::find(bool is_error, std::string_view metric, std::string_view rule, std::string text,
                            std::size_t column) {
  const bool has_lines = format_ != ExpositionFormat::kProtobuf;
  report_.findings.push_back({.line = has_lines ? line_ : 0,
                              .column = has_lines ? column : 0,
                              .is_error = is_error,
                              .metric = std::string(metric),
                              .rule = std::string(rule),
                              .text = std::move(text)});
}

LintFamily& ExpositionLinter::family_named(std::string_view name) {
  LintFamily*& family = by_name_[std::string(name)];
  if (family == nullptr) {
    family = families_.emplace_back(std::make_unique<LintFamily>()).get();
    family->name = name;
    family->line = line_;
  }
  return *family;
}

/// The announced family that a sample of that name is part of, else one of its own.
LintFamily& ExpositionLinter::family_of(std::string_view metric) {
  if (const auto own = by_name_.find(std::string(metric)); own != by_name_.end()) {
    return *own->second;
  }
  for (std::size_t at = metric.rfind('_'); at != std::string_view::npos && at > 0; at = metric.rfind('_', at - 1)) {
    const auto found = by_name_.find(std::string(metric.substr(0, at)));
    if (found != by_name_.end() && is_part_of_family(metric, found->second->name, found->second->type)) {
      return *found->second;
    }
  }
  return family_named(metric);
}

LintReport ExpositionLinter::run() {
  for (std::size_t start = 0; start <= body_.size();) {
    if (read_from(start)) {
      break;
    }
    // Past the line that could not be read. Protobuf has no lines to go on with.
    const std::size_t newline =
        format_ == ExpositionFormat::kProtobuf ? std::string_view::npos : body_.find('\n', line_offset_);
    if (newline == std::string_view::npos || newline + 1 >= body_.size()) {
      break;
    }
    start = newline + 1;
  }
  if (format_ == ExpositionFormat::kPrometheusText && !body_.empty() && !body_.ends_with('\n')) {
    find_line(body_.size());
    find(true, "", "final-newline", "the last line does not end in a newline");
  }
  for (const auto& family : families_) {
    finish_family(*family);
  }
  for (HistogramLint::Fault& fault : histograms_.faults()) {
    line_ = fault.line;
    find(false, fault.metric, fault.rule, std::move(fault.text));
  }
  std::ranges::stable_sort(report_.findings, {}, &LintFinding::line);
  std::ranges::stable_sort(report_.cardinality, std::greater<>(), &FamilyCardinality::series);
  return std::move(report_);
}

/// Reads from there to the end, true, or to an entry that breaks the format, false, with line_offset_ in its line.
bool ExpositionLinter::read_from(std::size_t start) {
  const std::string_view rest = body_.substr(start);
  const auto reader = make_exposition_reader(format_, rest);
  base_ = start;
  for (;;) {
    const ExpositionEntry entry = reader->next();
    if (entry == ExpositionEntry::kEnd) {
      return true;
    }
    if (entry == ExpositionEntry::kError) {
      const ExpositionError& error = reader->error();
      find_line(std::max(line_offset_, base_ + std::min(error.offset, rest.size())));
      const bool missing_eof = error.offset == rest.size() && format_ == ExpositionFormat::kOpenMetrics;
      find(true, "", missing_eof ? "no-eof" : "syntax", error.reason, std::max<std::size_t>(error.column, 1));
      return missing_eof;
    }
    find_line(std::max(line_offset_, base_ + reader->offset()));
    switch (entry) {
      case ExpositionEntry::kType:
        note_type(*reader);
        break;
      case ExpositionEntry::kHelp:
        note_help(*reader);
        break;
      case ExpositionEntry::kSample:
      case ExpositionEntry::kHistogram: {
        const char* const text = reader->series_text().data();
        const bool in_body = format_ == ExpositionFormat::kPrometheusText;
        const std::size_t from = in_body ? static_cast<std::size_t>(text - body_.data()) : 0;
        note_sample(*reader, in_body ? body_.substr(from) : std::string_view());
        break;
      }
      case ExpositionEntry::kComment:
        note_comment(rest.substr(reader->offset()));
        break;
      default:
        break;
    }
  }
}

void ExpositionLinter::note_comment(std::string_view raw) {
  if (raw.starts_with("#TYPE ") || raw.starts_with("#HELP ")) {
    find(false, "", "tight-comment",
         "without a blank behind '#' this is a comment to Prometheus, and metadata to others");
  }
}

void ExpositionLinter::note_type(const ExpositionReader& reader) {
  LintFamily& family = family_named(reader.family_name());
  if (family.has_type) {
    find(true, family.name, "second-type", "a second TYPE line");
  } else if (family.series > 0) {
    find(true, family.name, "type-after-samples", "the TYPE line comes after samples");
  }
  family.type = reader.type();
  family.has_type = true;
}

void ExpositionLinter::note_help(const ExpositionReader& reader) {
  LintFamily& family = family_named(reader.family_name());
  if (family.has_help) {
    find(true, family.name, "second-help", "a second HELP line");
  }
  family.has_help = !reader.help().empty();
}

void ExpositionLinter::note_sample(ExpositionReader& reader, std::string_view raw) {
  builder_.clear();
  reader.labels(builder_);
  for (const Label& label : builder_.labels()) {
    if (is_one_of(label.name, {"le", "quantile"}) && &label != &builder_.labels().front()) {
      check_number_label(builder_.labels().front().value, label.name, label.value);
    }
  }
  const LabelsView labels = builder_.build();
  const std::string_view metric = labels.get(kNameLabel);
  if (metric.empty() || builder_.has_duplicate_name()) {
    find(true, metric, metric.empty() ? "no-name" : "duplicate-label",
         metric.empty() ? "a sample without a metric name"
                        : fmt::format("label {} is given twice", in_quotes(builder_.duplicate_name())));
    return;
  }
  LintFamily& family = family_of(metric);
  check_raw(metric, raw);
  check_labels(family, labels);
  if (!seen_.insert(labels.hash()).second) {
    find(false, metric, "duplicate-series", "the series stands in the body twice");
    return;
  }
  ++family.series;
  ++report_.series;
  for (const Label& label : labels) {
    if (label.name != kNameLabel) {
      family.values[std::string(label.name)].insert(hash_bytes(label.value));
    }
  }
  const std::string_view suffix = metric.substr(std::min(metric.size(), family.name.size()));
  if (family.type == MetricType::kHistogram || family.type == MetricType::kGaugeHistogram) {
    histograms_.add(family.name, suffix, labels, reader.value(), line_);
  }
  if (format_ == ExpositionFormat::kOpenMetrics && family.type == MetricType::kCounter && suffix.empty()) {
    find(false, metric, "counter-total", "the sample of an OpenMetrics counter ends in \"_total\"");
  }
}

/// What the scraper reads and stricter readers of the text format refuse.
void ExpositionLinter::check_raw(std::string_view metric, std::string_view raw) {
  if (raw.empty()) {
    return;
  }
  bool quoted = false;
  std::size_t end = 0;
  for (; end < raw.size() && (quoted || raw[end] != '\n'); ++end) {
    if (raw[end] == '"') {
      quoted = !quoted;
    } else if (quoted && raw[end] == '\n') {
      find(true, metric, "raw-newline", "a newline in a label value is written \\n", end + 1);
    } else if (quoted && raw[end] == '\\') {
      ++end;
      if (end < raw.size() && !is_one_of(raw.substr(end, 1), {"\\", "\"", "n"})) {
        find(true, metric, "escape",
             fmt::format("{} is no escape; there are \\\\, \\\" and \\n", in_quotes(raw.substr(end - 1, 2))), end);
      }
    }
  }
  if (raw[0] == ' ' || raw[0] == '\t') {
    find(true, metric, "leading-blank", "blanks before the metric become part of its name");
  }
  if (end > 0 && (raw[end - 1] == ' ' || raw[end - 1] == '\t')) {
    find(true, metric, "trailing-blank", "blanks at the end of the line", end);
  }
}

void ExpositionLinter::check_number_label(std::string_view metric, std::string_view name, std::string_view value) {
  const LintFamily& family = family_of(metric);
  const bool counts = (name == "le" && family.type == MetricType::kHistogram && metric.ends_with("_bucket")) ||
                      (name == "quantile" && family.type == MetricType::kSummary);
  double number = 0;
  if (counts && parse_float(value, number) != FloatStatus::kOk) {
    find(true, metric, "bound", fmt::format("label {} is {}: it must be a number", name, in_quotes(value)));
  }
}

void ExpositionLinter::check_labels(const LintFamily& family, LabelsView labels) {
  for (const Label& label : labels) {
    if (family.values.contains(label.name)) {
      continue;  // said once a family
    }
    for (LintFault& fault : lint_label_name(label.name, family.type, family.has_type)) {
      find(false, family.name, fault.rule, std::move(fault.text));
    }
  }
}

void ExpositionLinter::finish_family(const LintFamily& family) {
  if (family.series == 0) {
    return;
  }
  line_ = family.line;
  const bool openmetrics = format_ == ExpositionFormat::kOpenMetrics;
  if (!family.has_help) {
    find(false, family.name, "no-help", "no help text");
  }
  for (LintFault& fault : lint_family_name(family.name, family.type, family.has_type, openmetrics)) {
    find(false, family.name, fault.rule, std::move(fault.text));
  }
  FamilyCardinality& row = report_.cardinality.emplace_back();
  row.metric = family.name;
  row.series = family.series;
  for (const auto& [label, values] : family.values) {
    row.labels.emplace_back(label, values.size());
  }
  std::ranges::stable_sort(row.labels, std::greater<>(), &std::pair<std::string, std::uint64_t>::second);
}

}  // namespace

LintReport lint_exposition(ExpositionFormat format, std::string_view body) {
  return ExpositionLinter(format, body).run();
}

}  // namespace mcore
