// SPDX-License-Identifier: Apache-2.0
// `mstore top [SELECTOR…]`: what makes a store large, by metric, label or pair of label and value.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/progress_line.h"
#include "commands.h"
#include "store_access.h"
#include "tsdb/cardinality.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

class TopCommand final : public Command {
 public:
  std::string_view name() const override { return "top"; }
  std::string_view brief() const override { return "Rank metrics, labels or pairs by their series, with churn"; }
  void declare(OptionSet& set) override {
    selection_.declare(set, "SELECTOR", "Series to count, such as 'up{job=\"node\"}' or job=node; all without one");
    set.text("--block", "ULID|head|all", &block_, "Count in one block, in the head, or everywhere");
    set.group("Output");
    set.choice("--by", "WHAT", &by_, "Count by metric, label or pair", {"metric", "label", "pair"});
    set.duration("--slack", &slack_, "A series this close to the range's ends is neither new nor gone");
    output_.declare(set);
    declare_limit(set, &limit_);
    set.example("mstore top");
    set.example("mstore top --by pair --last 1d -n 5");
  }
  ExitCode run(Console& io) override;

 private:
  [[nodiscard]] TimeRange window(StoreReader& reader, StorePart part) const;
  void print(const Cardinality& counts, Console& io);

  SelectionOptions selection_;
  ResultOption output_;
  std::string by_ = "metric";
  std::string block_ = "all";
  std::chrono::milliseconds slack_ = CardinalityOptions().slack;
  std::size_t limit_ = 20;
};

/// What was asked for, as far as there are samples. The range in a block's meta.json may reach far beyond its samples.
TimeRange TopCommand::window(StoreReader& reader, StorePart part) const {
  TimeRange has{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  for (SeriesOutlines all(
           reader, {}, TimeRange{}, [](const Error&) {}, part);
       all.next();) {
    has.min_t_ms = std::min(has.min_t_ms, all.at().first_t_ms);
    has.max_t_ms = std::max(has.max_t_ms, all.at().last_t_ms);
  }
  const TimeRange& wanted = selection_.range();
  return {std::max(has.min_t_ms, wanted.min_t_ms), std::min(has.max_t_ms, wanted.max_t_ms)};
}

ExitCode TopCommand::run(Console& io) {
  selection_.resolve();
  const bool is_block = block_ != "all" && block_ != "head";
  if (is_block && !is_ulid(block_)) {
    throw Error(ErrorKind::kUsage, "option --block", in_quotes(block_), "expected a block's name, head or all");
  }
  output_.apply(io);
  DamageNotes damage(io);
  const std::string store = selection_.store();
  const auto reader = open_store(is_block ? store + "/" + block_ : store, damage);
  const StorePart part = block_ == "head" ? StorePart::kHead : StorePart::kAll;
  SeriesOutlines series(*reader, selection_.selectors(), selection_.range(), damage.report(), part);
  const CardinalityBy by = by_ == "metric"  ? CardinalityBy::kMetric
                           : by_ == "label" ? CardinalityBy::kLabel
                                            : CardinalityBy::kPair;
  ProgressLine progress(io, "top", "series");
  const Cardinality counts =
      count_cardinality(series, {.by = by, .window = window(*reader, part), .slack = slack_}, [&](std::uint64_t count) {
        progress.update(count);
        return !Console::interrupted();
      });
  print(counts, io);
  damage.finish();
  io.note(fmt::format("top: {} series, {} new, {} gone", counts.series, counts.started, counts.ended));
  return counts.series == 0 ? nothing_found("top", *reader, selection_, io) : ExitCode::kOk;
}

void TopCommand::print(const Cardinality& counts, Console& io) {
  const bool by_metric = by_ == "metric";
  const bool by_pair = by_ == "pair";
  std::vector<Column> columns{{.name = by_metric ? "metric" : "label"}};
  if (by_pair) {
    columns.push_back({.name = "value"});
  } else if (!by_metric) {
    columns.push_back({.name = "values", .kind = ColumnKind::kInteger});
  }
  columns.push_back({.name = "series", .kind = ColumnKind::kInteger});
  columns.push_back({.name = "share_percent", .kind = ColumnKind::kFloat, .title = "SHARE%"});
  columns.push_back({.name = "new", .kind = ColumnKind::kInteger});
  columns.push_back({.name = "gone", .kind = ColumnKind::kInteger});
  ResultTable table(std::move(columns), table_style(output_, selection_.zone(), io));
  for (const CardinalityRow& row : counts.rows) {
    if (limit_ != 0 && table.rows() == limit_) {
      break;
    }
    table.text(row.name);
    if (by_pair) {
      table.text(row.value);
    } else if (!by_metric) {
      table.integer(static_cast<std::int64_t>(row.values));
    }
    table.integer(static_cast<std::int64_t>(row.series));
    // Two digits behind the point tell as much as anybody wants to know.
    table.number(static_cast<double>((row.series * 10'000 + counts.series / 2) / counts.series) / 100);
    table.integer(static_cast<std::int64_t>(row.started));
    table.integer(static_cast<std::int64_t>(row.ended));
    table.end_row();
  }
  table.finish();
  io.data(table.output());
}

}  // namespace

std::unique_ptr<Command> make_top_command() {
  return std::make_unique<TopCommand>();
}

}  // namespace mcore
