// SPDX-License-Identifier: Apache-2.0
// `mstore retain [DIR]`: drops what is older, or more, than is to be kept.
#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "commands.h"
#include "model/duration.h"
#include "model/selector_text.h"
#include "model/time_text.h"
#include "store_access.h"
#include "tsdb/retention.h"

namespace mcore {
namespace {

class RetainCommand final : public Command {
 public:
  std::string_view name() const override { return "retain"; }
  std::string_view brief() const override { return "Drop what is older, or more, than is to be kept"; }
  void declare(OptionSet& set) override {
    set.operands("DIR", &operands_, "The store", 0, 1);
    set.group("Store");
    store_.declare(set);
    set.duration("--lock-timeout", &lock_timeout_, "Wait this long for writers, and for upkeep that is under way");
    set.group("What is kept");
    set.list("--keep", "D[ SELECTOR]", &keep_,
             "Samples of the last D: of all series, or of those selected (repeatable)");
    set.bytes("--max-size", "BYTES", &max_size_, "At most this much on the disk; the oldest blocks go first");
    set.flag("--dry-run", &dry_run_, "List what would go, and change nothing");
    set.rare();
    set.text("--now", "TIME", &now_, "Take this for the time of day");
    set.group("Output");
    output_.declare(set);
    set.example("mstore retain --keep 400d --keep '30d {job=\"debug\"}' --max-size 20GB");
  }
  ExitCode run(Console& io) override;

 private:
  [[nodiscard]] RetentionLimits limits() const;
  void print(const std::vector<RetentionStep>& steps, Console& io) const;

  StoreOption store_;
  ResultOption output_;
  std::vector<std::string> operands_;
  std::vector<std::string> keep_;
  std::size_t max_size_ = 0;
  std::chrono::milliseconds lock_timeout_{10'000};
  std::string now_;
  bool dry_run_ = false;
};

RetentionLimits RetainCommand::limits() const {
  RetentionLimits limits;
  limits.bytes = max_size_;
  for (const std::string& text : keep_) {
    const std::size_t blank = text.find(' ');
    const Result<std::chrono::milliseconds> keep = parse_duration(text.substr(0, blank));
    if (!keep.ok() || keep.value() <= std::chrono::milliseconds::zero()) {
      throw Error(ErrorKind::kUsage, "option --keep", in_quotes(text), "expected a time above zero, such as 30d");
    }
    if (blank == std::string::npos) {
      limits.time = keep.value();
      continue;
    }
    KeepRule rule;
    rule.selectors.push_back(parse_selector(text.substr(blank + 1)).value_or_throw());
    rule.keep = keep.value();
    limits.rules.push_back(std::move(rule));
  }
  if (limits.time.count() == 0 && limits.bytes == 0 && limits.rules.empty()) {
    throw Error(ErrorKind::kUsage, "retain", "", "nothing says what is to be kept; give --keep or --max-size");
  }
  return limits;
}

ExitCode RetainCommand::run(Console& io) {
  store_.take_from(operands_, StoreOption::Operands::kAny);
  const RetentionLimits kept = limits();
  require_directory(store_.path());
  const SystemClock system;
  const FixedClock fixed(now_.empty() ? 0 : parse_time(now_, system.now_ms()).value_or_throw());
  const Clock& clock = now_.empty() ? static_cast<const Clock&>(system) : fixed;
  DamageNotes damage(io);
  if (dry_run_) {
    print(plan_retention(store_.path(), kept, clock.now_ms(), damage.report()), io);
    damage.finish();
    return ExitCode::kOk;
  }
  UpkeepOptions options;
  options.lock_timeout = lock_timeout_;
  options.upkeep_timeout = lock_timeout_;
  options.on_damage = damage.report();
  Upkeep upkeep(store_.path(), options);
  const std::atomic<bool> cancel{Console::interrupted()};
  const RetentionReport report = apply_retention(upkeep, clock, kept, &cancel);
  damage.finish();
  if (report.failed > 0) {
    io.warn(fmt::format("retain: {}: {} blocks are damaged and stay as they are; see mstore verify", store_.path(),
                        report.failed));
  }
  if (io.is_verbose()) {
    io.note(fmt::format("retain: {} blocks removed or changed", report.done.size()));
  }
  return ExitCode::kOk;
}

void RetainCommand::print(const std::vector<RetentionStep>& steps, Console& io) const {
  output_.apply(io);
  ResultTable table({{"block", ColumnKind::kText},
                     {"start", ColumnKind::kTime},
                     {"end", ColumnKind::kTime},
                     {"reason", ColumnKind::kText},
                     {"bytes", ColumnKind::kBytes},
                     {"series", ColumnKind::kInteger}},
                    table_style(output_, TimeZone::kUtc, io));
  for (const RetentionStep& step : steps) {
    table.text(step.block.meta.ulid);
    table.time(step.block.meta.min_t_ms);
    table.time(step.block.meta.end_t_ms);
    table.text(retention_reason_text(step.reason));
    table.bytes(step.bytes);
    const std::uint64_t series = step.reason == RetentionReason::kRule ? step.series : step.block.meta.stats.series;
    table.integer(static_cast<std::int64_t>(series));
    table.end_row();
  }
  table.finish();
  io.data(table.output());
}

}  // namespace

std::unique_ptr<Command> make_retain_command() {
  return std::make_unique<RetainCommand>();
}

}  // namespace mcore
