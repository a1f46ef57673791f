// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "../support/histogram_samples.h"
#include "tsdb/chunk_cutter.h"
#include "tsdb/chunk_reader.h"
#include "tsdb/xor_reader.h"

namespace mcore {
namespace {

void require(bool claim) {
  if (!claim) {
    std::abort();
  }
}

bool same_values(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, {}, std::bit_cast<std::uint64_t, double>, std::bit_cast<std::uint64_t, double>);
}

/// What can be stored of what was decoded must come back from chunks of our own.
void round_trip(SeriesSamples samples, XorWindows windows) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples.histogram.size(); ++i) {
    const Histogram& h = samples.histogram[i];
    if (is_stale_marker(h.sum) || !histogram_fault(h).has_value()) {
      samples.histogram_t_ms[kept] = samples.histogram_t_ms[i];
      samples.histogram[kept++] = h;
    }
  }
  samples.histogram_t_ms.resize(kept);
  samples.histogram.resize(kept);

  ChunkCutter cutter({.windows = windows});
  SeriesSamples again;
  for (const EncodedChunk& chunk : cutter.cut(samples)) {
    const auto encoding = static_cast<std::uint8_t>(chunk.encoding);
    require(decode_chunk(encoding, chunk.bytes, {}, again) == ChunkState::kWhole);
    require(chunk_sample_count(encoding, chunk.bytes) == chunk.sample_count);
  }
  require(again.t_ms == samples.t_ms && same_values(again.value, samples.value));
  require(again.histogram_t_ms == samples.histogram_t_ms);
  for (std::size_t i = 0; i < kept; ++i) {  // in a chunk with others a histogram may get empty buckets
    compact_histogram(samples.histogram[i], 0);
    compact_histogram(again.histogram[i], 0);
    require(same_histogram(samples.histogram[i], again.histogram[i]));
  }
}

/// A stream without header, read whole and one sample at a time.
void read_stream(std::string_view bytes, std::size_t cut_bits, std::uint32_t count) {
  const std::size_t bits = bytes.size() * 8 - std::min(cut_bits, bytes.size() * 8);
  XorReader whole(bytes.data(), bits, count);
  std::vector<std::int64_t> t_ms(count + 1);
  std::vector<double> value(count + 1);
  const std::size_t n = whole.read(t_ms, value);
  require(whole.damaged() == (n != count) && whole.bit() <= bits);
  XorReader single(bytes.data(), bits, count);
  for (std::size_t i = 0; i < n; ++i) {
    std::int64_t t = 0;
    double v = 0;
    require(single.read({&t, 1}, {&v, 1}) == 1 && t == t_ms[i]);
    require(std::bit_cast<std::uint64_t>(v) == std::bit_cast<std::uint64_t>(value[i]));
  }
}

}  // namespace
}  // namespace mcore

/// The first byte chooses the encoding, or a stream of the head for those that are none, and the windows to write.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const auto encoding = static_cast<std::uint8_t>(data[0] & 7U);
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (encoding == 0 || encoding == 7) {
    mcore::read_stream(bytes, data[0] >> 5U, encoding == 0 ? 1U + (data[0] >> 3U) : 4096U);
    return 0;
  }
  mcore::SeriesSamples samples;
  static_cast<void>(mcore::decode_chunk(encoding, bytes, {}, samples));
  mcore::round_trip(samples, static_cast<mcore::XorWindows>((data[0] >> 3U) % 3));
  return 0;
}
