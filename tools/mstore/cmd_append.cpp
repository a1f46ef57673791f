// SPDX-License-Identifier: Apache-2.0
// `mstore append [FILE…]`: stores a stream of samples as it comes in.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "commands.h"
#include "ingest/stream_input.h"
#include "model/duration.h"
#include "model/time_text.h"
#include "tsdb/store_writer.h"

namespace mcore {
namespace {

/// How many unreadable lines are shown before they are only counted.
constexpr std::uint64_t kFaultsShown = 5;
/// A pipe without end is told at least this often what was refused.
constexpr std::chrono::minutes kReportInterval{1};

class AppendCommand final : public Command {
 public:
  std::string_view name() const override { return "append"; }
  std::string_view brief() const override { return "Store a stream of samples as it comes in"; }
  void declare(OptionSet& set) override {
    set.operands("FILE", &files_, "Stream in any format, plain, gzip or zstd; standard input without one, or -");
    set.group("Store");
    store_.declare(set);
    set.duration("--lock-timeout", &options_.lock_timeout, "Wait this long for other writers");
    set.choice("--sync", "WHEN", &sync_, "Flush to the disk before a sample counts as stored", {"always", "none"});
    set.group("What is taken");
    set.duration("--max-ahead", &options_.max_ahead, "Refuse samples further ahead of the clock");
    set.text("--ooo-window", "D", &ooo_window_, "Refuse samples older than this before the newest");
    set.default_text("any age");
    set.text("--now", "TIME", &now_, "Take this for the time of day");
    set.example("mscrape localhost:9100 | mstore append");
    set.example("mstore append -s metrics backlog.prom.gz");
  }
  ExitCode run(Console& io) override;

 private:
  void append_from(int fd, const std::string& name, StoreWriter& writer, Console& io);
  void tell_fault(const std::string& name, const StreamFault& fault, Console& io);
  void tell_refusals(Console& io);

  StoreOption store_;
  StoreWriterOptions options_;
  std::vector<std::string> files_;
  std::string sync_ = "always";
  std::string ooo_window_;
  std::string now_;
  std::unique_ptr<Clock> clock_ = std::make_unique<SystemClock>();
  AppendOutcome total_;
  AppendOutcome untold_;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
  std::uint64_t faults_ = 0;
  bool has_waited_ = false;
};

Fd open_input(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    throw Error(ErrorKind::kIo, "append", path, errno_text(errno));
  }
  return file;
}

ExitCode AppendCommand::run(Console& io) {
  if (!now_.empty()) {
    clock_ = std::make_unique<FixedClock>(parse_time(now_, clock_->now_ms()).value_or_throw());
  }
  if (!ooo_window_.empty()) {
    options_.ooo_window = parse_duration(ooo_window_).value_or_throw();
  }
  options_.sync = sync_ == "always";
  options_.on_wait = [&](const std::string& what) {
    if (!has_waited_) {
      io.warn_softly("append: " + what);
    }
    has_waited_ = true;
  };
  options_.on_damage = [&](const Error& damage) { io.warn(damage); };
  StoreWriter writer(store_.path(), *clock_, options_);
  const std::vector<std::string> files = files_.empty() ? std::vector<std::string>{"-"} : files_;
  for (const std::string& path : files) {
    if (path == "-") {
      append_from(STDIN_FILENO, "standard input", writer, io);
    } else {
      append_from(open_input(path).get(), path, writer, io);
    }
  }
  tell_refusals(io);
  if (faults_ > kFaultsShown) {
    io.warn(fmt::format("append: {} more that cannot be read left out", faults_ - kFaultsShown));
  }
  if (io.is_verbose()) {
    io.note(fmt::format("append: {} samples stored, {} of them late, {} there already, {} new series, {} refused",
                        total_.samples, total_.late, total_.repeated, total_.new_series, total_.refused_total()));
  }
  return ExitCode::kOk;
}

void AppendCommand::append_from(int fd, const std::string& name, StoreWriter& writer, Console& io) {
  StreamInputOptions options;
  options.stop = Console::interrupted;
  StreamInput input(fd, name, *clock_, options, [&](const StreamFault& fault) { tell_fault(name, fault, io); });
  SampleBatch batch;
  while (input.next(batch)) {
    const AppendOutcome outcome = writer.append(batch);
    total_.add(outcome);
    untold_.add(outcome);
    if (std::chrono::steady_clock::now() - told_ > kReportInterval) {
      tell_refusals(io);
    }
  }
}

void AppendCommand::tell_fault(const std::string& name, const StreamFault& fault, Console& io) {
  if (++faults_ <= kFaultsShown) {
    io.warn("append: " + name + ":" + fault.text());
  }
}

void AppendCommand::tell_refusals(Console& io) {
  for (std::size_t i = 0; i < kRefusalCount; ++i) {
    if (untold_.refused[i] > 0) {
      io.warn(fmt::format("append: {} samples refused: {}: {}{}", untold_.refused[i],
                          refusal_text(static_cast<Refusal>(i)), untold_.refused[i] > 1 ? "first " : "",
                          untold_.example[i]));
    }
  }
  untold_ = {};
  told_ = std::chrono::steady_clock::now();
}

}  // namespace

std::unique_ptr<Command> make_append_command() {
  return std::make_unique<AppendCommand>();
}

}  // namespace mcore
