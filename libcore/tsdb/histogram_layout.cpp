// SPDX-License-Identifier: Apache-2.0
#include "tsdb/histogram_layout.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace mcore {
namespace {

using Spans = std::vector<HistogramSpan>;

constexpr std::int32_t kMaxReadableSchema = 52;  // above 8 a server stores them for readers to reduce
constexpr int kMinThresholdExponent = -242;      // of 2^-243, as frexp gives it
constexpr int kMaxThresholdExponent = 11;
constexpr int kThresholdBias = 243;
constexpr std::size_t kMaxCodeBits = 72;

bool read_spans(BitReader& in, Spans& spans) {
  const std::uint64_t count = in.varbit_uint();
  if (!in.ok() || count > in.left()) {  // each takes two bits at least
    return false;
  }
  spans.reserve(count);
  std::int64_t end = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t length = in.varbit_uint();
    const std::int64_t offset = in.varbit_int();
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    if (!in.ok() || length > static_cast<std::uint64_t>(kMost) || offset > kMost || offset < (i == 0 ? -kMost : 0)) {
      return false;
    }
    end += offset + static_cast<std::int64_t>(length);
    if (end > kMost) {
      return false;
    }
    spans.push_back({static_cast<std::int32_t>(offset), static_cast<std::uint32_t>(length)});
  }
  return true;
}

double read_zero_threshold(BitReader& in) {
  const auto code = static_cast<int>(in.get(8));
  switch (code) {
    case 0:
      return 0;
    case 255:
      return std::bit_cast<double>(in.get(64));
    default:
      return std::ldexp(0.5, code - kThresholdBias);
  }
}

bool read_bounds(BitReader& in, std::vector<double>& bounds) {
  const std::uint64_t count = in.varbit_uint();
  if (!in.ok() || count > in.left()) {
    return false;
  }
  bounds.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t code = in.varbit_uint();
    const double bound =
        code == 0 ? std::bit_cast<double>(in.get(64)) : static_cast<double>(code - 1) / 1000;  // as it was multiplied
    if (!in.ok() || !std::isfinite(bound) || (i > 0 && bound <= bounds.back())) {
      return false;
    }
    bounds.push_back(bound);
  }
  return true;
}

bool custom_buckets_fit(const HistogramLayout& layout) {
  std::int64_t end = 0;
  for (const HistogramSpan& span : layout.positive_spans) {
    end += std::int64_t{span.offset} + span.length;
  }
  return layout.negative_spans.empty() && (layout.positive_spans.empty() || layout.positive_spans[0].offset >= 0) &&
         end <= static_cast<std::int64_t>(layout.custom_values.size()) + 1;
}

void put_spans(BitWriter& out, const Spans& spans) {
  out.put_varbit_uint(spans.size());
  for (const HistogramSpan& span : spans) {
    out.put_varbit_uint(span.length);
    out.put_varbit_int(span.offset);
  }
}

void put_zero_threshold(BitWriter& out, double threshold) {
  int exponent = 0;
  const double fraction = std::frexp(threshold, &exponent);
  if (std::bit_cast<std::uint64_t>(threshold) == 0) {
    out.put(0, 8);
  } else if (fraction == 0.5 && exponent >= kMinThresholdExponent && exponent <= kMaxThresholdExponent) {
    out.put(static_cast<std::uint64_t>(exponent + kThresholdBias), 8);
  } else {
    out.put(255, 8);
    out.put_wide(std::bit_cast<std::uint64_t>(threshold), 64);
  }
}

void put_bound(BitWriter& out, double bound) {
  const double thousandths = bound * 1000;
  if (thousandths >= 0 && thousandths <= 33'554'430 && !std::signbit(bound) &&
      bound == std::round(thousandths) / 1000) {
    out.put_varbit_uint(static_cast<std::uint64_t>(std::round(thousandths)) + 1);
  } else {
    out.put(0, 1);
    out.put_wide(std::bit_cast<std::uint64_t>(bound), 64);
  }
}

}  // namespace

HistogramLayout HistogramLayout::of(const Histogram& histogram) {
  return {.schema = histogram.schema,
          .zero_threshold = histogram.zero_threshold,
          .positive_spans = histogram.positive_spans,
          .negative_spans = histogram.negative_spans,
          .custom_values = histogram.custom_values};
}

std::uint64_t HistogramLayout::sample_bytes() const noexcept {
  return sizeof(double) * (bucket_count(positive_spans) + bucket_count(negative_spans) + custom_values.size()) +
         sizeof(HistogramSpan) * (positive_spans.size() + negative_spans.size());
}

std::size_t bucket_count(const Spans& spans) noexcept {
  std::size_t count = 0;
  for (const HistogramSpan& span : spans) {
    count += span.length;
  }
  return count;
}

bool read_histogram_layout(BitReader& in, HistogramLayout& layout) {
  layout = {};
  layout.zero_threshold = read_zero_threshold(in);
  const std::int64_t schema = in.varbit_int();
  const bool is_custom = schema == kCustomBucketsSchema;
  if (!in.ok() || (!is_custom && (schema < kMinReservedSchema || schema > kMaxReadableSchema))) {
    return false;
  }
  layout.schema = static_cast<std::int32_t>(schema);
  if (!read_spans(in, layout.positive_spans) || !read_spans(in, layout.negative_spans)) {
    return false;
  }
  if (is_custom && (!read_bounds(in, layout.custom_values) || !custom_buckets_fit(layout))) {
    return false;
  }
  return bucket_count(layout.positive_spans) + bucket_count(layout.negative_spans) <= in.left();
}

std::size_t write_histogram_layout(const HistogramLayout& layout, std::string& out, std::size_t bit) {
  const std::size_t codes =
      8 + 2 * (layout.positive_spans.size() + layout.negative_spans.size()) + layout.custom_values.size();
  reserve_bits(out, bit, codes * kMaxCodeBits);
  BitWriter bits(out.data(), bit);
  put_zero_threshold(bits, layout.zero_threshold);
  bits.put_varbit_int(layout.schema);
  put_spans(bits, layout.positive_spans);
  put_spans(bits, layout.negative_spans);
  if (layout.schema == kCustomBucketsSchema) {
    bits.put_varbit_uint(layout.custom_values.size());
    for (const double bound : layout.custom_values) {
      put_bound(bits, bound);
    }
  }
  return bits.bit();
}

void reserve_bits(std::string& out, std::size_t bit, std::size_t bits) {
  const std::size_t needed = (bit + bits) / 8 + 1 + sizeof(std::uint64_t);
  if (out.size() < needed) {
    out.resize(std::max(needed, out.size() * 2));
  }
}

void list_buckets(const Spans& spans, std::vector<std::int32_t>& indexes) {
  indexes.clear();
  std::int32_t index = 0;
  for (const HistogramSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length; ++i) {
      indexes.push_back(index++);
    }
  }
}

Spans spans_of(const std::vector<std::int32_t>& indexes) {
  Spans spans;
  std::int32_t end = 0;
  for (const std::int32_t index : indexes) {
    if (spans.empty() || index != end) {
      spans.push_back({index - end, 0});
    }
    ++spans.back().length;
    end = index + 1;
  }
  return spans;
}

}  // namespace mcore
