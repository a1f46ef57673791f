// SPDX-License-Identifier: Apache-2.0
// `mstore append [FILE…]`: stores a stream of samples as it comes in.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auto_upkeep.h"
#include "base/clock.h"
#include "base/directory.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/progress_line.h"
#include "commands.h"
#include "ingest/stream_input.h"
#include "model/duration.h"
#include "model/time_text.h"
#include "scrape/target_labels.h"
#include "store_access.h"
#include "tsdb/store_writer.h"

namespace mcore {
namespace {

/// How many unreadable lines are shown before they are only counted.
constexpr std::uint64_t kFaultsShown = 5;
/// Of a pipe without end, this often what was refused is told.
constexpr std::chrono::minutes kReportInterval{1};

/// A store that is not there while nothing may be made: one that goes away again.
class ScratchStore {
 public:
  ScratchStore() {
    if (::mkdtemp(path_.data()) == nullptr) {
      throw Error(ErrorKind::kIo, "make scratch folder", path_, errno_text(errno));
    }
  }
  ~ScratchStore() { remove_tree(path_); }
  ScratchStore(const ScratchStore&) = delete;
  ScratchStore& operator=(const ScratchStore&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_ = "/tmp/mstore.XXXXXX";
};

class AppendCommand final : public Command {
 public:
  std::string_view name() const override { return "append"; }
  std::string_view brief() const override { return "Store a stream of samples as it comes in"; }
  void declare(OptionSet& set) override;
  ExitCode run(Console& io) override;

 private:
  void prepare(Console& io);
  [[nodiscard]] std::vector<Fd> open_inputs() const;
  void append_from(int fd, const std::string& name, StoreWriter& writer, Console& io);
  void add_labels(SampleBatch& batch);
  void look_after(const StoreWriter& writer) const;
  void tell_fault(const std::string& name, const StreamFault& fault, Console& io);
  void tell_refusals(Console& io);

