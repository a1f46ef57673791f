// SPDX-License-Identifier: Apache-2.0
// `mstore repair [DIR]`: saves what is intact of a damaged store, and moves the rest aside.
#include <fmt/format.h>

#include <chrono>
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
#include "model/time_text.h"
#include "store_access.h"
#include "tsdb/store_repair.h"

namespace mcore {
namespace {

class RepairCommand final : public Command {
 public:
  std::string_view name() const override { return "repair"; }
  std::string_view brief() const override { return "Save what is intact of a damaged store"; }
  void declare(OptionSet& set) override {
    set.operands("DIR", &operands_, "The store", 0, 1);
    set.group("Store");
    store_.declare(set);
    set.duration("--lock-timeout", &lock_timeout_, "Wait this long for writers, and for upkeep that is under way");
    set.group("What is repaired");
    set.text("--max-ahead", "D", &max_ahead_, "Move samples aside that are further ahead of the clock");
    set.flag("--dry-run", &dry_run_, "Say what would be done, and do nothing");
    set.rare();
    set.text("--now", "TIME", &now_, "Take this for the time of day");
    set.example("mstore repair ./metrics && mstore verify ./metrics");
    set.example("mstore repair --max-ahead 10m");
  }
  ExitCode run(Console& io) override {
    store_.take_from(operands_, StoreOption::Operands::kAny);
    const std::string store = store_.path();
    require_directory(store);
    const SystemClock system;
    const FixedClock fixed(now_.empty() ? 0 : parse_time(now_, system.now_ms()).value_or_throw());
    const Clock& clock = now_.empty() ? static_cast<const Clock&>(system) : fixed;
    RepairOptions options;
    options.lock_timeout = lock_timeout_;
    options.dry_run = dry_run_;
    if (!max_ahead_.empty()) {
      options.max_ahead = parse_duration(max_ahead_).value_or_throw();
    }
    options.on_action = [&](const RepairAction& action) { io.data_line(action.path + ": " + action.text); };
    const RepairResult result = repair_store(store, clock, options);
    if (!result.moved_aside.empty()) {
      io.data_line(result.moved_aside + ": what was taken out of the store lies here");
    }
    if (io.is_verbose()) {
      io.note(fmt::format("repair: {}, {} of them with losses", counted(result.actions, "repair"), result.losses));
    }
    return result.losses > 0 ? ExitCode::kNo : ExitCode::kOk;
  }

 private:
  StoreOption store_;
  std::vector<std::string> operands_;
  std::chrono::milliseconds lock_timeout_{10'000};
  std::string max_ahead_;
  std::string now_;
  bool dry_run_ = false;
};

}  // namespace

std::unique_ptr<Command> make_repair_command() {
  return std::make_unique<RepairCommand>();
}

}  // namespace mcore
