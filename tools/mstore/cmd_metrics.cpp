// SPDX-License-Identifier: Apache-2.0
// `mstore metrics [PATTERN…]`: every metric with what is known about it.
#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/progress_line.h"
#include "commands.h"
#include "model/selector_text.h"
#include "store_access.h"
#include "tsdb/series_outline.h"
#include "tsdb/store_metadata.h"

namespace mcore {
namespace {

class MetricsCommand final : public Command {
 public:
  std::string_view name() const override { return "metrics"; }
  std::string_view brief() const override { return "List metrics with type, help, series, newest sample"; }
  void declare(OptionSet& set) override {
    selection_.declare(set, "PATTERN", "Names such as 'node_cpu*', or selectors; all without one");
    set.group("Output");
    output_.declare(set);
    declare_limit(set, &limit_);
    set.example("mstore metrics");
    set.example("mstore metrics 'node_*' job=node -o json");
  }
  ExitCode run(Console& io) override;

 private:
  struct Row {
    std::uint64_t series = 0;
    std::int64_t newest_t_ms = 0;
  };
  void print(const std::map<std::string, Row, std::less<>>& rows, const StoreMetadata& metadata, Console& io);

  SelectionOptions selection_;
  ResultOption output_;
  std::size_t limit_ = 0;
};

/// A name with `*` or `?` in it as a selector; anything else is one already.
std::string selector_of(const std::string& pattern) {
  const bool is_glob = pattern.find_first_of("*?") != std::string::npos &&
                       pattern.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.-*?") == std::string::npos;
  if (!is_glob) {
    return pattern;
  }
  std::string regexp;
  for (const char c : pattern) {
    regexp += c == '*' ? ".*" : c == '?' ? "." : c == '.' ? "[.]" : std::string(1, c);
  }
  return "{__name__=~\"" + regexp + "\"}";
}

ExitCode MetricsCommand::run(Console& io) {
  selection_.rewrite_operands(selector_of);
  selection_.resolve();
  output_.apply(io);
  DamageNotes damage(io);
  const auto reader = open_store(selection_.store(), damage);
  const StoreMetadata metadata(*reader, selection_.selectors());
  SeriesOutlines series(*reader, selection_.selectors(), selection_.range(), damage.report());
  std::map<std::string, Row, std::less<>> rows;
  auto last = rows.end();  // label order: mostly the metric of the series before
  ProgressLine progress(io, "metrics", "series");
  for (std::uint64_t count = 0; !Console::interrupted() && series.next(); ++count) {
    progress.update(count);
    const std::string_view metric = series.at().labels.get(kNameLabel);
    if (last == rows.end() || last->first != metric) {
      last = rows.try_emplace(std::string(metric), Row{.series = 0, .newest_t_ms = series.at().last_t_ms}).first;
    }
    ++last->second.series;
    last->second.newest_t_ms = std::max(last->second.newest_t_ms, series.at().last_t_ms);
  }
  print(rows, metadata, io);
  damage.finish();
  return rows.empty() ? nothing_found("metrics", *reader, selection_, io) : ExitCode::kOk;
}

void MetricsCommand::print(const std::map<std::string, Row, std::less<>>& rows, const StoreMetadata& metadata,
                           Console& io) {
  ResultTable table({{.name = "metric"},
                     {.name = "type"},
                     {.name = "series", .kind = ColumnKind::kInteger},
                     {.name = "newest", .kind = ColumnKind::kTime},
                     {.name = "unit"},
                     {.name = "help"}},
                    table_style(output_, selection_.zone(), io));
  const auto text = [&table](std::string_view value) { value.empty() ? table.none() : table.text(value); };
  for (const auto& [metric, row] : rows) {
    if (limit_ != 0 && table.rows() == limit_) {
      break;
    }
    const MetricFamily* const family = metadata.find(metric);
    table.text(metric);
    text(family != nullptr && family->has_type ? metric_type_word(family->type) : "");
    table.integer(static_cast<std::int64_t>(row.series));
    table.time(row.newest_t_ms);
    text(family != nullptr ? std::string_view(family->unit) : "");
    text(family != nullptr ? std::string_view(family->help) : "");
    table.end_row();
  }
  table.finish();
  io.data(table.output());
}

}  // namespace

std::unique_ptr<Command> make_metrics_command() {
  return std::make_unique<MetricsCommand>();
}

}  // namespace mcore
