// SPDX-License-Identifier: Apache-2.0
#include "tsdb/histogram_chunk.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>

#include "base/bytes.h"
#include "base/number_text.h"
#include "tsdb/histogram_reader.h"
#include "tsdb/xor_append.h"

namespace mcore {
namespace {

using Counts = std::vector<double>;
using Indexes = std::vector<std::int32_t>;

constexpr std::size_t kHeaderBits = 24;
constexpr std::size_t kMostFieldBits = 77;

std::uint64_t header_bits(CounterResetHint hint) noexcept {
  switch (hint) {
    case CounterResetHint::kReset:
      return 0b10;
    case CounterResetHint::kNotReset:
      return 0b01;
    case CounterResetHint::kGauge:
      return 0b11;
    default:
      return 0b00;
  }
}

/// The whole number that a double holds, at most `most`; a nonsensical one becomes 0 instead of undefined.
std::uint64_t whole(double x, std::uint64_t most) noexcept {
  if (!(x > 0)) {
    return 0;
  }
  return x < static_cast<double>(most) ? static_cast<std::uint64_t>(x) : most;
}

constexpr std::uint64_t kMostCount = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kMostBucketCount = std::numeric_limits<std::int64_t>::max();

bool same_bits(const Counts& a, const Counts& b) noexcept {
  return std::ranges::equal(a, b, {}, std::bit_cast<std::uint64_t, double>, std::bit_cast<std::uint64_t, double>);
}

bool any_drop(const Counts& before, const Counts& now) noexcept {
  return !std::ranges::equal(before, now, [](double a, double b) { return !(b < a); });
}

/// One side of a histogram whose buckets differ from the chunk's.
struct Side {
  Indexes joint;
  bool drops = false;     // a bucket went down or is gone
  bool widens = false;    // there are buckets that the chunk does not have
  bool too_wide = false;  // for a span's 32 bits

