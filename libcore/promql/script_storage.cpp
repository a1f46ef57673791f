// SPDX-License-Identifier: Apache-2.0
#include "promql/script_storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <set>
#include <utility>

#include "base/error.h"
#include "promql/histogram_math.h"
#include "promql/histogram_reset.h"
#include "promql/script_nhcb.h"
#include "storage/sample_merge.h"

namespace mcore {
namespace {

[[noreturn]] void throw_load_error(std::string_view why) {
  throw Error(ErrorKind::kUsage, "load", "", why);
}

/// Adds the start of a sample; the column stays empty until one is known.
void add_start(std::vector<std::int64_t>& column, std::size_t at, std::int64_t start_ms) {
  if (start_ms != 0 || !column.empty()) {
    column.resize(at);
    column.push_back(start_ms);
  }
}

std::int64_t time_of(std::size_t i, std::int64_t step_ms) {
  std::int64_t t_ms = 0;
  if (__builtin_mul_overflow(static_cast<std::int64_t>(i), step_ms, &t_ms)) {
    throw_load_error("a time beyond all times");
  }
  return t_ms;
}

/// The start of a sample, 0 if none is known.
std::int64_t start_of(const ScriptLoad::Series& series, std::size_t i, std::int64_t t_ms) {
  std::int64_t start_ms = 0;
  if (i < series.start_offset_ms.size() && series.start_offset_ms[i].has_value() &&
      __builtin_add_overflow(t_ms, *series.start_offset_ms[i], &start_ms)) {
    throw_load_error("a start time beyond all times");
  }
  return start_ms;
}

SeriesSamples samples_of(const ScriptLoad::Series& series, std::int64_t step_ms) {
  SeriesSamples samples;
  const std::vector<ScriptValue>& values = series.described.values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::int64_t t_ms = time_of(i, step_ms);
    const std::int64_t start_ms = start_of(series, i, t_ms);
    if (values[i].kind == ScriptValue::Kind::kFloat) {
      add_start(samples.start_ms, samples.t_ms.size(), start_ms);
      samples.t_ms.push_back(t_ms);
      samples.value.push_back(values[i].value);
    } else if (values[i].kind == ScriptValue::Kind::kHistogram) {
      if (const auto fault = histogram_fault(*values[i].histogram)) {
        throw_load_error(fmt::format("{} at {} ms: {}", labels_text(series.described.labels.view()), t_ms, *fault));
      }
      add_start(samples.histogram_start_ms, samples.histogram_t_ms.size(), start_ms);
      samples.histogram_t_ms.push_back(t_ms);
      samples.histogram.push_back(*values[i].histogram);
    }
  }
  return samples;
}

/// Whether a store would keep both in one chunk: then it knows of the later one that it follows no reset.
bool goes_on(const Histogram& before, Histogram now) {
  if (now.hint == CounterResetHint::kReset || now.schema != before.schema ||
      now.zero_threshold != before.zero_threshold || now.custom_values != before.custom_values) {
    return false;
  }
  now.hint = CounterResetHint::kUnknown;
  return !is_histogram_reset(now, before);
}

/// Gives histograms the hints that a store gives back, whatever was written: one that goes on from the one before it
/// follows no reset, of any other nothing is known, and gauges stay gauges. Samples before `more` are in `have`.
void settle_hints(const SeriesSamples& have, SeriesSamples& more) {
  const Histogram* before = have.histogram.empty() ? nullptr : &have.histogram.back();
  std::int64_t before_t_ms = before != nullptr ? have.histogram_t_ms.back() : 0;
  std::int64_t float_t_ms = have.t_ms.empty() ? INT64_MIN : have.t_ms.back();
  auto next_float = more.t_ms.begin();
  for (std::size_t i = 0; i < more.histogram.size(); ++i) {
    Histogram& now = more.histogram[i];
    const std::int64_t t_ms = more.histogram_t_ms[i];
    for (; next_float != more.t_ms.end() && *next_float < t_ms; ++next_float) {
      float_t_ms = *next_float;
    }
    if (now.hint != CounterResetHint::kGauge) {
      const bool has_neighbour = before != nullptr && before_t_ms < t_ms &&
                                 (float_t_ms < before_t_ms || float_t_ms > t_ms) &&
                                 before->hint != CounterResetHint::kGauge;
      now.hint = has_neighbour && goes_on(*before, now) ? CounterResetHint::kNotReset : CounterResetHint::kUnknown;
    }
    before = &now;
    before_t_ms = t_ms;
  }
}

/// Whether all samples of `more` may stand beside those of `have`: at one time there is one sample.
bool fits(const SeriesSamples& have, const SeriesSamples& more) {
  const auto has_time = [](const std::vector<std::int64_t>& times, std::int64_t t_ms) {
    return std::ranges::binary_search(times, t_ms);
  };
  for (std::size_t i = 0; i < more.t_ms.size(); ++i) {
    const auto at = std::ranges::lower_bound(have.t_ms, more.t_ms[i]) - have.t_ms.begin();
    const bool same_time = has_time(have.t_ms, more.t_ms[i]);
    if (has_time(have.histogram_t_ms, more.t_ms[i]) ||
        (same_time && std::bit_cast<std::uint64_t>(have.value[static_cast<std::size_t>(at)]) !=
                          std::bit_cast<std::uint64_t>(more.value[i]))) {
      return false;
    }
  }
  for (std::size_t i = 0; i < more.histogram_t_ms.size(); ++i) {
    const auto at = std::ranges::lower_bound(have.histogram_t_ms, more.histogram_t_ms[i]) - have.histogram_t_ms.begin();
    const bool same_time = has_time(have.histogram_t_ms, more.histogram_t_ms[i]);
    if (has_time(have.t_ms, more.histogram_t_ms[i]) ||
        (same_time && !equal_histograms(have.histogram[static_cast<std::size_t>(at)], more.histogram[i]))) {
      return false;
    }
  }
  return true;
}

/// Copies the samples of one kind that lie in the range.
template <typename Value>
void copy_range(const std::vector<std::int64_t>& t_ms, const std::vector<Value>& values,
                const std::vector<std::int64_t>& starts, TimeRange range, std::vector<std::int64_t>& to_t,
                std::vector<Value>& to, std::vector<std::int64_t>& to_start) {
  const auto first = std::ranges::lower_bound(t_ms, range.min_t_ms) - t_ms.begin();
  const auto last = std::max(std::ranges::upper_bound(t_ms, range.max_t_ms) - t_ms.begin(), first);
  to_t.assign(t_ms.begin() + first, t_ms.begin() + last);
  to.assign(values.begin() + first, values.begin() + last);
  to_start.clear();
  if (!starts.empty()) {
    to_start.assign(starts.begin() + first, starts.begin() + last);
  }
}

class ScriptSeriesSet final : public SeriesSet {
 public:
  using Entry = ScriptStorage::SeriesMap::value_type;
  ScriptSeriesSet(std::vector<const Entry*> entries, TimeRange range) : entries_(std::move(entries)), range_(range) {}

