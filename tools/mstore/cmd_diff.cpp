// SPDX-License-Identifier: Apache-2.0
// `mstore diff A B [SELECTOR…]`: series and samples that two directories do not have in common.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/progress_line.h"
#include "commands.h"
#include "render/table.h"
#include "storage/series_diff.h"
#include "store_access.h"

namespace mcore {
namespace {

constexpr std::ptrdiff_t kStores = 2;  // operands before the selectors

/// What was found, counted.
struct DiffTotals {
  std::uint64_t series_a = 0;        // that only the one has
  std::uint64_t series_b = 0;        // that only the other has
  std::uint64_t series_changed = 0;  // that both have, with other samples
  std::uint64_t samples_a = 0;
  std::uint64_t samples_b = 0;
  std::uint64_t samples_changed = 0;
  std::uint64_t series_same = 0;
  std::uint64_t samples_same = 0;
  [[nodiscard]] bool differs() const noexcept { return series_a + series_b + series_changed > 0; }
};

class DiffCommand final : public Command {
 public:
  std::string_view name() const override { return "diff"; }
  std::string_view brief() const override { return "Show what two directories do not have in common"; }
  void declare(OptionSet& set) override {
    set.operands("A B [SELECTOR]", &operands_,
                 "Two stores or blocks, and the series to compare; all without a selector", kStores);
    set.group("Selection");
    match_.declare(set);
    time_.declare(set);
    set.group("Output");
    set.output(&format_, &file_,
               {{".txt", "text"},
                {".tsv", "tsv"},
                {".csv", "csv"},
                {".jsonl", "jsonl"},
                {".json", "json"},
                {".md", "markdown"}},
               {"text", "table", "tsv", "csv", "json", "jsonl", "markdown"});
    set.default_text("text; with --summary table or tsv");
    declare_limit(set, &limit_);
    set.flag("--summary", &summary_, "Only count");
    set.rare();
    set.flag_off("--no-header", &header_, "Leave the header of table, tsv and csv out");
    set.example("mstore diff ./metrics /backup/metrics up");
    set.example("mstore diff --summary --last 1d a b");
  }
  ExitCode run(Console& io) override;

 private:
  void show(const SeriesDiff& diff, Console& io);
  void show_text(LabelsView labels, const SampleDifference& one, Console& io) const;
  void show_row(LabelsView labels, const SampleDifference& one);
  void show_totals(Console& io) const;
  void count(const SeriesDiff& diff);
  [[nodiscard]] bool is_full() const noexcept { return limit_ != 0 && shown_ == limit_; }

  MatchOption match_;
  TimeOption time_;
  std::vector<std::string> operands_;
  std::string format_;
  std::string file_;
  std::size_t limit_ = 0;
  bool summary_ = false;
  bool header_ = true;
  std::optional<ResultTable> table_;
  std::size_t shown_ = 0;
  DiffTotals totals_;
};

ExitCode DiffCommand::run(Console& io) {
  const std::vector<Selector> selectors = match_.selectors({operands_.begin() + kStores, operands_.end()});
  const TimeRange range = time_.range(SystemClock());
  if (!file_.empty()) {
    io.set_output_file(file_);
  }
  if (format_.empty()) {
    format_ = !summary_ ? "text" : io.is_terminal() ? "table" : "tsv";
  }
  if (!summary_ && format_ != "text") {
    table_.emplace(std::vector<Column>{{.name = "series", .kind = ColumnKind::kLabels},
                                       {.name = "time", .kind = ColumnKind::kTime},
                                       {.name = "a"},
                                       {.name = "b"}},
                   TableStyle{.format = *table_format_by_name(format_), .header = header_, .zone = time_.zone()});
  }
  DamageNotes damage(io);
  const auto a = open_store(operands_[0], damage);
  const auto b = open_store(operands_[1], damage);
  const auto set_a = a->select(selectors, range);
  const auto set_b = b->select(selectors, range);
  ProgressLine progress(io, "diff", "series");
  SeriesDiff diff(*set_a, *set_b);
  for (std::uint64_t series = 0; !is_full() && !Console::interrupted() && diff.next(); ++series) {
    progress.update(series);
    count(diff);
    if (!summary_) {
      show(diff, io);
    }
  }
  damage.finish();
  if (summary_) {
    show_totals(io);
  } else if (table_.has_value()) {
    table_->finish();
    io.data(table_->output());
  }
  if (is_full()) {
    io.note(fmt::format("diff: stopped after {} differences", shown_));
  }
  return totals_.differs() ? ExitCode::kNo : ExitCode::kOk;
}

void DiffCommand::count(const SeriesDiff& diff) {
  totals_.samples_same += diff.same();
  if (diff.differences().empty()) {
    ++totals_.series_same;
    return;
  }
  ++(!diff.in_b() ? totals_.series_a : !diff.in_a() ? totals_.series_b : totals_.series_changed);
  for (const SampleDifference& one : diff.differences()) {
    ++(!one.b.has_value() ? totals_.samples_a : !one.a.has_value() ? totals_.samples_b : totals_.samples_changed);
  }
}

void DiffCommand::show(const SeriesDiff& diff, Console& io) {
  for (const SampleDifference& one : diff.differences()) {
    if (is_full()) {
      return;
    }
    ++shown_;
    if (table_.has_value()) {
      show_row(diff.labels(), one);
    } else {
      show_text(diff.labels(), one, io);
    }
  }
  if (table_.has_value()) {
    io.data(table_->output());
    table_->output().clear();
  }
}

void DiffCommand::show_text(LabelsView labels, const SampleDifference& one, Console& io) const {
  const std::string series = labels_text(labels);
  if (one.a.has_value()) {
    io.data_line(fmt::format("- {} {} {}", series, sample_text(*one.a), one.t_ms));
  }
  if (one.b.has_value()) {
    io.data_line(fmt::format("+ {} {} {}", series, sample_text(*one.b), one.t_ms));
  }
}

void DiffCommand::show_row(LabelsView labels, const SampleDifference& one) {
  table_->labels(labels);
  table_->time(one.t_ms);
  for (const std::optional<SampleView>& side : {one.a, one.b}) {
    if (side.has_value()) {
      table_->text(sample_text(*side));
    } else {
      table_->none();
    }
  }
  table_->end_row();
}

void DiffCommand::show_totals(Console& io) const {
  struct Row {
    std::string_view what;
    std::uint64_t series;
    std::uint64_t samples;
  };
  const Row rows[] = {{"only in a", totals_.series_a, totals_.samples_a},
                      {"only in b", totals_.series_b, totals_.samples_b},
                      {"changed", totals_.series_changed, totals_.samples_changed},
                      {"same", totals_.series_same, totals_.samples_same}};
  const std::string format = format_ == "text" ? "table" : format_;
  ResultTable table({{.name = "what"},
                     {.name = "series", .kind = ColumnKind::kInteger},
                     {.name = "samples", .kind = ColumnKind::kInteger}},
                    {.format = *table_format_by_name(format), .header = header_});
  for (const Row& row : rows) {
    table.text(row.what);
    table.integer(static_cast<std::int64_t>(row.series));
    table.integer(static_cast<std::int64_t>(row.samples));
    table.end_row();
  }
  table.finish();
  io.data(table.output());
}

}  // namespace

std::unique_ptr<Command> make_diff_command() {
  return std::make_unique<DiffCommand>();
}

}  // namespace mcore
