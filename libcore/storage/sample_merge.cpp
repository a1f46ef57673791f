// SPDX-License-Identifier: Apache-2.0
#include "storage/sample_merge.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace mcore {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::int64_t first_of(const SeriesSamples& samples) noexcept {
  std::int64_t t = kNever;
  if (!samples.t_ms.empty()) {
    t = samples.t_ms.front();
  }
  if (!samples.histogram_t_ms.empty()) {
    t = std::min(t, samples.histogram_t_ms.front());
  }
  return t;
}

std::int64_t last_of(const SeriesSamples& samples) noexcept {
  std::int64_t t = std::numeric_limits<std::int64_t>::min();
  if (!samples.t_ms.empty()) {
    t = samples.t_ms.back();
  }
  if (!samples.histogram_t_ms.empty()) {
    t = std::max(t, samples.histogram_t_ms.back());
  }
  return t;
}

template <typename T>
void move_behind(std::vector<T>& into, std::vector<T>& more) {
  into.insert(into.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// Where one of the two knows start times, the other says of its samples that theirs are unknown.
void align_starts(SeriesSamples& one, SeriesSamples& other) {
  if (!one.start_ms.empty() || !other.start_ms.empty()) {
    one.start_ms.resize(one.t_ms.size());
    other.start_ms.resize(other.t_ms.size());
  }
  if (!one.histogram_start_ms.empty() || !other.histogram_start_ms.empty()) {
    one.histogram_start_ms.resize(one.histogram_t_ms.size());
    other.histogram_start_ms.resize(other.histogram_t_ms.size());
  }
}

/// Takes the samples of one set in order of time, floats and histograms together.
class SampleCursor {
 public:
  explicit SampleCursor(SeriesSamples& samples) : samples_(samples) {}
  [[nodiscard]] bool at_end() const noexcept {
    return float_ == samples_.t_ms.size() && histogram_ == samples_.histogram_t_ms.size();
  }
  [[nodiscard]] std::int64_t t_ms() const noexcept { return is_float() ? samples_.t_ms[float_] : histogram_t(); }
  void skip() noexcept { is_float() ? ++float_ : ++histogram_; }
  void move_to(SeriesSamples& out) {
    if (is_float()) {
      if (!samples_.start_ms.empty()) {
        out.start_ms.push_back(samples_.start_ms[float_]);
      }
      out.t_ms.push_back(samples_.t_ms[float_]);
      out.value.push_back(samples_.value[float_++]);
    } else {
      if (!samples_.histogram_start_ms.empty()) {
        out.histogram_start_ms.push_back(samples_.histogram_start_ms[histogram_]);
      }
      out.histogram_t_ms.push_back(samples_.histogram_t_ms[histogram_]);
      out.histogram.push_back(std::move(samples_.histogram[histogram_++]));
    }
  }

 private:
  [[nodiscard]] std::int64_t histogram_t() const noexcept {
    return histogram_ < samples_.histogram_t_ms.size() ? samples_.histogram_t_ms[histogram_] : kNever;
  }
  [[nodiscard]] bool is_float() const noexcept {
    return float_ < samples_.t_ms.size() && samples_.t_ms[float_] <= histogram_t();
  }

  SeriesSamples& samples_;
  std::size_t float_ = 0;
  std::size_t histogram_ = 0;
};

class MergedSeriesSet final : public SeriesSet {
 private:
  /// Of equal labels the earlier set comes first.
  [[nodiscard]] auto later() const {
    return [this](std::size_t a, std::size_t b) {
      const auto order = sets_[a]->labels() <=> sets_[b]->labels();
      return order != 0 ? order > 0 : a > b;
    };
  }

 public:
  explicit MergedSeriesSet(std::vector<std::unique_ptr<SeriesSet>> sets) : sets_(std::move(sets)) {
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      if (sets_[i]->next()) {
        waiting_.push_back(i);
      }
    }
    std::ranges::make_heap(waiting_, later());
  }

  bool next() override {
    for (const std::size_t i : current_) {
      if (sets_[i]->next()) {
        waiting_.push_back(i);
        std::ranges::push_heap(waiting_, later());
      }
    }
    current_.clear();
    while (!waiting_.empty() &&
           (current_.empty() || sets_[waiting_.front()]->labels() == sets_[current_.front()]->labels())) {
      std::ranges::pop_heap(waiting_, later());
      current_.push_back(waiting_.back());
      waiting_.pop_back();
    }
    return !current_.empty();
  }

  [[nodiscard]] LabelsView labels() const override { return sets_[current_.front()]->labels(); }

  void samples(SeriesSamples& out) override {
    sets_[current_.front()]->samples(out);
    for (std::size_t i = 1; i < current_.size(); ++i) {
      sets_[current_[i]]->samples(more_);
      merge_samples(out, std::move(more_));
    }
  }

 private:
  std::vector<std::unique_ptr<SeriesSet>> sets_;
  std::vector<std::size_t> waiting_;  // heap of the sets that have a series ready, the least in front
  std::vector<std::size_t> current_;  // the sets that have the series at hand, in their order
  SeriesSamples more_;
};

}  // namespace

void merge_samples(SeriesSamples& into, SeriesSamples&& more) {
  if (more.empty()) {
    return;
  }
  align_starts(into, more);
  if (into.empty() || last_of(into) < first_of(more)) {
    move_behind(into.t_ms, more.t_ms);
    move_behind(into.value, more.value);
    move_behind(into.histogram_t_ms, more.histogram_t_ms);
    move_behind(into.histogram, more.histogram);
    move_behind(into.start_ms, more.start_ms);
    move_behind(into.histogram_start_ms, more.histogram_start_ms);
    return;
  }
  SeriesSamples both;
  both.t_ms.reserve(into.t_ms.size() + more.t_ms.size());
  both.value.reserve(both.t_ms.capacity());
  SampleCursor left(into);
  SampleCursor right(more);
  while (!left.at_end() || !right.at_end()) {
    if (right.at_end() || (!left.at_end() && left.t_ms() < right.t_ms())) {
      left.move_to(both);
    } else if (left.at_end() || right.t_ms() < left.t_ms()) {
      right.move_to(both);
    } else {
      right.skip();
    }
  }
  into = std::move(both);
}

std::unique_ptr<SeriesSet> merge_series(std::vector<std::unique_ptr<SeriesSet>> sets) {
  if (sets.size() == 1) {
    return std::move(sets.front());
  }
  return std::make_unique<MergedSeriesSet>(std::move(sets));
}

}  // namespace mcore
