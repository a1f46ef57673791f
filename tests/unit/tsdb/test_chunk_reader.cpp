// SPDX-License-Identifier: Apache-2.0
#include "tsdb/chunk_reader.h"

#include "support/catch.h"
#include "support/hex.h"
#include "support/histogram_samples.h"
#include "tsdb/histogram_chunk.h"
#include "tsdb/xor_chunk.h"

namespace mcore {
namespace {

constexpr std::int64_t kT0 = 1'700'000'000'000;
constexpr TimeRange kAlways{};

const std::string& five_floats() {
  static const std::string chunk = unhex("0005 80a0abfef962 3ff0000000000000 9875 c26ffe5a85d900f7b43e");
  return chunk;
}

TEST_CASE("decode_chunk appends what lies in the range", "[tsdb][chunk_reader]") {
  struct Case {
    TimeRange range;
    std::vector<std::int64_t> t_ms;
    std::vector<double> value;
  };
  const Case cases[] = {
      {kAlways, {7, kT0, kT0 + 15'000, kT0 + 30'000, kT0 + 45'000, kT0 + 60'123}, {70, 1, 5, 9, 9, 10.5}},
      {{kT0 + 15'000, kT0 + 45'000}, {7, kT0 + 15'000, kT0 + 30'000, kT0 + 45'000}, {70, 5, 9, 9}},
      {{kT0 + 15'001, kT0 + 44'999}, {7, kT0 + 30'000}, {70, 9}},
      {{kT0 + 15'001, kT0 + 15'002}, {7}, {70}},
      {{0, kT0 - 1}, {7}, {70}},
      {{kT0 + 60'124, kT0 + 99'999}, {7}, {70}},
      {{kT0, kT0}, {7, kT0}, {70, 1}},
  };
  for (const Case& c : cases) {
    SeriesSamples out{.t_ms = {7}, .value = {70}};
    CHECK(decode_chunk(1, five_floats(), c.range, out) == ChunkState::kWhole);
    CHECK(out.t_ms == c.t_ms);
    CHECK(out.value == c.value);
    CHECK(out.histogram.empty());
  }
}

TEST_CASE("decode_chunk reads each encoding", "[tsdb][chunk_reader]") {
  struct Case {
    std::uint8_t encoding;
    std::string_view hex;
    std::size_t floats;
    std::size_t histograms;
  };
  constexpr Case kCases[] = {
      {1, "0002 80a0abfef962 0000000000000000 9875 c457fe", 2, 0},
      {2, "0002 00 00 ee5c664b8cbe9c5fe00018bcfe617c8b900d6000000000002327c1d4c45b82e370", 0, 2},
      {3,
       "0002 00 74 46577f0000c5e7f30be420128000000000001ffc0000000000002020500"
       "0000000002008000000000000200a0000000000007c1d4c6e06de17b418",
       0, 2},
      {4, "0003 80 80a0abfef962 3ff0000000000000 d00f 9875 c137ff3542ec", 3, 0},
      {5, "0003 82 ff3f50624dd2f1a9fc 8ca4945fc0003179fcad00179202c90000000000046376807fc1d4c45b83b1b83883bcaef60c00",
       0, 3},
      {1, "0000", 0, 0},
      {2, "0000", 0, 0},
  };
  for (const Case& c : kCases) {
    CAPTURE(int{c.encoding}, c.hex);
    SeriesSamples out;
    const std::string chunk = unhex(c.hex);
    const ChunkState want = c.encoding == 2 && chunk.size() == 2 ? ChunkState::kDamaged : ChunkState::kWhole;
    CHECK(decode_chunk(c.encoding, chunk, kAlways, out) == want);
    CHECK(out.t_ms.size() == c.floats);
    CHECK(out.histogram.size() == c.histograms);
    CHECK(chunk_sample_count(c.encoding, chunk) == c.floats + c.histograms);
  }
}

TEST_CASE("an unknown encoding appends nothing", "[tsdb][chunk_reader]") {
  for (const int encoding : {0, 7, 255}) {
    SeriesSamples out;
    CHECK(decode_chunk(static_cast<std::uint8_t>(encoding), five_floats(), kAlways, out) ==
          ChunkState::kUnknownEncoding);
    CHECK(out.empty());
    CHECK_FALSE(chunk_sample_count(static_cast<std::uint8_t>(encoding), five_floats()).has_value());
  }
  CHECK_FALSE(chunk_sample_count(1, "x").has_value());
  CHECK(chunk_fault(ChunkState::kUnknownEncoding) == "unknown chunk encoding");
  CHECK(chunk_fault(ChunkState::kDamaged) == "damaged samples");
}

TEST_CASE("samples before the damage stay", "[tsdb][chunk_reader]") {
  SeriesSamples out;
  CHECK(decode_chunk(1, std::string_view(five_floats()).substr(0, 20), kAlways, out) == ChunkState::kDamaged);
  CHECK(out.t_ms == std::vector<std::int64_t>{kT0});
  CHECK(out.value == std::vector<double>{1});
}

TEST_CASE("times that do not ascend are damage", "[tsdb][chunk_reader]") {
  std::string chunk;
  encode_xor_chunk(std::vector<std::int64_t>{10, 20, 20, 30}, std::vector<double>{1, 2, 3, 4}, chunk);
  SeriesSamples out;
  CHECK(decode_chunk(1, chunk, kAlways, out) == ChunkState::kDamaged);
  CHECK(out.t_ms == std::vector<std::int64_t>{10, 20});
  CHECK(out.value == std::vector<double>{1, 2});

  HistogramChunkWriter writer;
  REQUIRE(writer.append(10, stale_histogram()));
  REQUIRE(writer.append(9, stale_histogram()));
  CHECK(decode_chunk(2, writer.finish(), kAlways, out) == ChunkState::kDamaged);
  CHECK(out.histogram_t_ms == std::vector<std::int64_t>{10});
}

}  // namespace
}  // namespace mcore