  Side(const std::vector<HistogramSpan>& spans_before, const Counts& before,
       const std::vector<HistogramSpan>& spans_now, const Counts& now) {
    Indexes old;
    Indexes fresh;
    list_buckets(spans_before, old);
    list_buckets(spans_now, fresh);
    std::ranges::set_union(old, fresh, std::back_inserter(joint));
    widens = joint.size() != old.size();
    too_wide = !joint.empty() && std::int64_t{joint.back()} - joint.front() > std::numeric_limits<std::int32_t>::max();
    for (std::size_t i = 0, j = 0; i < old.size(); ++i) {
      while (j < fresh.size() && fresh[j] < old[i]) {
        ++j;
      }
      const double count = j < fresh.size() && fresh[j] == old[i] ? now[j] : 0;
      drops = drops || count < before[i];
    }
  }
};

/// Spreads counts over the buckets of a wider layout.
Counts widened(const Counts& counts, const std::vector<HistogramSpan>& spans, const Indexes& joint) {
  Indexes own;
  list_buckets(spans, own);
  Counts out(joint.size());
  for (std::size_t i = 0, j = 0; j < own.size(); ++i) {
    if (joint[i] == own[j]) {
      out[i] = counts[j++];
    }
  }
  return out;
}

Histogram widened(const Histogram& histogram, const Indexes& positive, const Indexes& negative) {
  Histogram out;
  out.hint = histogram.hint;
  out.is_float = histogram.is_float;
  out.count = histogram.count;
  out.zero_count = histogram.zero_count;
  out.sum = histogram.sum;
  out.positive_counts = widened(histogram.positive_counts, histogram.positive_spans, positive);
  out.negative_counts = widened(histogram.negative_counts, histogram.negative_spans, negative);
  return out;
}

}  // namespace

void HistogramChunkWriter::clear(CounterResetHint hint) noexcept {
  bit_ = 0;
  count_ = 0;
  hint_ = hint;
  saw_reset_ = false;
}

bool HistogramChunkWriter::append(std::int64_t t_ms, const Histogram& histogram) {
  const bool stale = is_stale_marker(histogram.sum);
  saw_reset_ = false;
  if (count_ == 0) {
    open(histogram, stale);
    write(t_ms, histogram, stale);
    return true;
  }
  switch (fit(histogram, stale)) {
    case Fit::kSameBuckets:
      write(t_ms, histogram, stale);
      return true;
    case Fit::kOtherBuckets:
      return append_other_buckets(t_ms, histogram);
    case Fit::kReset:
      saw_reset_ = true;
      return false;
    default:
      return false;
  }
}

void HistogramChunkWriter::open(const Histogram& histogram, bool stale) {
  is_float_ = histogram.is_float;
  is_gauge_ = histogram.hint == CounterResetHint::kGauge;
  if (is_gauge_ || histogram.hint == CounterResetHint::kReset) {
    hint_ = histogram.hint;
  }
  layout_ = stale ? HistogramLayout() : HistogramLayout::of(histogram);
  reserve_bits(bytes_, 0, kHeaderBits);
  BitWriter out(bytes_.data(), 0);
  out.put(0, 16);  // the count, at the end
  out.put(header_bits(hint_) << 6U, 8);
  bit_ = write_histogram_layout(layout_, bytes_, kHeaderBits);
  const std::size_t buckets = bucket_count(layout_.positive_spans) + bucket_count(layout_.negative_spans);
  t_ = {};
  whole_count_ = {};
  whole_zero_count_ = {};
  sum_ = {};
  float_count_ = {};
  float_zero_count_ = {};
  whole_.assign(is_float_ ? 0 : buckets, WholeField());
  float_.assign(is_float_ ? buckets : 0, FloatField());
}

HistogramChunkWriter::Fit HistogramChunkWriter::fit(const Histogram& h, bool stale) const {
  if (count_ >= kXorMaxSamples || h.is_float != is_float_ ||
      (count_ + 1) * layout_.sample_bytes() > kMostHistogramChunkBytes) {
    return Fit::kNo;
  }
  if (stale) {
    return Fit::kSameBuckets;
  }
  if (is_stale_ || (h.hint == CounterResetHint::kGauge) != is_gauge_ || h.schema != layout_.schema ||
      std::bit_cast<std::uint64_t>(h.zero_threshold) != std::bit_cast<std::uint64_t>(layout_.zero_threshold) ||
      !same_bits(h.custom_values, layout_.custom_values)) {
    return Fit::kNo;
  }
  const bool is_counter = !is_gauge_;
  if (is_counter &&
      (h.hint == CounterResetHint::kReset || h.count < previous_.count || h.zero_count < previous_.zero_count)) {
    return Fit::kReset;
  }
  if (h.positive_spans != layout_.positive_spans || h.negative_spans != layout_.negative_spans) {
    return Fit::kOtherBuckets;
  }
  const bool drops = is_counter && (any_drop(previous_.positive_counts, h.positive_counts) ||
                                    any_drop(previous_.negative_counts, h.negative_counts));
  return drops ? Fit::kReset : Fit::kSameBuckets;
}

bool HistogramChunkWriter::append_other_buckets(std::int64_t t_ms, const Histogram& h) {
  const Side positive(layout_.positive_spans, previous_.positive_counts, h.positive_spans, h.positive_counts);
  const Side negative(layout_.negative_spans, previous_.negative_counts, h.negative_spans, h.negative_counts);
  if (!is_gauge_ && (positive.drops || negative.drops)) {
    saw_reset_ = true;
    return false;
  }
  if (positive.too_wide || negative.too_wide) {
    return false;
  }
  if (positive.widens || negative.widens) {
    HistogramLayout layout = layout_;
    layout.positive_spans = spans_of(positive.joint);
    layout.negative_spans = spans_of(negative.joint);
    if ((count_ + 1) * layout.sample_bytes() > kMostHistogramChunkBytes) {
      return false;
    }
    rewrite(std::move(layout));
  }
  write(t_ms, widened(h, positive.joint, negative.joint), false);
  return true;
}

/// Writes the chunk anew with a layout that has all of its buckets and more.
void HistogramChunkWriter::rewrite(HistogramLayout layout) {
  const std::string old(finish());
  HistogramChunkReader reader(encoding(), old);
  Indexes positive;
  Indexes negative;
  list_buckets(layout.positive_spans, positive);
  list_buckets(layout.negative_spans, negative);
  clear(hint_);
  Histogram shape;
  shape.is_float = is_float_;
  shape.hint = is_gauge_ ? CounterResetHint::kGauge : CounterResetHint::kUnknown;
  shape.schema = layout.schema;
  shape.zero_threshold = layout.zero_threshold;
  shape.positive_spans = std::move(layout.positive_spans);
  shape.negative_spans = std::move(layout.negative_spans);
  shape.custom_values = std::move(layout.custom_values);
  open(shape, false);
  std::int64_t t_ms = 0;
  Histogram histogram;
  while (reader.next(t_ms, histogram)) {
    write(t_ms, widened(histogram, positive, negative), false);  // a marker would have ended the chunk
  }
  assert(!reader.damaged());
}

void HistogramChunkWriter::write(std::int64_t t_ms, const Histogram& h, bool stale) {
  reserve_bits(bytes_, bit_, (4 + whole_.size() + float_.size()) * kMostFieldBits);
  BitWriter out(bytes_.data(), bit_);
  put_whole(out, t_, static_cast<std::uint64_t>(t_ms), true);
  if (is_float_) {
    put_float(out, float_count_, stale ? 0 : h.count);
    put_float(out, float_zero_count_, stale ? 0 : h.zero_count);
  } else if (stale) {
    out.put(0, 2);  // two fields of one bit: as first sample no counts, later no change
  } else {
    put_whole(out, whole_count_, whole(h.count, kMostCount), false);
    put_whole(out, whole_zero_count_, whole(h.zero_count, kMostCount), false);
  }
  put_float(out, sum_, h.sum);
  if (!stale) {
    put_buckets(out, h.positive_counts, 0);
    put_buckets(out, h.negative_counts, h.positive_counts.size());
    previous_.count = h.count;
    previous_.zero_count = h.zero_count;
    previous_.positive_counts = h.positive_counts;
    previous_.negative_counts = h.negative_counts;
  }
  bit_ = out.bit();
  is_stale_ = stale;
  ++count_;
}

void HistogramChunkWriter::put_whole(BitWriter& out, WholeField& field, std::uint64_t value, bool is_signed) const {
  if (count_ == 0) {
    is_signed ? out.put_varbit_int(static_cast<std::int64_t>(value)) : out.put_varbit_uint(value);
    field.value = value;
    return;
  }
  const std::uint64_t delta = value - field.value;
  out.put_varbit_int(static_cast<std::int64_t>(delta - field.delta));
  field = {.value = value, .delta = delta};
}

void HistogramChunkWriter::put_float(BitWriter& out, FloatField& field, double value) const {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (count_ == 0) {
    out.put_wide(bits, 64);
  } else {
    out.put_xor(bits ^ field.bits, field.window);
  }
  field.bits = bits;
}

void HistogramChunkWriter::put_buckets(BitWriter& out, const Counts& counts, std::size_t begin) {
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (is_float_) {
      put_float(out, float_[begin + i], counts[i]);
    } else {
      const std::uint64_t count = whole(counts[i], kMostBucketCount);
      put_whole(out, whole_[begin + i], count - previous, true);
      previous = count;
    }
  }
}

std::string_view HistogramChunkWriter::finish() {
  assert(count_ != 0);
  store_be16(bytes_.data(), static_cast<std::uint16_t>(count_));
  return std::string_view(bytes_).substr(0, size());
}

}  // namespace mcore
