// SPDX-License-Identifier: Apache-2.0
#include "ingest/bulk_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/number_text.h"
#include "ingest/bulk_text.h"
#include "ingest/column_queue.h"
#include "model/time_text.h"
#include "tsdb/block_builder.h"
#include "tsdb/head_upkeep.h"
#include "tsdb/store_reader.h"
#include "tsdb/store_stage.h"

namespace mcore {
namespace {

/// A reading time that no sample has: it marks those that bring none.
constexpr std::int64_t kTimeless = std::numeric_limits<std::int64_t>::min();
/// Times beyond are no times: sums with them might overflow.
constexpr std::int64_t kMostTime = std::numeric_limits<std::int64_t>::max() / 4;
/// What a server keeps in its head: data that is younger belongs into the log.
constexpr std::int64_t kHeadSpanMs = 3 * 3'600'000;
/// Stores are read in pieces, so that no series must be held as a whole.
constexpr std::int64_t kStorePieceMs = std::int64_t{24} * 3'600'000;
constexpr std::size_t kLogBatch = 20'000;

const FixedClock kNoClock{kTimeless};

}  // namespace

class BulkImport::Job final : public BulkSink {
 public:
  Job(const std::string& store, const Clock& clock, ImportOptions options)
      : clock_(clock),
        options_(std::move(options)),
        now_ms_(clock.now_ms()),
        newest_t_ms_(std::min(now_ms_ + options_.max_ahead.count(), kMostTime)),
        writer_(store, clock, writer_options()),
        stage_(store, writer_.home().owner(), now_ms_),
        builder_(builder_options()),
        queue_([this](const SampleColumns& columns) { build(columns); }),
        text_(*this) {}

  void read_stream(int fd, const std::string& name);
  void read_store(const std::string& path);
  ImportOutcome commit();

  [[nodiscard]] SampleColumns& columns() override { return queue_.columns(); }
  void hand_on() override;
  std::optional<std::uint32_t> take_batch(const SampleBatch& batch, std::uint64_t line) override;
  [[nodiscard]] std::uint64_t epoch() const override { return epoch_; }
  [[nodiscard]] std::int64_t newest_t_ms() const override { return newest_t_ms_; }
  void note_progress(const StreamSink& at) override { progress(at.bytes); }

 private:
  [[nodiscard]] StoreWriterOptions writer_options() const {
    StoreWriterOptions options = options_.writer;
    options.max_ahead = options_.max_ahead;
    options.sync = options_.sync;
    return options;
  }
  [[nodiscard]] BlockBuilderOptions builder_options() const {
    BlockBuilderOptions options;
    options.folder = stage_.folder();
    options.owner = writer_.home().owner();
    options.block_ms = options_.block_ms;
    options.memory = options_.memory;
    options.sync = options_.sync;
    options.stop = options_.stop;
    options.open_stored = [this] { return open_stored(); };
    return options;
  }
  [[nodiscard]] DamageReport on_damage() const {
    return options_.on_damage ? options_.on_damage : [](const Error&) {};
  }
  [[nodiscard]] bool asked_to_stop() {
    stopped_ = stopped_ || (options_.stop && options_.stop());
    return stopped_;
  }
  void progress(std::uint64_t bytes) {
    if (options_.on_progress) {
      options_.on_progress({.source = source_, .bytes = bytes, .samples = outcome_.read});
    }
  }
  void fault(const StreamFault& fault);
  [[nodiscard]] bool accepts(LabelsView labels, std::int64_t t_ms);
  std::uint32_t add(LabelsView labels, std::uint64_t hash, std::int64_t t_ms, double value);
  void add(LabelsView labels, std::uint64_t hash, std::int64_t t_ms, const Histogram& histogram);
  void refuse(Refusal refusal, LabelsView labels, std::int64_t t_ms, std::string_view detail = {});
  void build(const SampleColumns& columns);
  [[nodiscard]] std::unique_ptr<Querier> open_stored() const;
  [[nodiscard]] std::int64_t end_of_blocks(TimeRange range);
  void put(const std::vector<BuiltBlock>& blocks);
  void append_rest();
  void flush_log(SampleBatch& batch);
  void settle_tallies();

