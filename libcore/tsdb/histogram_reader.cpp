// SPDX-License-Identifier: Apache-2.0
#include "tsdb/histogram_reader.h"

#include <bit>

#include "base/number_text.h"

namespace mcore {
namespace {

CounterResetHint hint_of(std::uint64_t header) noexcept {
  switch (header) {
    case 0b10:
      return CounterResetHint::kReset;
    case 0b01:
      return CounterResetHint::kNotReset;
    case 0b11:
      return CounterResetHint::kGauge;
    default:
      return CounterResetHint::kUnknown;
  }
}

}  // namespace

HistogramChunkReader::HistogramChunkReader(ChunkEncoding encoding, std::string_view chunk)
    : in_(chunk),
      is_float_(encoding == ChunkEncoding::kFloatHistogram || encoding == ChunkEncoding::kFloatHistogramSt) {
  read_header(encoding == ChunkEncoding::kHistogramSt || encoding == ChunkEncoding::kFloatHistogramSt);
  damaged_ = !in_.ok() || (sample_count_ != 0 && !prepare_first());
}

void HistogramChunkReader::read_header(bool has_starts) noexcept {
  if (has_starts) {
    header_hint_ = hint_of(in_.get(2));
    sample_count_ = static_cast<std::uint32_t>(in_.get(14));
    starts_ = StartTimes(static_cast<std::uint8_t>(in_.get(8)));
  } else {
    sample_count_ = static_cast<std::uint32_t>(in_.get(16));
    header_hint_ = hint_of(in_.get(2));
    in_.get(6);
  }
}

bool HistogramChunkReader::prepare_first() {
  if (!read_histogram_layout(in_, layout_)) {
    return false;
  }
  positive_buckets_ = bucket_count(layout_.positive_spans);
  const std::size_t buckets = positive_buckets_ + bucket_count(layout_.negative_spans);
  if (layout_.sample_bytes() * sample_count_ > kMostHistogramChunkBytes) {
    return false;
  }
  is_float_ ? float_.resize(buckets) : whole_.resize(buckets);
  return true;
}

bool HistogramChunkReader::next(std::int64_t& t_ms, Histogram& out) {
  if (damaged_ || index_ == sample_count_) {
    return false;
  }
  const bool first = index_ == 0;
  if (first) {
    t_.value = static_cast<std::uint64_t>(in_.varbit_int());
  } else {
    t_.next(in_);
  }
  is_float_ ? read_float_counts(first, out) : read_whole_counts(first, out);
  fill(first, out);
  t_ms = static_cast<std::int64_t>(t_.value);
  start_t_ms_ = starts_.next(in_, index_, t_ms);
  if (!in_.ok()) {
    damaged_ = true;
    return false;
  }
  if (out.schema > kMaxExponentialSchema) {
    reduce_histogram_schema(out, kMaxExponentialSchema);
  }
  ++index_;
  return true;
}

void HistogramChunkReader::read_whole_counts(bool first, Histogram& out) {
  if (first) {
    count_.value = in_.varbit_uint();
    zero_count_.value = in_.varbit_uint();
    sum_.bits = in_.get(64);
  } else {
    count_.next(in_);
    zero_count_.next(in_);
    in_.xor_value(sum_);
  }
  out.count = static_cast<double>(count_.value);
  out.zero_count = static_cast<double>(zero_count_.value);
}

void HistogramChunkReader::read_float_counts(bool first, Histogram& out) {
  for (XorValue* field : {&float_count_, &float_zero_count_, &sum_}) {
    if (first) {
      field->bits = in_.get(64);
    } else {
      in_.xor_value(*field);
    }
  }
  out.count = std::bit_cast<double>(float_count_.bits);
  out.zero_count = std::bit_cast<double>(float_zero_count_.bits);
}

/// All but the counts: they tell by their sum whether buckets follow.
void HistogramChunkReader::fill(bool first, Histogram& out) {
  const bool stale = sum_.bits == kStaleNanBits;
  out.is_float = is_float_;
  out.sum = std::bit_cast<double>(sum_.bits);
  out.hint = header_hint_ == CounterResetHint::kGauge ? CounterResetHint::kGauge
             : first                                  ? CounterResetHint::kUnknown
                                                      : CounterResetHint::kNotReset;
  out.positive_counts.clear();
  out.negative_counts.clear();
  if (!stale || first) {  // only later markers come without the layout's buckets
    const auto fill_buckets =
        is_float_ ? &HistogramChunkReader::fill_float_buckets : &HistogramChunkReader::fill_whole_buckets;
    const std::size_t buckets = is_float_ ? float_.size() : whole_.size();
    out.positive_counts.resize(positive_buckets_);
    (this->*fill_buckets)(first, 0, out.positive_counts);
    out.negative_counts.resize(buckets - positive_buckets_);
    (this->*fill_buckets)(first, positive_buckets_, out.negative_counts);
  }
  if (!stale) {
    out.schema = layout_.schema;
    out.zero_threshold = layout_.zero_threshold;
    out.positive_spans = layout_.positive_spans;
    out.negative_spans = layout_.negative_spans;
    out.custom_values = layout_.custom_values;
    return;
  }
  out.schema = 0;
  out.zero_threshold = 0;
  out.zero_count = 0;
  out.count = 0;
  out.positive_spans.clear();
  out.negative_spans.clear();
  out.positive_counts.clear();
  out.negative_counts.clear();
  out.custom_values.clear();
}

void HistogramChunkReader::fill_whole_buckets(bool first, std::size_t begin, std::vector<double>& counts) {
  std::uint64_t count = 0;  // what is stored are differences between neighbours
  for (std::size_t i = 0; i < counts.size(); ++i) {
    Counter& bucket = whole_[begin + i];
    if (first) {
      bucket.value = static_cast<std::uint64_t>(in_.varbit_int());
    } else {
      bucket.next(in_);
    }
    count += bucket.value;
    counts[i] = static_cast<double>(static_cast<std::int64_t>(count));
  }
}

void HistogramChunkReader::fill_float_buckets(bool first, std::size_t begin, std::vector<double>& counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    XorValue& bucket = float_[begin + i];
    if (first) {
      bucket.bits = in_.get(64);
    } else {
      in_.xor_value(bucket);
    }
    counts[i] = std::bit_cast<double>(bucket.bits);
  }
}

}  // namespace mcore
