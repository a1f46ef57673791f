// SPDX-License-Identifier: Apache-2.0
// `mstore compact [DIR]`: moves what is due out of the head into blocks, and merges blocks.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/progress_line.h"
#include "commands.h"
#include "model/time_text.h"
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
    set.duration("--lock-timeout", &options_.lock_timeout, "Wait this long for writers");
    set.group("How far");
    set.flag("--all", &all_, "Cut everything, up to the newest sample");
    set.text("--now", "TIME", &now_, "Take this for the time of day");
    set.example("mstore compact ./metrics");
  }
  ExitCode run(Console& io) override {
    store_.take_from(operands_, StoreOption::Operands::kAny);
    const SystemClock system;
    const FixedClock clock(now_.empty() ? system.now_ms() : parse_time(now_, system.now_ms()).value_or_throw());
    options_.is_cancelled = Console::interrupted;
    options_.on_damage = [&](const Error& damage) { io.warn(damage); };
    const UpkeepResult result = cut_and_shrink(store_.path(), clock, all_, options_);
    if (!result.ran) {
      io.note("compact: another process is at it");
      return ExitCode::kOk;
    }
    if (io.is_verbose()) {
      io.note(fmt::format("compact: {} samples moved into {} blocks", result.samples_cut, result.blocks.size()));
    }
    return ExitCode::kOk;
  }

 private:
  StoreOption store_;
  HeadUpkeepOptions options_;
  std::vector<std::string> operands_;
  std::string now_;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<Command> make_compact_command() {
  return std::make_unique<CompactCommand>();
}

}  // namespace mcore