  const Clock& clock_;
  ImportOptions options_;
  std::int64_t now_ms_;
  std::int64_t newest_t_ms_;
  StoreWriter writer_;
  StoreStage stage_;
  BlockBuilder builder_;
  ColumnQueue queue_;
  BulkText text_;
  ImportOutcome outcome_;
  std::string source_;
  std::uint64_t epoch_ = 0;
  std::size_t taken_ = 0;  // of the batch at hand
  bool stopped_ = false;
};

void BulkImport::Job::fault(const StreamFault& fault) {
  ++outcome_.faults;
  if (options_.on_fault) {
    options_.on_fault(source_, fault);
  }
  if (options_.stop_at_fault) {
    throw Error(ErrorKind::kSyntax, "import", source_, fault.text());
  }
}

void BulkImport::Job::refuse(Refusal refusal, LabelsView labels, std::int64_t t_ms, std::string_view detail) {
  const auto i = static_cast<std::size_t>(refusal);
  if (outcome_.refused[i]++ == 0) {
    outcome_.example[i] =
        fmt::format("{} at {}{}{}", labels_text(labels), time_text_utc(t_ms), detail.empty() ? "" : ": ", detail);
  }
}

bool BulkImport::Job::accepts(LabelsView labels, std::int64_t t_ms) {
  if (t_ms > newest_t_ms_) {
    refuse(Refusal::kTooFarAhead, labels, t_ms);
    return false;
  }
  return true;
}

std::uint32_t BulkImport::Job::add(LabelsView labels, std::uint64_t hash, std::int64_t t_ms, double value) {
  if (columns().is_full()) {
    hand_on();
  }
  const std::uint32_t series = builder_.series(labels, hash);
  SampleColumns& into = columns();
  into.series[into.size] = series;
  into.t_ms[into.size] = t_ms;
  into.value[into.size++] = value;
  return series;
}

void BulkImport::Job::add(LabelsView labels, std::uint64_t hash, std::int64_t t_ms, const Histogram& histogram) {
  if (columns().is_full()) {
    hand_on();
  }
  const std::uint32_t series = builder_.series(labels, hash);
  SampleColumns& into = columns();
  into.histograms.push_back({.place = into.size, .series = series, .t_ms = t_ms, .histogram = histogram});
}

void BulkImport::Job::hand_on() {
  outcome_.read += columns().size + columns().histograms.size();
  queue_.push();
  if (builder_.is_full()) {
    queue_.drain();
    stopped_ = !builder_.flush() || stopped_;
    ++epoch_;
  }
}

/// Runs in the queue's thread.
void BulkImport::Job::build(const SampleColumns& columns) {
  std::size_t at = 0;
  const auto add_floats = [&](std::size_t end) {
    while (at != end) {
      const std::uint32_t series = columns.series[at];
      std::size_t run = at + 1;
      while (run != end && columns.series[run] == series) {
        ++run;
      }
      builder_.append(series, std::span(columns.t_ms).subspan(at, run - at),
                      std::span(columns.value).subspan(at, run - at));
      at = run;
    }
  };
  for (const SampleColumns::HistogramSample& sample : columns.histograms) {
    add_floats(sample.place);
    builder_.append(sample.series, sample.t_ms, sample.histogram);
  }
  add_floats(columns.size);
}

std::optional<std::uint32_t> BulkImport::Job::take_batch(const SampleBatch& batch, std::uint64_t line) {
  std::optional<std::uint32_t> series;
  if (taken_ > batch.samples().size()) {
    taken_ = 0;  // another batch
  }
  for (; taken_ < batch.samples().size(); ++taken_) {
    const BatchSample& sample = batch.samples()[taken_];
    const LabelsView labels = batch.labels(sample);
    series.reset();
    if (sample.t_ms == kTimeless) {
      fault({.line = line, .column = 0, .offset = 0, .reason = "the sample has no time: " + labels_text(labels)});
      continue;
    }
    if (sample.t_ms > kMostTime || sample.t_ms < -kMostTime) {
      fault({.line = line, .column = 0, .offset = 0, .reason = "no time of this world: " + labels_text(labels)});
      continue;
    }
    if (!accepts(labels, sample.t_ms)) {
      continue;
    }
    const std::uint64_t hash = sample.labels_hash != 0 ? sample.labels_hash : labels.hash();
    if (const Histogram* const histogram = batch.histogram(sample); histogram != nullptr) {
      if (const auto why = is_stale_marker(histogram->sum) ? std::nullopt : histogram_fault(*histogram); why) {
        refuse(Refusal::kBadHistogram, labels, sample.t_ms, *why);
        continue;
      }
      add(labels, hash, sample.t_ms, *histogram);
    } else {
      series = add(labels, hash, sample.t_ms, sample.value);
    }
  }
  return series;
}

void BulkImport::Job::read_stream(int fd, const std::string& name) {
  source_ = name;
  taken_ = 0;
  text_.start_stream();
  StreamInputOptions options = options_.stream;
  options.stop = [this] { return asked_to_stop(); };
  options.batch_wait = std::chrono::hours(1);  // nobody waits for a batch
  options.text_decoder = [this](StreamFormat format) { return text_.make_decoder(format); };
  StreamInput input(fd, name, kNoClock, std::move(options), [this](const StreamFault& found) { fault(found); });
  SampleBatch batch;
  while (input.next(batch)) {
    (void)take_batch(batch, 0);
  }
}

void BulkImport::Job::read_store(const std::string& path) {
  source_ = path;
  StoreReader reader(path, on_damage());
  const std::optional<TimeRange> all = reader.time_range();
  if (!all) {
    return;
  }
  SeriesSamples samples;
  // Windows without data cost nothing but a look at the list of blocks.
  for (std::int64_t start = aligned_start(all->min_t_ms, kStorePieceMs); start <= all->max_t_ms;
       start += kStorePieceMs) {
    const std::unique_ptr<SeriesSet> set = reader.select({}, {start, start + kStorePieceMs - 1});
    while (!asked_to_stop() && set->next()) {
      set->samples(samples);
      const LabelsView labels = set->labels();
      const std::uint64_t hash = labels.hash();
      for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
        if (accepts(labels, samples.t_ms[i])) {
          (void)add(labels, hash, samples.t_ms[i], samples.value[i]);
        }
      }
      for (std::size_t i = 0; i < samples.histogram_t_ms.size(); ++i) {
        if (accepts(labels, samples.histogram_t_ms[i])) {
          add(labels, hash, samples.histogram_t_ms[i], samples.histogram[i]);
        }
      }
    }
    progress(0);
  }
}

