// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_querier.h"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>

#include "base/error.h"
#include "storage/sample_merge.h"
#include "tsdb/head_index.h"
#include "tsdb/log_histograms.h"
#include "tsdb/slab_records.h"
#include "tsdb/xor_reader.h"

namespace mcore {
namespace {

/// One slab of a series with how much of it counts.
struct SlabUse {
  std::uint32_t unit = 0;
  std::uint32_t used = 0;
  std::uint32_t count = 0;
  SlabKind kind = SlabKind::kNone;
};

/// The slabs of a chain from the oldest that reaches `min_t_ms` to the newest.
std::vector<SlabUse> slabs_since(const HeadFiles& files, SlabUse newest, std::int64_t min_t_ms) {
  std::vector<SlabUse> slabs;
  for (SlabUse slab = newest; slab.unit != 0;) {
    slabs.push_back(slab);
    const SlabHeader& header = files.slab(slab.unit);
    if (header.first_t_ms <= min_t_ms) {
      break;
    }
    slab = {header.previous, header.previous_used, header.previous_count, header.previous_kind};
  }
  std::ranges::reverse(slabs);
  return slabs;
}

void add_floats(const HeadFiles& files, const SlabUse& slab, TimeRange range, SeriesSamples& out) {
  XorReader reader(files.payload(slab.unit, (std::size_t{slab.used} + 7) / 8).data(), slab.used, slab.count);
  const std::size_t before = out.t_ms.size();
  out.t_ms.resize(before + slab.count);
  out.value.resize(before + slab.count);
  const std::size_t got = reader.read(std::span(out.t_ms).subspan(before), std::span(out.value).subspan(before));
  if (got != slab.count) {
    files.fail_damaged("samples of a slab do not decode");
  }
  auto first = out.t_ms.begin() + static_cast<std::ptrdiff_t>(before);
  auto last = first + static_cast<std::ptrdiff_t>(got);
  const auto begin = std::lower_bound(first, last, range.min_t_ms) - first;
  const auto end = std::upper_bound(first, last, range.max_t_ms) - first;
  if (begin > 0 && begin < end) {
    std::move(first + begin, first + end, first);
    const auto value = out.value.begin() + static_cast<std::ptrdiff_t>(before);
    std::move(value + begin, value + end, value);
  }
  const std::size_t kept = before + static_cast<std::size_t>(std::max<std::ptrdiff_t>(end - begin, 0));
  out.t_ms.resize(kept);
  out.value.resize(kept);
}

template <typename Take>
void each_record(const HeadFiles& files, const SlabUse& slab, TimeRange range, const Take& take) {
  std::string_view bytes = files.payload(slab.unit, slab.used);
  SlabRecord record;
  while (take_slab_record(bytes, files.slab(slab.unit).first_t_ms, record)) {
    if (record.is_histogram && !spans_agree(record.histogram)) {
      break;
    }
    if (range.contains(record.t_ms)) {
      take(record);
    }
  }
  if (!bytes.empty()) {
    files.fail_damaged("samples of a slab do not decode");
  }
}

bool are_ascending(std::span<const std::int64_t> times) noexcept {
  return std::ranges::adjacent_find(times, std::greater_equal<>()) == times.end();
}

void add_record(SlabRecord& record, SeriesSamples& out) {
  if (record.is_histogram) {
    out.histogram_t_ms.push_back(record.t_ms);
    out.histogram.push_back(std::move(record.histogram));
  } else {
    out.t_ms.push_back(record.t_ms);
    out.value.push_back(record.value);
  }
}

template <typename T>
void erase_between(std::vector<std::int64_t>& times, std::vector<T>& values, const HeadTombstone& tombstone) {
  const auto first = std::ranges::lower_bound(times, tombstone.min_t_ms) - times.begin();
  const auto last = std::max(first, std::ranges::upper_bound(times, tombstone.max_t_ms) - times.begin());
  times.erase(times.begin() + first, times.begin() + last);
  values.erase(values.begin() + first, values.begin() + last);
}

class HeadSeriesSet final : public SeriesSet {
 public:
  HeadSeriesSet(const HeadFiles& files, const HeadCommit& commit, std::vector<HeadQuerier::Series> series,
                TimeRange range, std::int64_t in_order_from)
      : files_(files), commit_(commit), series_(std::move(series)), range_(range), in_order_from_(in_order_from) {}

