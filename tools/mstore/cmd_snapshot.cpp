// SPDX-License-Identifier: Apache-2.0
// `mstore snapshot [DIR] DEST`: a copy of a store as of one moment.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/progress_line.h"
#include "commands.h"
#include "render/table.h"
#include "store_access.h"
#include "tsdb/store_snapshot.h"

namespace mcore {
namespace {

class SnapshotCommand final : public Command {
 public:
  std::string_view name() const override { return "snapshot"; }
  std::string_view brief() const override { return "Copy a store as it is at one moment"; }
  void declare(OptionSet& set) override {
    set.operands("[DIR] DEST", &operands_, "The store, and where the copy is to be: a folder that is missing or empty",
                 1, 2);
    set.group("Store");
    store_.declare(set);
    set.group("How");
    set.flag("--copy", &copy_, "Copy blocks, too, instead of linking them");
    set.example("mstore snapshot /backup/metrics-$(date +%F)");
    set.example("mstore snapshot /var/lib/prometheus/data ./frozen");
  }
  ExitCode run(Console& io) override {
    const std::string to = operands_.back();
    operands_.pop_back();
    store_.take_from(operands_, StoreOption::Operands::kAny);
    const std::string store = store_.path();
    require_directory(store);
    ProgressLine progress(io, "snapshot", "bytes copied");
    SnapshotOptions options;
    options.link = !copy_;
    options.on_damage = [&](const Error& damage) { io.warn(damage); };
    options.on_progress = [&](std::uint64_t bytes) { progress.update(bytes); };
    options.is_cancelled = Console::interrupted;
    const SnapshotResult result = take_snapshot(store, to, options);
    if (io.is_verbose() && !result.cancelled) {
      io.note(fmt::format("snapshot: {} blocks in {}: {} files linked, {} copied with {}", result.blocks, to,
                          result.linked, result.copied, bytes_text(result.copied_bytes)));
    }
    return ExitCode::kOk;
  }

 private:
  StoreOption store_;
  std::vector<std::string> operands_;
  bool copy_ = false;
};

}  // namespace

std::unique_ptr<Command> make_snapshot_command() {
  return std::make_unique<SnapshotCommand>();
}

}  // namespace mcore
