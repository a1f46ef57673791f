// SPDX-License-Identifier: Apache-2.0
// `mstore tail [-f] [SELECTOR…]`: the newest samples, and with -f those that come.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/number_text.h"
#include "cli/command.h"
#include "commands.h"
#include "ingest/stream_output.h"
#include "store_access.h"
#include "tsdb/store_follower.h"

namespace mcore {
namespace {

/// How often a followed store is looked at: news are there before anybody misses them, and a look costs little.
constexpr std::chrono::milliseconds kLookInterval{200};
/// A window that is widened until it holds as many samples as are asked for.
constexpr std::int64_t kFirstWindowMs = 60'000;
constexpr std::int64_t kWindowFactor = 8;

struct TailSample {
  std::int64_t t_ms = 0;
  std::size_t series = 0;  // index into the labels kept
  double value = 0;
  Histogram histogram{};
  bool is_histogram = false;
};

class TailCommand final : public Command {
 public:
  std::string_view name() const override { return "tail"; }
  std::string_view brief() const override { return "Print the newest samples, and with -f those that come"; }
  void declare(OptionSet& set) override {
    selection_.declare(set, "SELECTOR", "Series to show, such as 'up{job=\"node\"}' or job=node; all without one");
    set.group("Output");
    set.flag("-f,--follow", &follow_, "Go on with samples as they arrive, until interrupted");
    set.output(&format_, &file_, {}, {"prom", "jsonl", "rw2"});
    set.count("-n,--limit", "N", &limit_, "How many of the newest samples; 0 for all");
    set.example("mstore tail up");
    set.example("mstore tail -f -n 0 job=node | grep -v ' 0 '");
  }
  ExitCode run(Console& io) override;

 private:
  void show_newest(StoreReader& reader, Console& io);
  [[nodiscard]] std::size_t collect(StoreReader& reader, TimeRange range);
  void keep_newest(std::size_t most);
  void follow(StoreFollower& follower, Console& io);
  void print(LabelsView labels, const SeriesSamples& samples, Console& io);