  bool next() override {
    first_ = end_;
    if (first_ == series_.size()) {
      return false;
    }
    // A label set has several ids where it left the log and came back.
    const LabelsView labels = files_.labels_of(series_[first_].id);
    for (end_ = first_ + 1; end_ < series_.size() && files_.labels_of(series_[end_].id) == labels;) {
      ++end_;
    }
    return true;
  }
  [[nodiscard]] LabelsView labels() const override { return files_.labels_of(series_[first_].id); }
  void samples(SeriesSamples& out) override {
    out.clear();
    for (std::size_t i = first_; i < end_; ++i) {
      SeriesSamples more;
      SeriesSamples& to = i == first_ ? out : more;
      read_head_samples(files_, commit_, series_[i].id, series_[i].state, range_, in_order_from_, to);
      merge_samples(out, std::move(more));
    }
  }

 private:
  const HeadFiles& files_;
  HeadCommit commit_;
  std::vector<HeadQuerier::Series> series_;
  TimeRange range_;
  std::int64_t in_order_from_;
  std::size_t first_ = 0;
  std::size_t end_ = 0;
};

}  // namespace

void read_in_order_samples(const HeadFiles& files, const SeriesStateView& state, TimeRange range, SeriesSamples& out) {
  if (state.last_t_ms < range.min_t_ms || range.min_t_ms > range.max_t_ms) {
    return;
  }
  const std::size_t floats = out.t_ms.size();
  const std::size_t histograms = out.histogram_t_ms.size();
  for (const SlabUse& slab : slabs_since(files, {state.slab, state.used, state.count, state.kind}, range.min_t_ms)) {
    if (files.slab(slab.unit).first_t_ms > range.max_t_ms) {
      break;
    }
    if (slab.kind == SlabKind::kXor) {
      add_floats(files, slab, range, out);
    } else {
      each_record(files, slab, range, [&](SlabRecord& record) { add_record(record, out); });
    }
  }
  // Everything that takes samples relies on it.
  if (!are_ascending(std::span(out.t_ms).subspan(floats)) ||
      !are_ascending(std::span(out.histogram_t_ms).subspan(histograms))) {
    files.fail_damaged("samples are not in order of time");
  }
}

void read_late_samples(const HeadFiles& files, const SeriesStateView& state, TimeRange range, SeriesSamples& out) {
  if (state.late == 0) {
    return;
  }
  std::vector<SlabRecord> records;
  for (const SlabUse& slab : slabs_since(files, {state.late, state.late_used, 0, SlabKind::kRecords}, kNoTime)) {
    each_record(files, slab, range, [&](SlabRecord& record) { records.push_back(record); });
  }
  std::ranges::stable_sort(records, {}, &SlabRecord::t_ms);  // of one time the first to arrive stays in front
  const auto same = std::ranges::unique(records, {}, &SlabRecord::t_ms);
  records.erase(same.begin(), same.end());
  SeriesSamples late;
  for (SlabRecord& record : records) {
    add_record(record, late);
  }
  merge_samples(out, std::move(late));
}

void read_head_samples(const HeadFiles& files, const HeadCommit& commit, std::uint32_t id, const SeriesStateView& state,
                       TimeRange range, std::int64_t in_order_from, SeriesSamples& out) {
  // Where a server's logs have two values for one time, it shows the late one (tsdb-format 12, on 4.9); ours never do.
  read_late_samples(files, state, range, out);
  SeriesSamples in_order;
  SeriesSamples& to = out.empty() ? out : in_order;
  read_in_order_samples(files, state, {std::max(range.min_t_ms, in_order_from), range.max_t_ms}, to);
  merge_samples(out, std::move(in_order));
  for (const HeadTombstone& tombstone : tombstones_of(head_tombstones(files, commit), id)) {
    erase_between(out.t_ms, out.value, tombstone);
    erase_between(out.histogram_t_ms, out.histogram, tombstone);
  }
}

HeadQuerier::HeadQuerier(HeadFiles& files, std::int64_t in_order_from)
    : files_(files), commit_(files.published()), in_order_from_(in_order_from) {
  if (!files_.follow(commit_)) {
    throw Error(ErrorKind::kCorrupt, "read head", files_.folder(), "its files are shorter than they must be");
  }
}

bool HeadQuerier::try_series(std::span<const Selector> selectors, std::vector<Series>& out) const {
  out.clear();
  std::vector<std::uint32_t> ids;
  if (selectors.empty()) {
    ids.resize(commit_.series_count);
    std::iota(ids.begin(), ids.end(), 0U);
  }
  for (const Selector& selector : selectors) {
    const std::vector<std::uint32_t> more = select_ids(files_, commit_, selector);
    ids.insert(ids.end(), more.begin(), more.end());
  }
  if (selectors.size() > 1) {
    std::ranges::sort(ids);
    const auto rest = std::ranges::unique(ids);
    ids.erase(rest.begin(), rest.end());
  }
  out.reserve(ids.size());
  for (const std::uint32_t id : ids) {
    Series& series = out.emplace_back();
    series.id = id;
    if (!read_state(files_.entry(id), commit_.number, series.state)) {
      return false;
    }
  }
  return true;
}

std::vector<HeadQuerier::Series> HeadQuerier::series(std::span<const Selector> selectors) {
  constexpr int kMostTries = 1000;
  std::vector<Series> found;
  for (int tries = 0; !try_series(selectors, found); ++tries) {
    commit_ = files_.published();  // a series was changed twice meanwhile: look at all of them as of now
    if (tries == kMostTries || !files_.follow(commit_)) {
      throw Error(ErrorKind::kBusy, "read head", files_.folder(), "writers change it faster than it can be read");
    }
  }
  std::ranges::sort(found, [&](const Series& a, const Series& b) {
    const auto order = files_.labels_of(a.id) <=> files_.labels_of(b.id);
    return order != 0 ? order < 0 : a.id < b.id;
  });
  return found;
}

std::unique_ptr<SeriesSet> HeadQuerier::select(std::span<const Selector> selectors, TimeRange range) {
  std::vector<Series> found = series(selectors);
  std::erase_if(found, [&](const Series& one) {
    return one.state.late == 0 && one.state.last_t_ms < std::max(range.min_t_ms, in_order_from_);
  });
  return std::make_unique<HeadSeriesSet>(files_, commit_, std::move(found), range, in_order_from_);
}

std::vector<std::string> HeadQuerier::label_names(std::span<const Selector> selectors, TimeRange range) {
  if (selectors.empty() && range == TimeRange{}) {
    return index_label_names(files_, commit_);
  }
  std::vector<std::string> names;
  for (const auto set = select(selectors, range); set->next();) {
    for (const Label& label : set->labels()) {
      const auto at = std::ranges::lower_bound(names, label.name);
      if (at == names.end() || *at != label.name) {
        names.emplace(at, label.name);
      }
    }
  }
  return names;
}

std::vector<std::string> HeadQuerier::label_values(const std::string& name, std::span<const Selector> selectors,
                                                   TimeRange range) {
  if (selectors.empty() && range == TimeRange{}) {
    return index_label_values(files_, commit_, name);
  }
  std::vector<std::string> values;
  for (const auto set = select(selectors, range); set->next();) {
    const std::string_view value = set->labels().get(name);
    if (!value.empty()) {
      values.emplace_back(value);
    }
  }
  std::ranges::sort(values);
  const auto rest = std::ranges::unique(values);
  values.erase(rest.begin(), rest.end());
  return values;
}

}  // namespace mcore
