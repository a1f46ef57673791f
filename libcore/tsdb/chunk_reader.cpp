// SPDX-License-Identifier: Apache-2.0
#include "tsdb/chunk_reader.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "tsdb/chunk_encoding.h"
#include "tsdb/histogram_reader.h"
#include "tsdb/xor2_reader.h"
#include "tsdb/xor_reader.h"

namespace mcore {
namespace {

/// Samples at the front of the column that ascend strictly.
std::size_t ascending(std::span<const std::int64_t> t_ms) noexcept {
  const auto stop = std::ranges::adjacent_find(t_ms, std::greater_equal<>());
  return static_cast<std::size_t>(stop - t_ms.begin()) + (stop == t_ms.end() ? 0 : 1);
}

/// Cuts the columns behind `start` down to the range.
void keep_range(SeriesSamples& out, std::size_t start, TimeRange range) {
  const auto begin = out.t_ms.begin() + static_cast<std::ptrdiff_t>(start);
  const auto first = std::lower_bound(begin, out.t_ms.end(), range.min_t_ms);
  const auto last = std::upper_bound(first, out.t_ms.end(), range.max_t_ms);
  const auto value = [&out](auto it) { return out.value.begin() + (it - out.t_ms.begin()); };
  out.value.erase(value(last), out.value.end());
  out.value.erase(value(begin), value(first));
  out.t_ms.erase(last, out.t_ms.end());
  out.t_ms.erase(begin, first);
}

template <typename Reader>
ChunkState decode_floats(Reader reader, TimeRange range, SeriesSamples& out) {
  const std::size_t start = out.t_ms.size();
  out.t_ms.resize(start + reader.sample_count());
  out.value.resize(start + reader.sample_count());
  const std::size_t read = reader.read(std::span(out.t_ms).subspan(start), std::span(out.value).subspan(start));
  const std::size_t good = ascending(std::span(out.t_ms).subspan(start, read));
  out.t_ms.resize(start + good);
  out.value.resize(start + good);
  keep_range(out, start, range);
  return reader.damaged() || good != read ? ChunkState::kDamaged : ChunkState::kWhole;
}

ChunkState decode_histograms(ChunkEncoding encoding, std::string_view data, TimeRange range, SeriesSamples& out) {
  HistogramChunkReader reader(encoding, data);
  std::int64_t t_ms = 0;
  Histogram histogram;
  for (std::optional<std::int64_t> previous; reader.next(t_ms, histogram); previous = t_ms) {
    if (previous.has_value() && t_ms <= *previous) {
      return ChunkState::kDamaged;
    }
    if (t_ms > range.max_t_ms) {
      return ChunkState::kWhole;
    }
    if (t_ms >= range.min_t_ms) {
      out.histogram_t_ms.push_back(t_ms);
      out.histogram.push_back(histogram);
    }
  }
  return reader.damaged() ? ChunkState::kDamaged : ChunkState::kWhole;
}

}  // namespace

std::string_view chunk_fault(ChunkState state) noexcept {
  switch (state) {
    case ChunkState::kDamaged:
      return "damaged samples";
    case ChunkState::kUnknownEncoding:
      return "unknown chunk encoding";
    default:
      return "";
  }
}

ChunkState decode_chunk(std::uint8_t encoding, std::string_view data, TimeRange range, SeriesSamples& out) {
  switch (static_cast<ChunkEncoding>(encoding)) {
    case ChunkEncoding::kXor:
      return decode_floats(XorReader(data), range, out);
    case ChunkEncoding::kXor2:
      return decode_floats(Xor2Reader(data), range, out);
    case ChunkEncoding::kHistogram:
    case ChunkEncoding::kFloatHistogram:
    case ChunkEncoding::kHistogramSt:
    case ChunkEncoding::kFloatHistogramSt:
      return decode_histograms(static_cast<ChunkEncoding>(encoding), data, range, out);
  }
  return ChunkState::kUnknownEncoding;
}

std::optional<std::uint32_t> chunk_sample_count(std::uint8_t encoding, std::string_view data) noexcept {
  if (encoding < 1 || encoding > 6 || data.size() < 2) {
    return std::nullopt;
  }
  const std::uint32_t count = load_be16(data.data());
  return encoding >= static_cast<std::uint8_t>(ChunkEncoding::kHistogramSt) ? count & 0x3FFFU : count;
}

}  // namespace mcore
