// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "storage/sample_merge.h"

namespace mcore {
namespace {

std::int64_t last_of(const SeriesSamples& samples) noexcept {
  std::int64_t last = INT64_MIN;
  for (const auto* const times : {&samples.t_ms, &samples.histogram_t_ms}) {
    last = times->empty() ? last : std::max(last, times->back());
  }
  return last;
}

bool has_samples(const std::vector<std::int64_t>& t_ms, TimeRange range) noexcept {
  const auto first = std::ranges::lower_bound(t_ms, range.min_t_ms);
  return first != t_ms.end() && *first <= range.max_t_ms;
}

template <typename Value>
void copy_range(const std::vector<std::int64_t>& t_ms, const std::vector<Value>& values, TimeRange range,
                std::vector<std::int64_t>& to_t, std::vector<Value>& to) {
  const auto first = std::ranges::lower_bound(t_ms, range.min_t_ms) - t_ms.begin();
  const auto last = std::max(std::ranges::upper_bound(t_ms, range.max_t_ms) - t_ms.begin(), first);
  to_t.assign(t_ms.begin() + first, t_ms.begin() + last);
  to.assign(values.begin() + first, values.begin() + last);
}

SeriesSamples sample_of(const SampleBatch& batch, const BatchSample& sample) {
  SeriesSamples one;
  if (const Histogram* const histogram = batch.histogram(sample); histogram != nullptr) {
    one.histogram_t_ms.push_back(sample.t_ms);
    one.histogram.push_back(*histogram);
  } else {
    one.t_ms.push_back(sample.t_ms);
    one.value.push_back(sample.value);
  }
  return one;
}

}  // namespace

class MemorySeriesSet final : public SeriesSet {
 public:
  using Entry = MemoryStore::Series::value_type;
  MemorySeriesSet(std::vector<const Entry*> entries, TimeRange range) : entries_(std::move(entries)), range_(range) {}

  bool next() override { return given_ < entries_.size() && ++given_ > 0; }
  [[nodiscard]] LabelsView labels() const override { return LabelsView(entries_[given_ - 1]->first); }
  void samples(SeriesSamples& out) override {
    const SeriesSamples& all = entries_[given_ - 1]->second;
    copy_range(all.t_ms, all.value, range_, out.t_ms, out.value);
    copy_range(all.histogram_t_ms, all.histogram, range_, out.histogram_t_ms, out.histogram);
  }

 private:
  std::vector<const Entry*> entries_;
  TimeRange range_;
  std::size_t given_ = 0;
};

SeriesSamples& MemoryStore::samples_of(LabelsView labels) {
  if (const auto known = series_.find(labels.bytes()); known != series_.end()) {
    return known->second;
  }
  return series_[std::string(labels.bytes())];
}

void MemoryStore::add(const SampleBatch& batch) {
  for (const BatchSample& sample : batch.samples()) {
    SeriesSamples& to = samples_of(batch.labels(sample));
    if (batch.histogram(sample) == nullptr && sample.t_ms > last_of(to)) {
      to.t_ms.push_back(sample.t_ms);
      to.value.push_back(sample.value);
    } else {
      merge_samples(to, sample_of(batch, sample));
    }
  }
}

void MemoryStore::add(LabelsView labels, SeriesSamples&& samples) {
  merge_samples(samples_of(labels), std::move(samples));
}

template <typename Use>
void MemoryStore::each(std::span<const Selector> selectors, TimeRange range, const Use& use) const {
  for (const auto& entry : series_) {
    const LabelsView labels(entry.first);
    const bool selected = selectors.empty() || std::ranges::any_of(selectors, [&](const Selector& selector) {
                            return matches_all(selector, labels);
                          });
    if (selected && (has_samples(entry.second.t_ms, range) || has_samples(entry.second.histogram_t_ms, range))) {
      use(entry);
    }
  }
}

std::unique_ptr<SeriesSet> MemoryStore::select(std::span<const Selector> selectors, TimeRange range) {
  std::vector<const Series::value_type*> entries;
  each(selectors, range, [&](const Series::value_type& entry) { entries.push_back(&entry); });
  return std::make_unique<MemorySeriesSet>(std::move(entries), range);
}

std::vector<std::string> MemoryStore::label_names(std::span<const Selector> selectors, TimeRange range) {
  std::set<std::string, std::less<>> names;
  each(selectors, range, [&](const Series::value_type& entry) {
    for (const Label& label : LabelsView(entry.first)) {
      names.emplace(label.name);
    }
  });
  return {names.begin(), names.end()};
}

std::vector<std::string> MemoryStore::label_values(const std::string& name, std::span<const Selector> selectors,
                                                   TimeRange range) {
  std::set<std::string, std::less<>> values;
  each(selectors, range, [&](const Series::value_type& entry) {
    if (const std::string_view value = LabelsView(entry.first).get(name); !value.empty()) {
      values.emplace(value);
    }
  });
  return {values.begin(), values.end()};
}

std::optional<std::int64_t> MemoryStore::newest_t_ms() const noexcept {
  std::int64_t newest = INT64_MIN;
  for (const auto& entry : series_) {
    newest = std::max(newest, last_of(entry.second));
  }
  return newest == INT64_MIN ? std::nullopt : std::optional(newest);
}

}  // namespace mcore
