// SPDX-License-Identifier: Apache-2.0
#include "tsdb/append_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/error.h"
#include "base/number_text.h"
#include "base/utf8.h"
#include "model/time_text.h"
#include "tsdb/head_querier.h"
#include "tsdb/sample_tally.h"

namespace mcore {
namespace {

std::uint64_t bits_of(double value) noexcept {
  return std::bit_cast<std::uint64_t>(value);
}

/// Why a label set is no series, empty if it is one.
std::string_view label_fault(LabelsView labels) {
  if (labels.empty()) {
    return "no labels";
  }
  if (labels.bytes().size() > kLargestLabelSet) {
    return "16 MiB or more";
  }
  std::string_view before;
  for (const Label& label : labels) {
    if (label.name.empty() || label.name == before) {
      return label.name.empty() ? "an empty name" : "a label twice";
    }
    if (!is_valid_utf8(label.name) || !is_valid_utf8(label.value)) {
      return "not UTF-8";
    }
    before = label.name;
  }
  return {};
}

}  // namespace

std::string_view refusal_text(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::kOtherValue:
      return "another value at that time";
    case Refusal::kTooFarAhead:
      return "too far ahead of the clock";
    case Refusal::kTooOld:
      return "older than the window";
    case Refusal::kBadLabels:
      return "bad labels";
    case Refusal::kBadHistogram:
      return "bad histogram";
    case Refusal::kDeleted:
      return "deleted time, not yet applied to the blocks";
  }
  return {};
}

std::uint64_t AppendOutcome::refused_total() const noexcept {
  return std::accumulate(refused.begin(), refused.end(), std::uint64_t{0});
}

void AppendOutcome::add(const AppendOutcome& more) {
  samples += more.samples;
  late += more.late;
  repeated += more.repeated;
  new_series += more.new_series;
  for (std::size_t i = 0; i < kRefusalCount; ++i) {
    refused[i] += more.refused[i];
    if (example[i].empty()) {
      example[i] = more.example[i];
    }
  }
}

void AppendBatch::refuse(Refusal refusal, LabelsView labels, std::int64_t t_ms, std::string_view detail) {
  const auto i = static_cast<std::size_t>(refusal);
  if (outcome_.refused[i]++ == 0) {
    outcome_.example[i] =
        fmt::format("{} at {}{}{}", labels_text(labels), time_text_utc(t_ms), detail.empty() ? "" : ": ", detail);
  }
}

std::optional<std::uint32_t> AppendBatch::series_of(const SampleBatch& batch, const BatchSample& sample) {
  const LabelsView labels = batch.labels(sample);
  const std::uint64_t hash = sample.labels_hash != 0 ? sample.labels_hash : labels.hash();
  if (const auto known = head_.find(labels, hash, id_ + 1); known.has_value()) {
    return known;
  }
  if (const std::string_view fault = label_fault(labels); !fault.empty()) {
    refuse(Refusal::kBadLabels, labels, sample.t_ms, fault);
    return std::nullopt;
  }
  const std::uint64_t ref = head_.next().next_ref;
  if (ref >= kRefLimit) {
    throw Error(ErrorKind::kLimit, "add series", files_.folder(), "no ref is left that a server can query");
  }
  const std::uint32_t id = head_.add_series(labels, hash, ref);
  wal_.add_series(ref, labels);
  ++outcome_.new_series;
  return id;
}

void AppendBatch::apply_series(const SampleBatch& batch) {
  for (const BatchSample& sample : batch.samples()) {
    if (sample.t_ms <= rules_.newest_t_ms) {
      if (const auto id = series_of(batch, sample); id.has_value()) {
        id_ = *id;
      }
    }
  }
}

void AppendBatch::apply(const SampleBatch& batch) {
  metadata_of_family_.assign(batch.families().size(), UINT32_MAX);
  for (const BatchSample& sample : batch.samples()) {
    add(batch, sample);
  }
}

