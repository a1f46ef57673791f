// SPDX-License-Identifier: Apache-2.0
// `mscrape check [FILE…]`: what is wrong with expositions, and how many series they have.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "cli/command.h"
#include "commands.h"
#include "text/content_type.h"
#include "text/decompress.h"
#include "text/exposition_lint.h"

namespace mcore {
namespace {

constexpr std::size_t kLargestBody = std::size_t{4} << 30U;

class CheckCommand final : public Command {
 public:
  std::string_view name() const override { return "check"; }
  std::string_view brief() const override { return "Say what is wrong with expositions"; }
  void declare(OptionSet& set) override {
    set.operands("FILE", &files_, "Exposition in any format, plain or gzip; standard input without one, or -");
    set.group("Output");
    set.output(&format_, &out_file_, {}, {"text", "json"});
    set.flag("--stats", &stats_, "Count the series of each metric");
    set.count("--limit", "N", &limit_, "Most rows of --stats; 0 for all");
    set.choice("--lint", "WHAT", &lint_, "all, or none: only what does not parse", {"all", "none"});
    set.example("mscrape check textfile/*.prom");
    set.example("curl -s localhost:9100/metrics | mscrape check --stats");
  }
  ExitCode run(Console& io) override;

 private:
  void check(const std::string& path, Console& io);
  void print_text(const std::string& path, const LintReport& report, Console& io) const;
  void print_stats(const LintReport& report, Console& io) const;
  void add_json(const std::string& path, const LintReport& report);

  std::vector<std::string> files_;
  std::string format_ = "text";
  std::string out_file_;
  std::string lint_ = "all";
  bool stats_ = false;
  std::size_t limit_ = 20;
  std::size_t findings_ = 0;
  std::uint64_t series_ = 0;
  nlohmann::json json_ = nlohmann::json::array();
};

ExitCode CheckCommand::run(Console& io) {
  const std::vector<std::string> paths = files_.empty() ? std::vector<std::string>{"-"} : files_;
  bool unreadable = false;
  for (const std::string& path : paths) {
    try {
      check(path, io);
    } catch (const Error& error) {
      io.error(error.what());
      unreadable = true;
    }
  }
  if (format_ == "json") {
    io.data_line(json_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  if (io.is_verbose()) {
    io.note(fmt::format("check: {} series in {} files, {} findings", series_, paths.size(), findings_));
  }
  return unreadable ? ExitCode::kFailed : findings_ > 0 ? ExitCode::kNo : ExitCode::kOk;
}

void CheckCommand::check(const std::string& path, Console& io) {
  std::string content = read_file(path);
  if (looks_like_gzip(content)) {
    std::string text;
    const auto inflated = gunzip(content, text, kLargestBody);
    if (!inflated.ok()) {
      throw Error(ErrorKind::kSyntax, "check", path, inflated.error().why());
    }
    content = std::move(text);
  }
  LintReport report = lint_exposition(detect_exposition_format(content), content);
  if (lint_ == "none") {
    std::erase_if(report.findings, [](const LintFinding& finding) { return !finding.is_error; });
  }
  findings_ += report.findings.size();
  series_ += report.series;
  if (format_ == "json") {
    add_json(path, report);
    return;
  }
  print_text(path, report, io);
  if (stats_) {
    print_stats(report, io);
  }
}

void CheckCommand::print_text(const std::string& path, const LintReport& report, Console& io) const {
  for (const LintFinding& finding : report.findings) {
    std::string line = path;
    if (finding.line != 0) {
      line += fmt::format(":{}:{}", finding.line, finding.column);
    }
    line += finding.is_error ? ": error: " : ": warning: ";
    line += finding.metric.empty() ? "" : finding.metric + ": ";
    io.data_line(line + finding.text + " [" + finding.rule + "]");
  }
}

void CheckCommand::print_stats(const LintReport& report, Console& io) const {
  std::size_t width = 6;
  const std::size_t rows = limit_ == 0 ? report.cardinality.size() : std::min(limit_, report.cardinality.size());
  for (std::size_t i = 0; i < rows; ++i) {
    width = std::max(width, report.cardinality[i].metric.size());
  }
  io.data_line(fmt::format("{:<{}}  {:>8}  {:>7}  {}", "METRIC", width, "SERIES", "SHARE", "VALUES OF ITS LABELS"));
  for (std::size_t i = 0; i < rows; ++i) {
    const FamilyCardinality& row = report.cardinality[i];
    std::string labels;
    for (const auto& [label, count] : row.labels) {
      labels += fmt::format("{}{}={}", labels.empty() ? "" : " ", label, count);
    }
    const double share =
        100.0 * static_cast<double>(row.series) / static_cast<double>(std::max<std::uint64_t>(report.series, 1));
    std::string line = fmt::format("{:<{}}  {:>8}  {:>6.2f}%  {}", row.metric, width, row.series, share, labels);
    line.resize(line.find_last_not_of(' ') + 1);
    io.data_line(line);
  }
  io.data_line(fmt::format("{:<{}}  {:>8}  {:>6.2f}%", "total", width, report.series, 100.0));
}

void CheckCommand::add_json(const std::string& path, const LintReport& report) {
  nlohmann::json entry = {{"file", path}, {"series", report.series}, {"findings", nlohmann::json::array()}};
  for (const LintFinding& finding : report.findings) {
    entry["findings"].push_back({{"line", finding.line},
                                 {"column", finding.column},
                                 {"severity", finding.is_error ? "error" : "warning"},
                                 {"metric", finding.metric},
                                 {"rule", finding.rule},
                                 {"text", finding.text}});
  }
  if (stats_) {
    entry["cardinality"] = nlohmann::json::array();
    for (const FamilyCardinality& row : report.cardinality) {
      nlohmann::json labels = nlohmann::json::object();
      for (const auto& [label, count] : row.labels) {
        labels[label] = count;
      }
      entry["cardinality"].push_back({{"metric", row.metric}, {"series", row.series}, {"labels", labels}});
    }
  }
  json_.push_back(entry);
}

}  // namespace

std::unique_ptr<Command> make_check_command() {
  return std::make_unique<CheckCommand>();
}

}  // namespace mcore
