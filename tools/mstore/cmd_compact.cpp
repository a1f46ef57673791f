// SPDX-License-Identifier: Apache-2.0
// `mstore compact [DIR]`: moves what is due out of the head into blocks, and merges blocks.
#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/progress_line.h"
#include "commands.h"
#include "model/time_text.h"
#include "store_access.h"
#include "tsdb/compactor.h"
#include "tsdb/head_upkeep.h"

namespace mcore {
namespace {

class CompactCommand final : public Command {
 public:
  std::string_view name() const override { return "compact"; }
  std::string_view brief() const override { return "Cut the head into blocks and merge blocks"; }
  void declare(OptionSet& set) override {
    set.operands("DIR", &operands_, "The store", 0, 1);
    set.group("Store");
    store_.declare(set);
    set.duration("--lock-timeout", &lock_timeout_, "Wait this long for writers, and for upkeep that is under way");
    set.group("How far");
    set.flag("--all", &all_, "Cut the head up to its newest sample: what is older than that is late from then on");
    set.flag("--dry-run", &dry_run_, "List the blocks that would be merged, and change nothing");
    set.rare();
    set.flag("--auto", &auto_, "As a writer starts it: leave a store alone that is looked after already");
    set.text("--now", "TIME", &now_, "Take this for the time of day");
    set.group("Output");
    output_.declare(set);
    set.example("mstore compact ./metrics");
  }
  ExitCode run(Console& io) override;

 private:
  void plan(Console& io) const;
  void compact(const Clock& clock, Console& io);

  StoreOption store_;
  ResultOption output_;
  std::vector<std::string> operands_;
  std::chrono::milliseconds lock_timeout_{10'000};
  std::string now_;
  bool all_ = false;
  bool dry_run_ = false;
  bool auto_ = false;
};

ExitCode CompactCommand::run(Console& io) {
  store_.take_from(operands_, StoreOption::Operands::kAny);
  require_directory(store_.path());
  const SystemClock system;
  const FixedClock fixed(now_.empty() ? 0 : parse_time(now_, system.now_ms()).value_or_throw());
  const Clock& clock = now_.empty() ? static_cast<const Clock&>(system) : fixed;
  if (dry_run_) {
    plan(io);
    return ExitCode::kOk;
  }
  try {
    compact(clock, io);
  } catch (const Error& error) {
    if (auto_ && error.kind() == ErrorKind::kBusy) {
      return ExitCode::kOk;
    }
    throw;
  }
  return ExitCode::kOk;
}

void CompactCommand::plan(Console& io) const {
  output_.apply(io);
  DamageNotes damage(io);
  ResultTable table({{"reason", ColumnKind::kText},
                     {"blocks", ColumnKind::kInteger},
                     {"start", ColumnKind::kTime},
                     {"end", ColumnKind::kTime},
                     {"samples", ColumnKind::kInteger},
                     {"inputs", ColumnKind::kText}},
                    table_style(output_, TimeZone::kUtc, io));
  for (const PlannedCompaction& step : plan_store_compactions(store_.path(), longest_block_ms(), damage.report())) {
    std::string inputs;
    std::uint64_t samples = 0;
    for (const BlockMeta& input : step.inputs) {
      inputs += (inputs.empty() ? "" : " ") + input.ulid;
      samples += input.stats.samples;
    }
    table.text(compaction_reason_text(step.reason));
    table.integer(static_cast<std::int64_t>(step.inputs.size()));
    table.time(step.result.min_t_ms);
    table.time(step.result.end_t_ms);
    table.integer(static_cast<std::int64_t>(samples));
    table.text(inputs);
    table.end_row();
  }
  table.finish();
  io.data(table.output());
  damage.finish();
}

void CompactCommand::compact(const Clock& clock, Console& io) {
  DamageNotes damage(io);
  UpkeepOptions options;
  options.lock_timeout = lock_timeout_;
  options.upkeep_timeout = auto_ ? std::chrono::milliseconds::zero() : lock_timeout_;
  options.on_damage = damage.report();
  Upkeep upkeep(store_.path(), options);
  ProgressLine progress(io, "compact", "steps");

  HeadUpkeepOptions head_options;
  head_options.lock_timeout = lock_timeout_;
  head_options.is_cancelled = Console::interrupted;
  head_options.on_damage = damage.report();
  const HeadUpkeepResult cut = cut_and_shrink(upkeep, clock, all_, head_options);

  CompactorOptions compactor_options;
  std::atomic<bool> cancel{Console::interrupted()};
  compactor_options.cancel = &cancel;
  compactor_options.on_progress = [&](const CompactionProgress& at) {
    cancel = Console::interrupted();
    progress.update(at.done, at.planned);
  };
  const CompactionReport merged = Compactor(upkeep, clock, compactor_options).run();
  damage.finish();
  if (merged.failed > 0) {
    io.warn(fmt::format("compact: {}: {} blocks are damaged and stay as they are; see mstore verify", store_.path(),
                        merged.failed));
  }
  if (io.is_verbose()) {
    io.note(fmt::format("compact: {} samples moved into {} blocks, {} merges", cut.samples, cut.blocks.size(),
                        merged.done.size()));
  }
}

}  // namespace

std::unique_ptr<Command> make_compact_command() {
  return std::make_unique<CompactCommand>();
}

}  // namespace mcore
