// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/histogram.h"
#include "tsdb/bit_reader.h"
#include "tsdb/bit_writer.h"

namespace mcore {

/// What all histograms of one chunk have in common.
struct HistogramLayout {
  std::int32_t schema = 0;
  double zero_threshold = 0;
  std::vector<HistogramSpan> positive_spans{};
  std::vector<HistogramSpan> negative_spans{};
  std::vector<double> custom_values{};

  [[nodiscard]] static HistogramLayout of(const Histogram& histogram);
  /// What it and its counts take in memory, in every histogram that is decoded with it.
  [[nodiscard]] std::uint64_t sample_bytes() const noexcept;
};

/// A layout is stored once and given with every sample: a few bytes could ask for any amount of memory. Nobody writes
/// chunks that decode to more than this, and they count as damaged.
inline constexpr std::uint64_t kMostHistogramChunkBytes = std::uint64_t{256} << 20U;

/// Buckets that spans stand for.
[[nodiscard]] std::size_t bucket_count(const std::vector<HistogramSpan>& spans) noexcept;

/// Reads the layout at the head of a histogram chunk. False for bytes that are none, or none that can be trusted: an
/// unknown schema, spans that go backwards or beyond 32 bits or beyond the custom bounds, bounds that do not ascend,
/// more buckets than there are bits left.
/// Shape: zero threshold, schema, spans, custom bounds; tsdb-format 3.4.
[[nodiscard]] bool read_histogram_layout(BitReader& in, HistogramLayout& layout);
/// Appends that layout to `out`, continuing and returning the position in bits.
[[nodiscard]] std::size_t write_histogram_layout(const HistogramLayout& layout, std::string& out, std::size_t bit);

/// Makes room in `out` for `bits` more behind position `bit`, and for the stores of a BitWriter there.
void reserve_bits(std::string& out, std::size_t bit, std::size_t bits);

/// The indexes of the buckets that spans stand for, ascending. Requires: they neither overlap nor leave 32 bits.
void list_buckets(const std::vector<HistogramSpan>& spans, std::vector<std::int32_t>& indexes);
/// The shortest spans for indexes in ascending order.
[[nodiscard]] std::vector<HistogramSpan> spans_of(const std::vector<std::int32_t>& indexes);

}  // namespace mcore
