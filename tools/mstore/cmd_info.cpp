// SPDX-License-Identifier: Apache-2.0
// `mstore [info] [DIR]`: a store at a glance.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/directory.h"
#include "base/error.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/suggest.h"
#include "commands.h"
#include "model/duration.h"
#include "model/time_text.h"
#include "render/table.h"
#include "store_access.h"
#include "tsdb/head_layout.h"
#include "tsdb/store_info.h"

namespace mcore {
namespace {

/// A log up to this size is read when no head serves: a fraction of a second.
constexpr std::uint64_t kMostLogBytes = 64U << 20U;
/// A newest sample further ahead of the clock than this makes a server refuse the present.
constexpr std::int64_t kFarAheadMs = 600'000;

class InfoCommand final : public Command {
 public:
  std::string_view name() const override { return "info"; }
  std::string_view brief() const override { return "Show what a store holds, how large and how healthy it is"; }
  void declare(OptionSet& set) override {
    set.operands("DIR", &operands_, "The store, or a single block", 0, 1);
    store_.declare(set);
    set.group("Output");
    set.output(&format_, &file_, {}, {"table", "json"});
    set.flag("--utc", &utc_, "Show times in UTC instead of $TZ");
    set.rare();
    set.text("--now", "TIME", &now_, "Take this for the time of day");
    set.example("mstore info");
    set.example("mstore ./data -o json | jq .head.newest");
  }
  ExitCode run(Console& io) override;

 private:
  void check_operand() const;
  void find_warnings(const std::string& path, Console& io);
  void print_table(const std::string& path, Console& io) const;
  void print_blocks(Console& io) const;
  void print_json(const std::string& path, Console& io) const;
  [[nodiscard]] std::string time_text(std::int64_t t_ms) const {
    return utc_ ? time_text_utc(t_ms) : time_text_local(t_ms);
  }