void AppendBatch::add(const SampleBatch& batch, const BatchSample& sample) {
  Incoming incoming{
      .labels = batch.labels(sample), .t_ms = sample.t_ms, .value = sample.value, .histogram = batch.histogram(sample)};
  if (sample.t_ms > rules_.newest_t_ms) {
    refuse(Refusal::kTooFarAhead, incoming.labels, sample.t_ms);
    return;
  }
  if (incoming.histogram != nullptr && is_stale_marker(incoming.histogram->sum)) {
    // What else a stale marker holds says nothing, and nobody has looked whether its parts agree.
    stale_ = Histogram{};
    stale_.is_float = incoming.histogram->is_float;
    stale_.sum = incoming.histogram->sum;
    incoming.histogram = &stale_;
  } else if (incoming.histogram != nullptr) {
    if (const auto fault = histogram_fault(*incoming.histogram); fault.has_value()) {
      refuse(Refusal::kBadHistogram, incoming.labels, sample.t_ms, *fault);
      return;
    }
  }
  const auto id = series_of(batch, sample);
  if (!id.has_value()) {
    return;
  }
  id_ = *id;
  const SeriesStateView state = head_.state(*id);
  if (incoming.histogram == nullptr && is_stale_marker(incoming.value) && state.kind == SlabKind::kRecords) {
    stale_ = Histogram{};
    stale_.sum = incoming.value;
    incoming.histogram = &stale_;
  }
  if (is_deleted(*id, sample.t_ms)) {
    refuse(Refusal::kDeleted, incoming.labels, sample.t_ms);
    return;
  }
  const bool is_newest = sample.t_ms > state.last_t_ms && sample.t_ms >= head_.next().floor_t_ms;
  if (is_newest ? add_in_order(*id, incoming) : add_late(*id, incoming)) {
    ++outcome_.samples;
    add_exemplars(batch, sample, *id);
  }
  add_metadata(batch, sample, *id);
}

bool AppendBatch::add_in_order(std::uint32_t id, const Incoming& sample) {
  if (sample.histogram != nullptr) {
    head_.append(id, sample.t_ms, *sample.histogram);
    wal_.add_sample(head_.ref_of(id), sample.t_ms, *sample.histogram);
  } else {
    head_.append(id, sample.t_ms, sample.value);
    wal_.add_sample(head_.ref_of(id), sample.t_ms, sample.value);
  }
  return true;
}

/// The late sample that a series has at a time, if any. Where a batch brings several late samples of one series, it
/// does not read all that the series has for each of them.
void AppendBatch::find_late(std::uint32_t id, const SeriesStateView& state, std::int64_t t_ms) {
  const auto [at, is_first] = late_of_series_.try_emplace(id);
  if (is_first) {
    read_late_samples(files_, state, {t_ms, t_ms}, existing_);
    return;
  }
  if (!at->second.has_value()) {
    SeriesSamples late;
    read_late_samples(files_, state, {}, late);
    LateSamples& known = at->second.emplace();
    for (std::size_t i = 0; i < late.t_ms.size(); ++i) {
      known.emplace(late.t_ms[i], late.value[i]);
    }
    for (std::size_t i = 0; i < late.histogram.size(); ++i) {
      known.emplace(late.histogram_t_ms[i], std::move(late.histogram[i]));
    }
  }
  const auto found = at->second->find(t_ms);
  if (found == at->second->end()) {
    return;
  }
  if (const auto* const value = std::get_if<double>(&found->second)) {
    existing_.t_ms.push_back(t_ms);
    existing_.value.push_back(*value);
  } else {
    existing_.histogram_t_ms.push_back(t_ms);
    existing_.histogram.push_back(std::get<Histogram>(found->second));
  }
}

bool AppendBatch::find_existing(std::uint32_t id, const Incoming& sample) {
  existing_.clear();
  const SeriesStateView state = head_.state(id);
  const TimeRange moment{sample.t_ms, sample.t_ms};
  find_late(id, state, sample.t_ms);
  if (existing_.empty()) {
    read_in_order_samples(files_, state, moment, existing_);
  }
  return !existing_.empty() || blocks_.sample_at(sample.labels, sample.t_ms, existing_);
}