/// What the store holds, or null if that is nothing.
std::unique_ptr<Querier> BulkImport::Job::open_stored() const {
  auto reader = std::make_unique<StoreReader>(writer_.home().store(), on_damage());
  return reader->time_range() ? std::move(reader) : nullptr;
}

/// Where the windows that become blocks end: before all that only the log holds, and before the window that is still
/// being filled.
std::int64_t BulkImport::Job::end_of_blocks(TimeRange range) {
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
  if (range.max_t_ms > now_ms_ - kHeadSpanMs) {
    end = aligned_start(range.max_t_ms, kChunkWindowMs);
  }
  std::optional<std::int64_t> oldest = writer_.oldest_only_in_log();
  if (oldest && *oldest < end && range.max_t_ms >= aligned_start(*oldest, kChunkWindowMs)) {
    // The log stands in the way. What is due there becomes blocks now, and all of it if there is a whole window beyond.
    const std::int64_t beyond = aligned_start(writer_.last_commit().max_t_ms, kChunkWindowMs) + 2 * kChunkWindowMs;
    HeadUpkeepOptions upkeep;
    upkeep.lock_timeout = options_.writer.lock_timeout;
    upkeep.is_cancelled = options_.stop;
    upkeep.on_damage = on_damage();
    try {
      cut_and_shrink(Upkeep(writer_.home().store()), clock_, beyond <= std::min(end, range.max_t_ms), upkeep);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBusy) {  // then the log keeps what it has, and more goes through it
        throw;
      }
    }
    oldest = writer_.oldest_only_in_log();
  }
  return oldest ? std::min(end, aligned_start(*oldest, kChunkWindowMs)) : end;
}