  StoreOption store_;
  std::vector<std::string> operands_;
  std::string format_ = "table";
  std::string file_;
  std::string now_;
  bool utc_ = false;
  std::int64_t now_ms_ = 0;
  StoreInfo info_;
  std::vector<std::string> warnings_;
};

double bytes_per_sample(std::uint64_t bytes, std::uint64_t samples) {
  return samples == 0 ? 0 : static_cast<double>(bytes * 100 / samples) / 100;
}

struct ForeignWord {
  std::string_view theirs;
  std::string_view ours;
};
/// What promtool and others call it.
constexpr ForeignWord kForeignWords[] = {
    {"analyze", "top"},    {"cardinality", "top"}, {"dump", "export"}, {"dump-openmetrics", "export"},
    {"follow", "tail -f"}, {"inspect", "info"},    {"list", "info"},   {"ls", "info"},
    {"put", "append"},     {"stats", "info"},      {"status", "info"}, {"write", "append"},
};

/// `mstore metrcs` asks for a folder of that name as far as the words go.
void InfoCommand::check_operand() const {
  if (operands_.empty() || operands_[0].find('/') != std::string::npos || path_exists(operands_[0])) {
    return;
  }
  const std::string& word = operands_[0];
  const auto* const foreign = std::ranges::find(kForeignWords, word, &ForeignWord::theirs);
  std::vector<std::string> names{"help"};
  for (const auto make : mstore_tool().commands) {
    names.emplace_back(make()->name());
  }
  const std::string near = foreign != std::end(kForeignWords) ? std::string(foreign->ours) : nearest(word, names);
  throw Error(ErrorKind::kUsage, "unknown subcommand", in_quotes(word),
              near.empty() ? "nor is there such a directory" : "did you mean " + near + "?");
}

void InfoCommand::find_warnings(const std::string& path, Console& io) {
  info_ = look_at_store(path, kMostLogBytes, [&](const Error& damage) {
    warnings_.emplace_back(damage.what());
    io.warn(damage);
  });
  const auto add = [&](std::string line) { warnings_.push_back(std::move(line)); };
  if (info_.sure_t_ms.value_or(now_ms_) > now_ms_ + kFarAheadMs) {
    add(fmt::format("samples are {} ahead of the clock: a server would refuse the present",
                    duration_text(std::chrono::milliseconds((*info_.sure_t_ms - now_ms_) / 1000 * 1000))));
  }
  if (!info_.lock_holder.empty() && !info_.lock_holder.starts_with("mstore")) {
    add("the lock is held by " + info_.lock_holder + ": it shuts out other writers");
  }
  const std::uint64_t log_bytes = info_.wal.bytes + info_.wbl.bytes;
  if (!info_.head.has_value() && log_bytes > 0) {
    add(fmt::format("the log, {}, is in no head yet: the next reader builds one", bytes_text(log_bytes)));
  }
  if (info_.superseded > 0) {
    add(fmt::format("{} blocks were replaced by others and wait to be removed", info_.superseded));
  }
}

void InfoCommand::print_table(const std::string& path, Console& io) const {
  const auto line = [&](std::string_view name, const std::string& value) {
    io.data_line(fmt::format("{:<8}{}", name, value));
  };
  line("store", path);
  if (info_.range.has_value()) {
    line("range", fmt::format("{} to {}, {}", time_text(info_.range->min_t_ms), time_text(info_.range->max_t_ms),
                              duration_text(std::chrono::milliseconds(info_.range->max_t_ms - info_.range->min_t_ms))));
  } else {
    line("range", "no samples");
  }
  const BlockStats totals = info_.block_totals();
  line("blocks", info_.blocks.empty() ? "none"
                                      : fmt::format("{}, {}, {}, {:.2f} bytes a sample", info_.blocks.size(),
                                                    counted(totals.samples, "sample"), bytes_text(info_.block_bytes()),
                                                    bytes_per_sample(info_.block_bytes(), totals.samples)));
  if (info_.head.has_value()) {
    const HeadInfo& head = *info_.head;
    line("head",
         fmt::format("{} series, {}, {} of them late, {}", head.series,
                     counted(head.samples + head.late_samples, "sample"), head.late_samples, bytes_text(head.bytes)));
    if (head.max_t_ms != kNoTime) {
      line("newest",
           fmt::format("{}, {} {}", time_text(head.max_t_ms),
                       duration_text(std::chrono::milliseconds(std::abs(now_ms_ - head.max_t_ms) / 1000 * 1000)),
                       head.max_t_ms > now_ms_ ? "ahead" : "ago"));
    }
    if (head.floor_t_ms > kFirstTimeMs) {
      line("floor", time_text(head.floor_t_ms) + ", earlier samples are late");
    }
  }
  line("wal", fmt::format("{}, {}{}", counted(info_.wal.segments, "segment"), bytes_text(info_.wal.bytes),
                          info_.wal.has_checkpoint ? ", with a checkpoint" : ""));
  line("wbl", fmt::format("{}, {}", counted(info_.wbl.segments, "segment"), bytes_text(info_.wbl.bytes)));
  line("health", warnings_.empty() ? "nothing wrong at a glance" : warnings_.front());
  for (std::size_t i = 1; i < warnings_.size(); ++i) {
    line("", warnings_[i]);
  }
}

void InfoCommand::print_blocks(Console& io) const {
  if (info_.blocks.empty()) {
    return;
  }
  io.data_line("");
  ResultTable table({{.name = "block"},
                     {.name = "start", .kind = ColumnKind::kTime},
                     {.name = "range", .kind = ColumnKind::kDuration},
                     {.name = "level", .kind = ColumnKind::kInteger},
                     {.name = "series", .kind = ColumnKind::kInteger},
                     {.name = "samples", .kind = ColumnKind::kInteger},
                     {.name = "size", .kind = ColumnKind::kBytes},
                     {.name = "bytes_per_sample", .kind = ColumnKind::kFloat, .title = "B/SAMPLE"},
                     {.name = "hints"}},
                    {.zone = utc_ ? TimeZone::kUtc : TimeZone::kLocal, .human = true});
  for (const BlockInfo& block : info_.blocks) {
    const BlockMeta& meta = block.block.meta;
    table.text(meta.ulid);
    table.time(meta.min_t_ms);
    table.duration(meta.end_t_ms - meta.min_t_ms);
    table.integer(meta.level);
    table.integer(static_cast<std::int64_t>(meta.stats.series));
    table.integer(static_cast<std::int64_t>(meta.stats.samples));
    table.bytes(block.bytes);
    table.number(bytes_per_sample(block.bytes, meta.stats.samples));
    table.text(fmt::format("{}", fmt::join(meta.hints, " ")));
    table.end_row();
  }
  table.finish();
  io.data(table.output());
}

void InfoCommand::print_json(const std::string& path, Console& io) const {
  using Json = nlohmann::ordered_json;
  const auto time = [](std::int64_t t_ms) { return t_ms == kNoTime ? Json(nullptr) : Json(time_text_utc(t_ms)); };
  const BlockStats totals = info_.block_totals();
  Json blocks = Json::array();
  for (const BlockInfo& block : info_.blocks) {
    const BlockMeta& meta = block.block.meta;
    blocks.push_back({{"ulid", meta.ulid},
                      {"start", time(meta.min_t_ms)},
                      {"end", time(meta.end_t_ms)},
                      {"level", meta.level},
                      {"series", meta.stats.series},
                      {"samples", meta.stats.samples},
                      {"chunks", meta.stats.chunks},
                      {"bytes", block.bytes},
                      {"bytes_per_sample", bytes_per_sample(block.bytes, meta.stats.samples)},
                      {"hints", meta.hints}});
  }
  Json head = nullptr;
  if (info_.head.has_value()) {
    const std::int64_t newest = info_.head->max_t_ms;
    head = {{"series", info_.head->series},
            {"samples", info_.head->samples + info_.head->late_samples},
            {"late_samples", info_.head->late_samples},
            {"oldest", time(info_.head->min_t_ms)},
            {"newest", time(newest)},
            {"age_seconds", newest == kNoTime ? Json(nullptr) : Json(static_cast<double>(now_ms_ - newest) / 1000)},
            {"floor", info_.head->floor_t_ms <= kFirstTimeMs ? Json(nullptr) : time(info_.head->floor_t_ms)},
            {"commit", info_.head->commit},
            {"bytes", info_.head->bytes}};
  }
  const auto log = [](const LogInfo& one) {
    return Json{{"segments", one.segments}, {"bytes", one.bytes}, {"checkpoint", one.has_checkpoint}};
  };
  const Json all = {{"store", path},
                    {"start", info_.range.has_value() ? time(info_.range->min_t_ms) : Json(nullptr)},
                    {"end", info_.range.has_value() ? time(info_.range->max_t_ms) : Json(nullptr)},
                    {"blocks",
                     {{"count", info_.blocks.size()},
                      {"samples", totals.samples},
                      {"bytes", info_.block_bytes()},
                      {"bytes_per_sample", bytes_per_sample(info_.block_bytes(), totals.samples)},
                      {"list", blocks}}},
                    {"head", head},
                    {"wal", log(info_.wal)},
                    {"wbl", log(info_.wbl)},
                    {"warnings", warnings_}};
  io.data_line(all.dump(2, ' ', false, Json::error_handler_t::replace));
}

ExitCode InfoCommand::run(Console& io) {
  check_operand();
  store_.take_from(operands_, StoreOption::Operands::kAny);
  const SystemClock clock;
  now_ms_ = now_.empty() ? clock.now_ms() : parse_time(now_, clock.now_ms()).value_or_throw();
  const std::string path = store_.path();
  require_directory(path);
  find_warnings(path, io);
  if (format_ == "json") {
    print_json(path, io);
  } else {
    print_table(path, io);
    print_blocks(io);
  }
  return ExitCode::kOk;
}

}  // namespace

std::unique_ptr<Command> make_info_command() {
  return std::make_unique<InfoCommand>();
}

}  // namespace mcore