  bool next() override {
    if (at_ == entries_.size()) {
      return false;
    }
    ++at_;
    return true;
  }
  [[nodiscard]] LabelsView labels() const override { return current().first.view(); }
  void samples(SeriesSamples& out) override {
    const SeriesSamples& all = current().second;
    copy_range(all.t_ms, all.value, all.start_ms, range_, out.t_ms, out.value, out.start_ms);
    copy_range(all.histogram_t_ms, all.histogram, all.histogram_start_ms, range_, out.histogram_t_ms, out.histogram,
               out.histogram_start_ms);
  }

 private:
  [[nodiscard]] const Entry& current() const noexcept { return *entries_[at_ - 1]; }

  std::vector<const Entry*> entries_;
  TimeRange range_;
  std::size_t at_ = 0;  // entries that were given
};

bool has_samples(const SeriesSamples& samples, TimeRange range) {
  const auto any = [range](const std::vector<std::int64_t>& t_ms) {
    const auto first = std::ranges::lower_bound(t_ms, range.min_t_ms);
    return first != t_ms.end() && *first <= range.max_t_ms;
  };
  return any(samples.t_ms) || any(samples.histogram_t_ms);
}

std::vector<const ScriptSeriesSet::Entry*> matching(const ScriptStorage::SeriesMap& series,
                                                    std::span<const Selector> selectors, TimeRange range) {
  std::vector<const ScriptSeriesSet::Entry*> found;
  for (const auto& entry : series) {
    const auto matches = [&](const Selector& selector) { return matches_all(selector, entry.first.view()); };
    if ((selectors.empty() || std::ranges::any_of(selectors, matches)) && has_samples(entry.second, range)) {
      found.push_back(&entry);
    }
  }
  return found;
}

}  // namespace

void ScriptStorage::load(const ScriptLoad& load) {
  SeriesMap loaded;
  for (const ScriptLoad::Series& series : load.series) {
    loaded[series.described.labels] = samples_of(series, load.step_ms);
  }
  SeriesMap native;
  if (load.converts_histograms) {
    native = custom_bucket_series(loaded);
  }
  for (auto& [labels, samples] : loaded) {
    add(labels, std::move(samples));
  }
  for (auto& [labels, samples] : native) {
    add(labels, std::move(samples));
  }
}

void ScriptStorage::add(const LabelSet& labels, SeriesSamples&& samples) {
  SeriesSamples& have = series_[labels];
  if (!fits(have, samples)) {
    throw_load_error(fmt::format("{} has two samples at one time", labels_text(labels.view())));
  }
  settle_hints(have, samples);
  merge_samples(have, std::move(samples));
}

std::unique_ptr<SeriesSet> ScriptStorage::select(std::span<const Selector> selectors, TimeRange range) {
  return std::make_unique<ScriptSeriesSet>(matching(series_, selectors, range), range);
}

std::vector<std::string> ScriptStorage::label_names(std::span<const Selector> selectors, TimeRange range) {
  std::set<std::string, std::less<>> names;
  for (const auto* const entry : matching(series_, selectors, range)) {
    for (const Label& label : entry->first.view()) {
      names.emplace(label.name);
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> ScriptStorage::label_values(const std::string& name, std::span<const Selector> selectors,
                                                     TimeRange range) {
  std::set<std::string, std::less<>> values;
  for (const auto* const entry : matching(series_, selectors, range)) {
    if (const std::string_view value = entry->first.view().get(name); !value.empty()) {
      values.emplace(value);
    }
  }
  return {values.begin(), values.end()};
}

}  // namespace mcore
