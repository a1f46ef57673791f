// SPDX-License-Identifier: Apache-2.0
// `mstore import FILE…`: brings much data into a store at once, past the log.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/progress_line.h"
#include "commands.h"
#include "ingest/bulk_import.h"
#include "model/time_text.h"
#include "store_access.h"

namespace mcore {
namespace {

/// How many unreadable lines are shown before they are only counted.
constexpr std::uint64_t kFaultsShown = 5;

class ImportCommand final : public Command {
 public:
  std::string_view name() const override { return "import"; }
  std::string_view brief() const override { return "Bring much data in at once, straight into blocks"; }
  void declare(OptionSet& set) override {
    set.operands("FILE", &files_,
                 "Stream in any format, plain, gzip or zstd; a store or block; standard input without");
    set.group("Store");
    store_.declare(set);
    set.duration("--lock-timeout", &options_.writer.lock_timeout, "Wait this long for other writers");
    set.choice("--sync", "WHEN", &sync_, "Flush to the disk before the import counts as done", {"always", "none"});
    set.group("What is taken");
    set.text("--columns", "SPEC", &columns_, "Columns of CSV: 2:metric:ask,1:label:ticker,4:time:unix_s");
    set.flag("--strict", &options_.stop_at_fault, "Store nothing if any line cannot be read");
    set.duration("--max-ahead", &options_.max_ahead, "Refuse samples further ahead of the clock");
    set.rare();
    set.duration("--block", &block_, "Length of new blocks, a multiple of 2h");
    set.text("--now", "TIME", &now_, "Take this for the time of day");
    set.example("mstore import -s metrics backlog.om");
    set.example("mstore import /var/lib/prometheus/data");
  }
  ExitCode run(Console& io) override;

 private:
  void read(BulkImport& import, const std::string& path) const;
  void tell(const ImportOutcome& outcome, Console& io) const;

  StoreOption store_;
  ImportOptions options_;
  std::vector<std::string> files_;
  std::string sync_ = "always";
  std::string columns_;
  std::string now_;
  std::chrono::milliseconds block_{7'200'000};
  std::uint64_t faults_ = 0;
};

void ImportCommand::read(BulkImport& import, const std::string& path) const {
  if (path == "-") {
    import.read_stream(STDIN_FILENO, "standard input");
    return;
  }
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0) {
    throw Error(ErrorKind::kIo, "import", path, errno_text(errno));
  }
  if (S_ISDIR(info.st_mode)) {
    import.read_store(path);
  } else {
    import.read_stream(file.get(), path);
  }
}

ExitCode ImportCommand::run(Console& io) {
  const SystemClock system;
  const FixedClock fixed(now_.empty() ? 0 : parse_time(now_, system.now_ms()).value_or_throw());
  const Clock& clock = now_.empty() ? static_cast<const Clock&>(system) : fixed;
  if (!columns_.empty()) {
    options_.stream.csv_columns = parse_csv_columns(columns_).value_or_throw();
  }
  DamageNotes damage(io);
  options_.sync = sync_ == "always";
  options_.writer.sync = options_.sync;
  options_.writer.max_ahead = options_.max_ahead;
  options_.block_ms = block_.count();
  options_.stop = Console::interrupted;
  options_.on_damage = damage.report();
  options_.on_fault = [&](const std::string& source, const StreamFault& fault) {
    if (++faults_ <= kFaultsShown) {
      io.warn("import: " + source + ":" + fault.text());
    }
  };
  ProgressLine progress(io, "import", "samples");
  options_.on_progress = [&](const ImportProgress& at) { progress.update(at.samples); };
  BulkImport import(store_.path(), clock, options_);
  for (const std::string& path : files_.empty() ? std::vector<std::string>{"-"} : files_) {
    read(import, path);
  }
  const ImportOutcome outcome = import.commit();
  damage.finish();
  tell(outcome, io);
  return ExitCode::kOk;
}

void ImportCommand::tell(const ImportOutcome& outcome, Console& io) const {
  if (faults_ > kFaultsShown) {
    io.warn(fmt::format("import: {} more that cannot be read left out", faults_ - kFaultsShown));
  }
  for (std::size_t i = 0; i < kRefusalCount; ++i) {
    if (outcome.refused[i] > 0) {
      io.warn(fmt::format("import: {} samples refused: {}: {}{}", outcome.refused[i],
                          refusal_text(static_cast<Refusal>(i)), outcome.refused[i] > 1 ? "first " : "",
                          outcome.example[i]));
    }
  }
  if (io.is_verbose()) {
    io.note(fmt::format("import: {} samples stored, {} of them in {} blocks, {} there already", outcome.stored(),
                        outcome.in_blocks, outcome.blocks.size(), outcome.repeated));
  }
}

}  // namespace

std::unique_ptr<Command> make_import_command() {
  return std::make_unique<ImportCommand>();
}

}  // namespace mcore