bool AppendBatch::add_late(std::uint32_t id, const Incoming& sample) {
  if (rules_.oldest_t_ms.has_value() && sample.t_ms < *rules_.oldest_t_ms) {
    refuse(Refusal::kTooOld, sample.labels, sample.t_ms);
    return false;
  }
  if (find_existing(id, sample)) {
    const bool same =
        sample.histogram != nullptr
            ? !existing_.histogram.empty() && is_same_histogram(existing_.histogram.front(), *sample.histogram)
            : !existing_.value.empty() && bits_of(existing_.value.front()) == bits_of(sample.value);
    if (same) {
      ++outcome_.repeated;
    } else {
      const std::string detail =
          sample.histogram != nullptr || existing_.value.empty()
              ? "a histogram differs"
              : fmt::format("{} is stored, {} came", float_text(existing_.value.front()), float_text(sample.value));
      refuse(Refusal::kOtherValue, sample.labels, sample.t_ms, detail);
    }
    return false;
  }
  needs_durable_series_ = needs_durable_series_ || id >= rules_.durable_series;
  if (sample.histogram != nullptr) {
    head_.append_late(id, sample.t_ms, *sample.histogram);
    wbl_.add_sample(head_.ref_of(id), sample.t_ms, *sample.histogram);
  } else {
    head_.append_late(id, sample.t_ms, sample.value);
    wbl_.add_sample(head_.ref_of(id), sample.t_ms, sample.value);
  }
  if (auto& known = late_of_series_[id]; known.has_value()) {
    if (sample.histogram != nullptr) {
      known->emplace(sample.t_ms, *sample.histogram);
    } else {
      known->emplace(sample.t_ms, sample.value);
    }
  }
  ++outcome_.late;
  return true;
}

void AppendBatch::add_metadata(const SampleBatch& batch, const BatchSample& sample, std::uint32_t id) {
  const MetricFamily* const family = batch.family(sample);
  if (family == nullptr || !(family->has_type || family->has_help)) {
    return;
  }
  std::uint32_t& metadata = metadata_of_family_[sample.family - 1];
  if (metadata == UINT32_MAX) {
    metadata = head_.metadata_id(family->type, family->unit, family->help);
  }
  if (head_.set_metadata(id, metadata)) {
    wal_.add_metadata(head_.ref_of(id), family->type, family->unit, family->help);
  }
}

void AppendBatch::add_exemplars(const SampleBatch& batch, const BatchSample& sample, std::uint32_t id) {
  for (const Exemplar& exemplar : batch.exemplars(sample)) {
    wal_.add_exemplar(head_.ref_of(id), exemplar.timestamp_ms.value_or(sample.t_ms), exemplar.value,
                      exemplar.labels.view());
  }
}

bool AppendBatch::is_deleted(std::uint32_t id, std::int64_t t_ms) const {
  return std::ranges::any_of(head_.tombstones(), [&](const HeadTombstone& tombstone) {
    return tombstone.series == id && t_ms >= tombstone.min_t_ms && t_ms <= tombstone.max_t_ms;
  });
}

void AppendBatch::raise_floor(std::int64_t floor_t_ms) {
  // Not the floor itself: a cut raises that before there are blocks.
  const std::int64_t before = head_.next().in_blocks_t_ms;
  if (floor_t_ms <= before) {
    return;
  }
  head_.next().in_blocks_t_ms = floor_t_ms;
  head_.next().floor_t_ms = std::max(head_.next().floor_t_ms, floor_t_ms);
  for (std::uint32_t id = 0; id < head_.next().series_count; ++id) {
    relog(id, before, floor_t_ms);
  }
}

void AppendBatch::relog(std::uint32_t id, std::int64_t from_t_ms, std::int64_t floor_t_ms) {
  SeriesSamples endangered;
  read_in_order_samples(files_, head_.state(id), {from_t_ms, floor_t_ms - 1}, endangered);
  const LabelsView labels = files_.labels_of(id);
  const auto is_safe = [&](std::int64_t t_ms) {
    return is_deleted(id, t_ms) || blocks_.sample_at(labels, t_ms, existing_);
  };
  const auto log_again = [&](std::int64_t t_ms, const auto& value) {
    if (!is_safe(t_ms)) {
      needs_durable_series_ = needs_durable_series_ || id >= rules_.durable_series;
      head_.append_late(id, t_ms, value);
      wbl_.add_sample(head_.ref_of(id), t_ms, value);
    }
  };
  for (std::size_t i = 0; i < endangered.t_ms.size(); ++i) {
    log_again(endangered.t_ms[i], endangered.value[i]);
  }
  for (std::size_t i = 0; i < endangered.histogram_t_ms.size(); ++i) {
    log_again(endangered.histogram_t_ms[i], endangered.histogram[i]);
  }
}

}  // namespace mcore