void BulkImport::Job::put(const std::vector<BuiltBlock>& blocks) {
  const std::string& store = writer_.home().store();
  std::int64_t end_t_ms = std::numeric_limits<std::int64_t>::min();
  for (const BuiltBlock& block : blocks) {
    end_t_ms = std::max(end_t_ms, block.meta.end_t_ms);
    outcome_.in_blocks += block.meta.stats.samples;
    outcome_.blocks.push_back(block.meta);
  }
  create_owned_folder(store + "/wal", writer_.home().owner());  // readers of other makes want one
  if (options_.sync) {
    sync_directory(stage_.folder());
  }
  writer_.put_blocks(end_t_ms, [&] {
    for (const BuiltBlock& block : blocks) {
      const std::string place = store + "/" + block.meta.ulid;
      if (std::rename(block.folder.c_str(), place.c_str()) != 0) {
        throw Error(ErrorKind::kIo, "rename", place, errno_text(errno));
      }
    }
    sync_directory(store);
  });
}

void BulkImport::Job::append_rest() {
  SampleBatch batch;
  builder_.rest([&](LabelsView labels, SeriesSamples& samples) {
    if (asked_to_stop()) {
      return;
    }
    const std::uint64_t hash = labels.hash();
    const auto add_sample = [&](std::int64_t t_ms) -> BatchSample& {
      if (batch.samples().size() >= kLogBatch) {
        flush_log(batch);
      }
      BatchSample& sample = batch.add(labels);
      sample.labels_hash = hash;
      sample.t_ms = t_ms;
      return sample;
    };
    std::size_t histogram = 0;
    for (std::size_t i = 0; i <= samples.t_ms.size(); ++i) {
      const std::int64_t before = i < samples.t_ms.size() ? samples.t_ms[i] : std::numeric_limits<std::int64_t>::max();
      for (; histogram < samples.histogram_t_ms.size() && samples.histogram_t_ms[histogram] < before; ++histogram) {
        (void)add_sample(samples.histogram_t_ms[histogram]);
        batch.set_histogram(samples.histogram[histogram]);
      }
      if (i < samples.t_ms.size()) {
        add_sample(samples.t_ms[i]).value = samples.value[i];
      }
    }
  });
  flush_log(batch);
}

void BulkImport::Job::flush_log(SampleBatch& batch) {
  if (!batch.samples().empty() && !asked_to_stop()) {
    outcome_.log.add(writer_.append(batch));
  }
  batch.clear();
}

void BulkImport::Job::settle_tallies() {
  const BuildTally& tally = builder_.tally();
  const auto other = static_cast<std::size_t>(Refusal::kOtherValue);
  outcome_.repeated = tally.repeated + outcome_.log.repeated;
  outcome_.refused[other] += tally.conflicts;
  if (outcome_.example[other].empty()) {
    outcome_.example[other] = tally.conflict_example;
  }
  for (std::size_t i = 0; i < kRefusalCount; ++i) {
    outcome_.refused[i] += outcome_.log.refused[i];
    if (outcome_.example[i].empty()) {
      outcome_.example[i] = outcome_.log.example[i];
    }
  }
  outcome_.stopped = stopped_;
}

ImportOutcome BulkImport::Job::commit() {
  outcome_.read += columns().size + columns().histograms.size();
  queue_.drain();
  text_.start_stream();  // what it knows is not needed any more
  builder_.finish();
  if (const std::optional<TimeRange> range = builder_.range(); range && !asked_to_stop()) {
    std::vector<BuiltBlock> blocks;
    stopped_ = !builder_.build(end_of_blocks(*range), now_ms_, blocks) || stopped_;
    if (!asked_to_stop() && !blocks.empty()) {
      put(blocks);
    }
    append_rest();
  }
  settle_tallies();
  return std::move(outcome_);
}

BulkImport::BulkImport(const std::string& store, const Clock& clock, ImportOptions options)
    : job_(std::make_unique<Job>(store, clock, std::move(options))) {}

BulkImport::~BulkImport() = default;

void BulkImport::read_stream(int fd, const std::string& name) {
  job_->read_stream(fd, name);
}

void BulkImport::read_store(const std::string& path) {
  job_->read_store(path);
}

ImportOutcome BulkImport::commit() {
  return job_->commit();
}

}  // namespace mcore