  StoreOption store_;
  StoreWriterOptions options_;
  std::vector<std::string> files_;
  std::vector<std::string> label_words_;
  std::string job_;
  std::string instance_;
  std::string sync_ = "always";
  std::string upkeep_ = "auto";
  std::string ooo_window_;
  std::string now_;
  bool honor_labels_ = false;
  std::unique_ptr<Clock> clock_ = std::make_unique<SystemClock>();
  TargetLabels labels_;
  LabelBuilder builder_;
  std::vector<std::string> renamed_;
  AppendOutcome total_;
  AppendOutcome untold_;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
  std::uint64_t faults_ = 0;
  bool has_waited_ = false;
};

void AppendCommand::declare(OptionSet& set) {
  set.operands("FILE", &files_, "Stream in any format, plain, gzip or zstd; standard input without one, or -");
  set.group("Store");
  store_.declare(set);
  set.duration("--lock-timeout", &options_.lock_timeout, "Wait this long for other writers");
  set.choice("--sync", "WHEN", &sync_, "Flush to the disk before a sample counts as stored", {"always", "none"});
  set.choice("--upkeep", "WHEN", &upkeep_, "Start mstore compact when a block is due", {"auto", "none"});
  set.flag("--dry-run", &options_.dry_run, "Say what would be stored, and store nothing");
  set.group("Labels");
  set.text("-j,--job", "NAME", &job_, "Label job");
  set.text("-i,--instance", "NAME", &instance_, "Label instance");
  set.list("-l,--label", "K=V", &label_words_, "Add a label (repeatable)");
  set.flag("--honor-labels", &honor_labels_, "On conflict the stream's labels win");
  set.group("What is taken");
  set.duration("--max-ahead", &options_.max_ahead, "Refuse samples further ahead of the clock");
  set.text("--ooo-window", "D", &ooo_window_, "Refuse samples older than this before the newest");
  set.default_text("any age");
  set.rare();
  set.text("--now", "TIME", &now_, "Take this for the time of day");
  set.example("mscrape localhost:9100 | mstore append");
  set.example("mstore append -s metrics backlog.prom.gz");
}

void AppendCommand::prepare(Console& io) {
  if (!now_.empty()) {
    clock_ = std::make_unique<FixedClock>(parse_time(now_, clock_->now_ms()).value_or_throw());
  }
  if (!ooo_window_.empty()) {
    options_.ooo_window = parse_duration(ooo_window_).value_or_throw();
  }
  if (!job_.empty()) {
    labels_.set("job", job_);
  }
  if (!instance_.empty()) {
    labels_.set("instance", instance_);
  }
  for (const std::string& word : label_words_) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (equals == std::string::npos || !is_legacy_label_name(name) || name.starts_with("__")) {
      throw Error(ErrorKind::kUsage, "option --label", in_quotes(word), "expected NAME=VALUE with the name of a label");
    }
    labels_.set(name, word.substr(equals + 1));
  }
  options_.sync = sync_ == "always";
  options_.on_wait = [&](const std::string& what) {
    if (!std::exchange(has_waited_, true)) {
      io.warn_softly("append: " + what);
    }
  };
  options_.is_cancelled = Console::interrupted;
  options_.on_damage = [&](const Error& damage) { io.warn(damage); };
}

ExitCode AppendCommand::run(Console& io) {
  prepare(io);
  const std::string store = store_.path();
  std::optional<ScratchStore> scratch;
  if (options_.dry_run && (!path_exists(store) || list_directory(store).empty())) {
    scratch.emplace();
    options_.dry_run = false;
    options_.sync = false;
  }
  const std::vector<Fd> inputs = open_inputs();  // before anything is stored or made: a mistyped name changes nothing
  StoreWriter writer(scratch.has_value() ? scratch->path() : store, *clock_, options_);
  for (std::size_t i = 0; i < inputs.size() && !Console::interrupted(); ++i) {
    const bool is_stdin = !inputs[i].is_open();
    append_from(is_stdin ? STDIN_FILENO : inputs[i].get(), is_stdin ? "standard input" : files_[i], writer, io);
  }
  tell_refusals(io);
  if (faults_ > kFaultsShown) {
    io.warn(fmt::format("append: {} more that cannot be read were left out", faults_ - kFaultsShown));
  }
  if (io.is_verbose()) {
    io.note(fmt::format("append: {} {}, {} of them late; {} there already; {} refused; {} new series",
                        counted(total_.samples, "sample"),
                        options_.dry_run || scratch.has_value() ? "to be stored" : "stored", total_.late,
                        total_.repeated, total_.refused_total(), total_.new_series));
  }
  return ExitCode::kOk;
}

Fd open_input(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0) {
    throw Error(ErrorKind::kIo, "append", path, errno_text(errno));
  }
  if (S_ISDIR(info.st_mode)) {
    throw Error(ErrorKind::kUsage, "append", path, "a directory, expected a stream of samples; -s DIR names the store");
  }
  return file;
}

/// One for each stream; an empty one stands for standard input.
std::vector<Fd> AppendCommand::open_inputs() const {
  std::vector<Fd> inputs;
  for (const std::string& path : files_) {
    inputs.push_back(path == "-" ? Fd() : open_input(path));
  }
  if (inputs.empty()) {
    inputs.emplace_back();
  }
  return inputs;
}

void AppendCommand::look_after(const StoreWriter& writer) const {
  if (upkeep_ == "auto" && !options_.dry_run) {
    start_upkeep_if_due(writer.home().store(), writer.last_commit(), clock_->now_ms());
  }
}

void AppendCommand::append_from(int fd, const std::string& name, StoreWriter& writer, Console& io) {
  StreamInputOptions options;
  options.stop = Console::interrupted;
  StreamInput input(fd, name, *clock_, options, [&](const StreamFault& fault) { tell_fault(name, fault, io); });
  SampleBatch batch;
  ProgressLine progress(io, "append", "samples");
  while (input.next(batch)) {
    add_labels(batch);
    const AppendOutcome outcome = writer.append(batch);
    total_.add(outcome);
    untold_.add(outcome);
    look_after(writer);
    progress.update(total_.samples);
    if (std::chrono::steady_clock::now() - told_ > kReportInterval) {
      tell_refusals(io);
    }
  }
}

void AppendCommand::add_labels(SampleBatch& batch) {
  if (labels_.all().empty()) {
    return;
  }
  std::string bytes;
  for (BatchSample& sample : batch.samples()) {
    bytes = batch.labels(sample).bytes();  // the batch's own bytes move while they grow
    builder_.clear();
    for (const Label& label : LabelsView(bytes)) {
      builder_.add(label.name, label.value);
    }
    labels_.join(builder_, honor_labels_, renamed_);
    batch.set_labels(sample, builder_.build());
  }
}

void AppendCommand::tell_fault(const std::string& name, const StreamFault& fault, Console& io) {
  if (++faults_ <= kFaultsShown) {
    io.warn("append: " + name + ":" + fault.text());
  }
}

void AppendCommand::tell_refusals(Console& io) {
  for (std::size_t i = 0; i < kRefusalCount; ++i) {
    if (const std::uint64_t count = untold_.refused[i]; count > 0) {
      io.warn(fmt::format("append: {} refused, {}: {}{}", counted(count, "sample"),
                          refusal_text(static_cast<Refusal>(i)), count > 1 ? "first " : "", untold_.example[i]));
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