  SelectionOptions selection_;
  std::string format_ = "prom";
  std::string file_;
  bool follow_ = false;
  std::size_t limit_ = 10;
  std::unique_ptr<StreamOutput> out_;
  std::vector<LabelSet> labels_;
  std::vector<TailSample> samples_;
  std::set<std::pair<std::uint64_t, std::int64_t>> shown_;  // hash of labels and time: not to be followed up once more
  std::uint64_t stale_markers_ = 0;
};

ExitCode TailCommand::run(Console& io) {
  selection_.resolve();
  if (format_ == "rw2" && io.is_terminal()) {
    throw Error(ErrorKind::kUsage, "option --format", format_, "binary data does not go to a terminal");
  }
  if (follow_ && selection_.range() != TimeRange{}) {
    throw Error(ErrorKind::kUsage, "option --follow", "", "a range of time ends, following does not");
  }
  out_ = make_stream_output(*stream_format_by_word(format_));
  DamageNotes damage(io);
  const auto reader = open_store(selection_.store(), damage);
  std::unique_ptr<StoreFollower> follower;
  if (follow_) {  // first: what comes while the newest samples are looked for is not missed
    follower = std::make_unique<StoreFollower>(selection_.store(), selection_.selectors(), damage.report());
  }
  if (!follow_ || limit_ != 0) {
    show_newest(*reader, io);
  }
  const bool found_none = samples_.empty();
  if (follower != nullptr) {
    follow(*follower, io);
  }
  out_->finish();
  io.data(out_->output());
  damage.finish();
  ExpositionLosses losses = out_->losses();
  losses.stale_markers += stale_markers_;
  tell_losses("tail", format_, losses, io);
  return found_none && !follow_ ? nothing_found("tail", *reader, selection_, io) : ExitCode::kOk;
}

/// Collects the samples of a range; returns how many there are.
std::size_t TailCommand::collect(StoreReader& reader, TimeRange range) {
  labels_.clear();
  samples_.clear();
  std::size_t total = 0;
  SeriesSamples columns;
  for (const auto set = reader.select(selection_.selectors(), range); set->next() && !Console::interrupted();) {
    set->samples(columns);
    if (columns.empty()) {
      continue;
    }
    const std::size_t series = labels_.size();
    labels_.emplace_back(set->labels());
    total += columns.size();
    for (std::size_t i = 0; i < columns.t_ms.size(); ++i) {
      samples_.push_back({.t_ms = columns.t_ms[i], .series = series, .value = columns.value[i]});
    }
    for (std::size_t i = 0; i < columns.histogram_t_ms.size(); ++i) {
      samples_.push_back({.t_ms = columns.histogram_t_ms[i],
                          .series = series,
                          .histogram = std::move(columns.histogram[i]),
                          .is_histogram = true});
    }
    if (limit_ != 0 && samples_.size() > std::max<std::size_t>(limit_ * 2, 100'000)) {
      keep_newest(limit_);
    }
  }
  return total;
}

/// Sorts by time, series of one time in label order, and drops all but the last ones.
void TailCommand::keep_newest(std::size_t most) {
  std::ranges::sort(samples_, {}, [](const TailSample& one) { return std::tie(one.t_ms, one.series); });
  if (samples_.size() > most) {
    samples_.erase(samples_.begin(), samples_.end() - static_cast<std::ptrdiff_t>(most));
  }
}

void TailCommand::show_newest(StoreReader& reader, Console& io) {
  const auto has = reader.time_range();
  if (!has.has_value()) {
    return;
  }
  const std::int64_t end = std::min(has->max_t_ms, selection_.range().max_t_ms);
  const std::int64_t begin = std::max(has->min_t_ms, selection_.range().min_t_ms);
  const std::size_t wanted = limit_ == 0 ? SIZE_MAX : limit_;
  std::int64_t window = limit_ == 0 ? end - begin : kFirstWindowMs;
  while (collect(reader, {std::max(begin, end - window), end}) < wanted && end - window > begin) {
    window *= kWindowFactor;
  }
  keep_newest(wanted);
  for (TailSample& sample : samples_) {
    const LabelsView labels = labels_[sample.series].view();
    if (follow_) {
      shown_.emplace(labels.hash(), sample.t_ms);
    }
    if (format_ == "prom" && !sample.is_histogram && is_stale_marker(sample.value)) {
      ++stale_markers_;
      continue;
    }
    out_->begin_series(labels, nullptr);
    out_->sample(
        {.t_ms = sample.t_ms, .value = sample.value, .histogram = sample.is_histogram ? &sample.histogram : nullptr});
  }
  out_->flush();
  io.data(out_->output());
  out_->output().clear();
}

void TailCommand::print(LabelsView labels, const SeriesSamples& samples, Console& io) {
  SeriesSamples fresh;
  const std::uint64_t hash = labels.hash();
  for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
    const bool is_lost = format_ != "rw2" && is_stale_marker(samples.value[i]);
    stale_markers_ += is_lost ? 1 : 0;
    if (!is_lost && !shown_.contains({hash, samples.t_ms[i]})) {
      fresh.t_ms.push_back(samples.t_ms[i]);
      fresh.value.push_back(samples.value[i]);
    }
  }
  for (std::size_t i = 0; i < samples.histogram_t_ms.size(); ++i) {
    if (!shown_.contains({hash, samples.histogram_t_ms[i]})) {
      fresh.histogram_t_ms.push_back(samples.histogram_t_ms[i]);
      fresh.histogram.push_back(samples.histogram[i]);
    }
  }
  if (!fresh.empty()) {
    out_->begin_series(labels, nullptr);
    out_->samples(fresh);
  }
  io.data(out_->output());
  out_->output().clear();
}

void TailCommand::follow(StoreFollower& follower, Console& io) {
  io.flush();
  while (!Console::interrupted()) {
    if (follower.look([&](LabelsView labels, const SeriesSamples& samples) { print(labels, samples, io); })) {
      out_->flush();
      io.data(out_->output());
      out_->output().clear();
      io.flush();
    }
    std::this_thread::sleep_for(kLookInterval);
  }
}

}  // namespace

std::unique_ptr<Command> make_tail_command() {
  return std::make_unique<TailCommand>();
}

}  // namespace mcore
