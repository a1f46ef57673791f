// SPDX-License-Identifier: Apache-2.0
// `mstore delete SELECTOR…`: deletes samples of chosen series, in a range of time.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/progress_line.h"
#include "commands.h"
#include "store_access.h"
#include "tsdb/deletion.h"
#include "tsdb/head_access.h"
#include "tsdb/head_delete.h"
#include "tsdb/head_upkeep.h"
#include "tsdb/store_writer.h"

namespace mcore {
namespace {

class DeleteCommand final : public Command {
 public:
  std::string_view name() const override { return "delete"; }
  std::string_view brief() const override { return "Delete samples of chosen series"; }
  void declare(OptionSet& set) override {
    selection_.declare(set, "SELECTOR", "Series to delete from, such as 'up{job=\"node\"}' or job=node");
    set.duration("--lock-timeout", &lock_timeout_, "Wait this long for writers, and for upkeep that is under way");
    set.group("How");
    set.flag("--rewrite", &rewrite_, "Free the space at once: write anew what the samples were in");
    set.flag("--dry-run", &dry_run_, "List what would go, and delete nothing");
    set.group("Output");
    output_.declare(set);
    set.example("mstore delete --end -30d 'http_requests_total{path=~\"/debug.*\"}'");
    set.example("mstore delete --rewrite job=mistyped");
  }
  ExitCode run(Console& io) override;

 private:
  void plan(Console& io);
  void remove(Console& io);
  [[nodiscard]] std::optional<HeadHome> head_home() const;

  SelectionOptions selection_;
  ResultOption output_;
  std::chrono::milliseconds lock_timeout_{10'000};
  bool rewrite_ = false;
  bool dry_run_ = false;
};

ExitCode DeleteCommand::run(Console& io) {
  selection_.resolve();
  if (selection_.selectors().empty()) {
    throw Error(ErrorKind::kUsage, "delete", "",
                "nothing says which series; give a selector, or '{__name__=~\".+\"}' for all of them");
  }
  require_directory(selection_.store());
  if (!is_store(selection_.store())) {
    throw Error(ErrorKind::kUsage, "delete", selection_.store(), "neither a log nor blocks are here");
  }
  if (dry_run_) {
    plan(io);
  } else {
    remove(io);
  }
  return ExitCode::kOk;
}

/// Nothing where there is no log.
std::optional<HeadHome> DeleteCommand::head_home() const {
  if (look_at_logs(selection_.store()) == LogState()) {
    return std::nullopt;
  }
  return HeadHome(selection_.store(), head_folder_for_writing(selection_.store()),
                  owner_of_new_files(selection_.store()));
}

void DeleteCommand::plan(Console& io) {
  output_.apply(io);
  DamageNotes damage(io);
  ResultTable table({{"part", ColumnKind::kText}, {"series", ColumnKind::kInteger}, {"samples", ColumnKind::kInteger}},
                    table_style(output_, selection_.zone(), io));
  SeriesSamples samples;
  const auto add = [&](std::string_view part, SeriesSet& set) {
    std::int64_t series_count = 0;
    std::int64_t sample_count = 0;
    while (set.next()) {
      samples.clear();
      set.samples(samples);
      series_count += samples.empty() ? 0 : 1;
      sample_count += static_cast<std::int64_t>(samples.size());
    }
    if (series_count > 0) {
      table.text(part);
      table.integer(series_count);
      table.integer(sample_count);
      table.end_row();
    }
  };
  StoreReader reader(selection_.store(), damage.report());
  if (reader.head() != nullptr) {
    add("head", *reader.head()->select(selection_.selectors(), selection_.range()));
  }
  reader.blocks().open(selection_.range(), true);
  for (std::size_t i = 0; i < reader.blocks().entries().size(); ++i) {
    add(reader.blocks().entries()[i].meta.ulid,
        *reader.blocks().reader(i).select(selection_.selectors(), selection_.range(), damage.report()));
  }
  table.finish();
  io.data(table.output());
  damage.finish();
}

void DeleteCommand::remove(Console& io) {
  const SystemClock clock;
  DamageNotes damage(io);
  UpkeepOptions upkeep_options;
  upkeep_options.lock_timeout = lock_timeout_;
  upkeep_options.upkeep_timeout = lock_timeout_;
  upkeep_options.on_damage = damage.report();
  Upkeep upkeep(selection_.store(), upkeep_options);
  ProgressLine progress(io, "delete", "series written anew");
  HeadDeletion head;
  if (const auto home = head_home(); home.has_value()) {
    head = delete_from_head(*home, selection_.selectors(), selection_.range(),
                            {.lock_timeout = lock_timeout_, .dry_run = false, .on_damage = damage.report()});
    if (rewrite_) {
      HeadUpkeepOptions options;
      options.lock_timeout = lock_timeout_;
      options.is_cancelled = Console::interrupted;
      options.on_damage = damage.report();
      (void)cut_deleted(upkeep, clock, options);
    }
  }
  std::atomic<bool> cancel{Console::interrupted()};
  DeletionOptions options;
  options.rewrite = rewrite_;
  options.cancel = &cancel;
  options.on_progress = [&](const MergeProgress& at) {
    cancel = Console::interrupted();
    progress.update(at.series, at.series_total);
  };
  const DeletionRule rule{.selectors = selection_.selectors(), .range = selection_.range()};
  const DeletionReport report = delete_from_blocks(upkeep, clock, {&rule, 1}, options);
  std::uint64_t marked = 0;
  std::uint64_t rewritten = 0;
  for (const BlockDeletion& block : report.blocks) {
    marked += block.series;
    rewritten += block.rewritten ? 1 : 0;
  }
  damage.finish();
  if (report.failed > 0) {
    io.warn(fmt::format("delete: {}: {} damaged and not written anew; see mstore verify", selection_.store(),
                        counted(report.failed, "block")));
  }
  if (io.is_verbose()) {
    io.note(fmt::format("delete: {} of {} series in the head, {} series in {}; {} written anew",
                        counted(head.samples + head.late_samples, "sample"), head.series, marked,
                        counted(report.blocks.size(), "block"), counted(rewritten, "block")));
  }
}

}  // namespace

std::unique_ptr<Command> make_delete_command() {
  return std::make_unique<DeleteCommand>();
}

}  // namespace mcore
