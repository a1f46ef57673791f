// SPDX-License-Identifier: Apache-2.0
#include "wire/rw2_writer.h"

#include <bit>
#include <vector>

#include "base/bytes.h"

namespace mcore {
namespace {

constexpr unsigned kVarint = 0;
constexpr unsigned kFixed64 = 1;
constexpr unsigned kBytes = 2;

void put_key(std::string& out, unsigned field, unsigned type) {
  append_uvarint(out, (std::uint64_t{field} << 3U) | type);
}
void put_whole(std::string& out, unsigned field, std::uint64_t x) {
  put_key(out, field, kVarint);
  append_uvarint(out, x);
}
void put_integer(std::string& out, unsigned field, std::int64_t x) {
  put_whole(out, field, static_cast<std::uint64_t>(x));
}
void put_zigzag(std::string& out, unsigned field, std::int64_t x) {
  put_whole(out, field, zigzag(x));
}
void append_fixed(std::string& out, double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  out.append(reinterpret_cast<const char*>(&bits), sizeof bits);
}
void put_real(std::string& out, unsigned field, double x) {
  put_key(out, field, kFixed64);
  append_fixed(out, x);
}
void put_bytes(std::string& out, unsigned field, std::string_view bytes) {
  put_key(out, field, kBytes);
  append_ustr(out, bytes);
}

void put_packed(std::string& out, unsigned field, const std::vector<double>& numbers) {
  if (numbers.empty()) {
    return;
  }
  put_key(out, field, kBytes);
  append_uvarint(out, numbers.size() * sizeof(double));
  for (const double x : numbers) {
    append_fixed(out, x);
  }
}

/// Whole counts lie in doubles; what does not fit the wire's integers ends at their edge.
std::uint64_t unsigned_count(double count) noexcept {
  return count >= 0x1p64 ? ~std::uint64_t{0} : count >= 0 ? static_cast<std::uint64_t>(count) : 0;
}
std::int64_t signed_count(double count) noexcept {
  return count >= 0x1p62 ? std::int64_t{1} << 62U : count >= 0 ? static_cast<std::int64_t>(count) : 0;
}

/// One side: spans, then deltas of whole counts or the float counts, in the two fields behind them.
void put_side(std::string& out, unsigned field, const std::vector<HistogramSpan>& spans,
              const std::vector<double>& counts, bool is_float) {
  for (const HistogramSpan& span : spans) {
    std::string message;
    put_zigzag(message, 1, span.offset);
    put_whole(message, 2, span.length);
    put_bytes(out, field, message);
  }
  if (is_float) {
    put_packed(out, field + 2, counts);
    return;
  }
  std::string deltas;
  std::int64_t before = 0;
  for (const double count : counts) {
    const std::int64_t whole = signed_count(count);
    append_varint(deltas, whole - before);
    before = whole;
  }
  if (!deltas.empty()) {
    put_bytes(out, field + 1, deltas);
  }
}

unsigned hint_number(CounterResetHint hint) noexcept {
  switch (hint) {
    case CounterResetHint::kReset:
      return 1;
    case CounterResetHint::kNotReset:
      return 2;
    case CounterResetHint::kGauge:
      return 3;
    case CounterResetHint::kUnknown:
      break;
  }
  return 0;
}

unsigned type_number(MetricType type) noexcept {
  switch (type) {
    case MetricType::kCounter:
      return 1;
    case MetricType::kGauge:
      return 2;
    case MetricType::kHistogram:
      return 3;
    case MetricType::kGaugeHistogram:
      return 4;
    case MetricType::kSummary:
      return 5;
    case MetricType::kInfo:
      return 6;
    case MetricType::kStateset:
      return 7;
    case MetricType::kUnknown:
      break;
  }
  return 0;
}

void put_histogram(std::string& out, const Histogram& h, std::int64_t t_ms, std::optional<std::int64_t> start_t_ms) {
  if (h.is_float) {
    put_real(out, 2, h.count);
  } else {
    put_whole(out, 1, unsigned_count(h.count));
  }
  put_real(out, 3, h.sum);
  put_zigzag(out, 4, h.schema);
  put_real(out, 5, h.zero_threshold);
  if (h.is_float) {
    put_real(out, 7, h.zero_count);
  } else {
    put_whole(out, 6, unsigned_count(h.zero_count));
  }
  put_side(out, 8, h.negative_spans, h.negative_counts, h.is_float);
  put_side(out, 11, h.positive_spans, h.positive_counts, h.is_float);
  if (const unsigned hint = hint_number(h.hint); hint != 0) {
    put_whole(out, 14, hint);
  }
  put_integer(out, 15, t_ms);
  put_packed(out, 16, h.custom_values);
  if (start_t_ms) {
    put_integer(out, 17, *start_t_ms);
  }
}

bool is_same(const MetricFamily& a, const MetricFamily& b) noexcept {
  return a.name == b.name && a.type == b.type && a.has_type == b.has_type && a.help == b.help &&
         a.has_help == b.has_help && a.unit == b.unit;
}

}  // namespace

void Rw2Writer::clear() {
  indexes_.clear();
  symbols_.clear();
  entries_.clear();
  has_head_ = false;
  sample_count_ = 0;
  symbol("");
}

std::uint32_t Rw2Writer::symbol(std::string_view text) {
  if (const auto found = indexes_.find(text); found != indexes_.end()) {
    return found->second;
  }
  const auto index = static_cast<std::uint32_t>(indexes_.size());
  indexes_.emplace(std::string(text), index);
  put_bytes(symbols_, 4, text);
  return index;
}

void Rw2Writer::put_labels(std::string& out, LabelsView labels) {
  std::string references;
  for (const Label& label : labels) {
    append_uvarint(references, symbol(label.name));
    append_uvarint(references, symbol(label.value));
  }
  put_bytes(out, 1, references);
}

void Rw2Writer::series(LabelsView labels, const MetricFamily* family) {
  if (labels_.view() == labels && has_family_ == (family != nullptr) &&
      (family == nullptr || is_same(*family, family_))) {
    return;
  }
  close_series();
  labels_ = LabelSet(labels);
  has_family_ = family != nullptr;
  if (family != nullptr) {
    family_ = *family;
  }
  has_head_ = false;
}

void Rw2Writer::begin_sample(bool is_histogram) {
  if (is_histogram != at_histograms_) {
    close_series();  // a reader takes the floats of an entry before its histograms
    at_histograms_ = is_histogram;
  }
  if (sample_count_ >= limit_.samples || symbols_.size() + entries_.size() + samples_.size() >= limit_.bytes) {
    flush();
  }
  if (has_head_) {
    return;
  }
  has_head_ = true;
  head_.clear();
  put_labels(head_, labels_.view());
  metadata_.clear();
  if (has_family_) {
    if (family_.has_type) {
      put_whole(metadata_, 1, type_number(family_.type));
    }
    if (family_.has_help) {
      put_whole(metadata_, 3, symbol(family_.help));
    }
    if (!family_.unit.empty()) {
      put_whole(metadata_, 4, symbol(family_.unit));
    }
  }
}

void Rw2Writer::sample(std::int64_t t_ms, double value, std::optional<std::int64_t> start_t_ms,
                       std::span<const Exemplar> exemplars) {
  begin_sample(false);
  scratch_.clear();
  put_real(scratch_, 1, value);
  put_integer(scratch_, 2, t_ms);
  if (start_t_ms) {
    put_integer(scratch_, 3, *start_t_ms);
  }
  put_bytes(samples_, 2, scratch_);
  end_sample(t_ms, exemplars);
}

void Rw2Writer::histogram(std::int64_t t_ms, const Histogram& histogram, std::optional<std::int64_t> start_t_ms,
                          std::span<const Exemplar> exemplars) {
  begin_sample(true);
  scratch_.clear();
  put_histogram(scratch_, histogram, t_ms, start_t_ms);
  put_bytes(samples_, 3, scratch_);
  end_sample(t_ms, exemplars);
}

void Rw2Writer::end_sample(std::int64_t t_ms, std::span<const Exemplar> exemplars) {
  ++sample_count_;
  for (const Exemplar& exemplar : exemplars) {
    scratch_.clear();
    put_labels(scratch_, exemplar.labels.view());
    put_real(scratch_, 2, exemplar.value);
    put_integer(scratch_, 3, exemplar.timestamp_ms.value_or(t_ms));
    put_bytes(samples_, 4, scratch_);
  }
  if (!exemplars.empty()) {
    close_series();
  }
}

/// Ends the entry at hand; the next sample of the series begins another one with the same head.
void Rw2Writer::close_series() {
  if (samples_.empty()) {
    return;
  }
  // At most three numbers: the size of the metadata itself is one byte.
  const std::size_t metadata_size = metadata_.empty() ? 0 : 1 + 1 + metadata_.size();
  put_key(entries_, 5, kBytes);
  append_uvarint(entries_, head_.size() + samples_.size() + metadata_size);
  entries_ += head_;
  entries_ += samples_;
  if (!metadata_.empty()) {
    put_bytes(entries_, 5, metadata_);
  }
  samples_.clear();
}

void Rw2Writer::flush() {
  close_series();
  if (entries_.empty()) {
    return;
  }
  append_uvarint(output_, symbols_.size() + entries_.size());
  output_ += symbols_;
  output_ += entries_;
  clear();
}

void Rw2Writer::add(const SampleBatch& batch) {
  for (const BatchSample& sample : batch.samples()) {
    series(batch.labels(sample), batch.family(sample));
    if (const Histogram* const found = batch.histogram(sample)) {
      histogram(sample.t_ms, *found, sample.start_t_ms, batch.exemplars(sample));
    } else {
      this->sample(sample.t_ms, sample.value, sample.start_t_ms, batch.exemplars(sample));
    }
  }
}

}  // namespace mcore
