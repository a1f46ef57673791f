// SPDX-License-Identifier: Apache-2.0
#include "tsdb/series_outline.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/error.h"
#include "tsdb/block_reader.h"
#include "tsdb/head_querier.h"

namespace mcore {
namespace {

/// From the first to the last of some samples. Requires: there are some.
TimeRange times_of(const SeriesSamples& samples) {
  TimeRange times{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  for (const std::vector<std::int64_t>* const column : {&samples.t_ms, &samples.histogram_t_ms}) {
    if (!column->empty()) {
      times.min_t_ms = std::min(times.min_t_ms, column->front());
      times.max_t_ms = std::max(times.max_t_ms, column->back());
    }
  }
  return times;
}

}  // namespace

class SeriesOutlines::Source {
 public:
  virtual ~Source() = default;
  virtual bool next() = 0;
  [[nodiscard]] virtual LabelsView labels() const = 0;
  [[nodiscard]] virtual TimeRange times() = 0;
};

namespace {

class BlockSource final : public SeriesOutlines::Source {
 public:
  /// Errors: throws Error where the block as a whole is of no use, as its select() does.
  BlockSource(BlockReader& block, std::span<const Selector> selectors, const DamageReport& report)
      : cursor_((static_cast<void>(block.tombstones()), block), block.find(selectors, report), TimeRange{}, report) {}

  bool next() override { return cursor_.next(); }
  [[nodiscard]] LabelsView labels() const override { return cursor_.labels(); }
  [[nodiscard]] TimeRange times() override {
    const std::span<const ChunkMeta> chunks = cursor_.chunks();
    return {chunks.front().min_t_ms, chunks.back().max_t_ms};
  }

 private:
  BlockCursor cursor_;
};

class HeadSource final : public SeriesOutlines::Source {
 public:
  HeadSource(const HeadFiles& files, HeadQuerier& head, std::span<const Selector> selectors)
      : files_(files), series_(head.series(selectors)), commit_(head.commit()), in_order_from_(head.in_order_from()) {}

  bool next() override {
    bool found = false;
    // A label set has several ids where it left the log and came back.
    for (; at_ < series_.size() && (!found || files_.labels_of(series_[at_].id) == labels_); ++at_) {
      if (const auto times = times_at(series_[at_])) {
        times_ = found
                     ? TimeRange{std::min(times_.min_t_ms, times->min_t_ms), std::max(times_.max_t_ms, times->max_t_ms)}
                     : *times;
        labels_ = files_.labels_of(series_[at_].id);
        found = true;
      }
    }
    return found;
  }
  [[nodiscard]] LabelsView labels() const override { return labels_; }
  [[nodiscard]] TimeRange times() override { return times_; }

 private:
  /// Of the samples that count; nothing if there are none.
  [[nodiscard]] std::optional<TimeRange> times_at(const HeadQuerier::Series& series) const {
    if (series.state.late == 0 && !is_deleted_in(series.id)) {
      const bool has_samples = series.state.last_t_ms != kNoTime && series.state.last_t_ms >= in_order_from_;
      return has_samples ? std::optional(TimeRange{first_in_order(series.state), series.state.last_t_ms})
                         : std::nullopt;
    }
    SeriesSamples samples;
    read_head_samples(files_, commit_, series.id, series.state, TimeRange{}, in_order_from_, samples);
    return samples.empty() ? std::nullopt : std::optional(times_of(samples));
  }

  [[nodiscard]] bool is_deleted_in(std::uint32_t id) const {
    return !tombstones_of(head_tombstones(files_, commit_), id).empty();
  }

  [[nodiscard]] std::int64_t first_in_order(const SeriesStateView& state) const {
    std::int64_t first = state.last_t_ms;
    for (std::uint32_t slab = state.slab; slab != 0 && first > in_order_from_; slab = files_.slab(slab).previous) {
      first = files_.slab(slab).first_t_ms;
    }
    return std::max(first, in_order_from_);
  }

  const HeadFiles& files_;
  std::vector<HeadQuerier::Series> series_;
  HeadCommit commit_;
  std::int64_t in_order_from_;
  std::size_t at_ = 0;  // the next one to look at
  LabelsView labels_;
  TimeRange times_;
};

}  // namespace

SeriesOutlines::SeriesOutlines(StoreReader& reader, std::span<const Selector> selectors, TimeRange range,
                               const DamageReport& report, StorePart part) {
  const bool only_head = part == StorePart::kHead;
  if (only_head && reader.head() == nullptr) {
    return;
  }
  if (range != TimeRange{}) {
    set_ = only_head ? reader.head()->select(selectors, range) : reader.select(selectors, range);
    return;
  }
  if (reader.head() != nullptr) {
    sources_.push_back(std::make_unique<HeadSource>(*reader.head_files(), *reader.head(), selectors));
  }
  if (!only_head) {
    reader.blocks().open({}, false);
  }
  for (std::size_t i = 0; !only_head && i < reader.blocks().entries().size(); ++i) {
    try {
      sources_.push_back(std::make_unique<BlockSource>(reader.blocks().reader(i), selectors, report));
    } catch (const Error& error) {
      report(error);
    }
  }
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    current_.push_back(i);  // each is to be moved on
  }
}

SeriesOutlines::~SeriesOutlines() = default;

bool SeriesOutlines::next() {
  if (set_ != nullptr) {
    return next_by_samples();
  }
  const auto later = [this](std::size_t a, std::size_t b) { return sources_[a]->labels() > sources_[b]->labels(); };
  for (const std::size_t i : current_) {
    if (sources_[i]->next()) {
      waiting_.push_back(i);
      std::ranges::push_heap(waiting_, later);
    }
  }
  current_.clear();
  while (!waiting_.empty() && (current_.empty() || sources_[waiting_.front()]->labels() == at_.labels)) {
    std::ranges::pop_heap(waiting_, later);
    const std::size_t i = waiting_.back();
    waiting_.pop_back();
    const TimeRange times = sources_[i]->times();
    if (current_.empty()) {
      at_ = {.labels = sources_[i]->labels(), .first_t_ms = times.min_t_ms, .last_t_ms = times.max_t_ms};
    } else {
      at_.first_t_ms = std::min(at_.first_t_ms, times.min_t_ms);
      at_.last_t_ms = std::max(at_.last_t_ms, times.max_t_ms);
    }
    current_.push_back(i);
  }
  return !current_.empty();
}

bool SeriesOutlines::next_by_samples() {
  while (set_->next()) {
    set_->samples(samples_);
    if (!samples_.empty()) {
      const TimeRange times = times_of(samples_);
      at_ = {.labels = set_->labels(), .first_t_ms = times.min_t_ms, .last_t_ms = times.max_t_ms};
      return true;
    }
  }
  return false;
}

}  // namespace mcore
