// SPDX-License-Identifier: Apache-2.0
#include "tsdb/xor_append.h"

#include <bit>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "base/number_text.h"
#include "support/catch.h"
#include "support/hex.h"
#include "tsdb/xor_reader.h"

namespace mcore {
namespace {

constexpr std::int64_t kT0 = 1'700'000'000'000;

struct Sample {
  std::int64_t t_ms;
  std::uint64_t bits;
  bool operator==(const Sample&) const = default;
};

std::uint64_t bits_of(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

std::vector<Sample> decode(const char* stream, std::size_t bits, std::uint32_t count) {
  XorReader reader(stream, bits, count);
  std::vector<std::int64_t> t_ms(count + 1);
  std::vector<double> value(count + 1);
  const std::size_t n = reader.read(t_ms, value);
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < n; ++i) {
    samples.push_back({t_ms[i], bits_of(value[i])});
  }
  CHECK(reader.damaged() == (n < count));
  CHECK((n < count || reader.bit() == bits));
  return samples;
}

/// Samples of every shape: each time code, each kind of value code, NaN payloads.
std::vector<Sample> mixed_samples(std::size_t count, std::uint32_t seed) {
  std::mt19937_64 random(seed);
  const std::int64_t odd_deltas[] = {15'000, 15'001, 23'192, 80'536, 539'288, 1, 0, -5, std::int64_t{1} << 40};
  std::vector<Sample> samples;
  std::int64_t t = kT0;
  std::uint64_t bits = bits_of(1.0);
  for (std::size_t i = 0; i < count; ++i) {
    samples.push_back({t, bits});
    t += random() % 3 != 0 ? 15'000 : odd_deltas[random() % std::size(odd_deltas)];
    switch (random() % 8) {
      case 0:
        bits = random();
        break;
      case 1:
        bits = kStaleNanBits;
        break;
      case 2:
        bits = bits_of(static_cast<double>(random() % 1000));
        break;
      case 3:
        bits = bits_of(std::bit_cast<double>(bits) + 1);
        break;
      case 4:
        bits ^= std::uint64_t{1} << (random() % 64);
        break;
      default:
        break;
    }
  }
  return samples;
}

TEST_CASE("xor_append writes the server's stream", "[tsdb][xor]") {
  struct Case {
    std::vector<Sample> samples;
    std::string_view want;
  };
  const std::uint64_t nan = 0x7FF8000000000001U;
  const Case cases[] = {
      {{{kT0, bits_of(0)}, {kT0 + 15'000, bits_of(1)}}, "80a0abfef962 0000000000000000 9875 c457fe"},
      {{{kT0, bits_of(1)},
        {kT0 + 15'000, bits_of(5)},
        {kT0 + 30'000, bits_of(9)},
        {kT0 + 45'000, bits_of(9)},
        {kT0 + 60'123, bits_of(10.5)}},
       "80a0abfef962 3ff0000000000000 9875 c26ffe5a85d900f7b43e"},
      {{{kT0, bits_of(-3.25)}, {kT0 + 30'000, nan}}, "80a0abfef962 c00a000000000000 b0ea01 c005ff90000000000008"},
      {{{kT0, bits_of(1)},
        {kT0 + 15'000, bits_of(5)},
        {kT0 + 30'000, bits_of(9)},
        {kT0 + 45'000, bits_of(9)},
        {kT0 + 60'123, bits_of(10.5)},
        {kT0 + 75'123, kStaleNanBits}},
       "80a0abfef962 3ff0000000000000 9875 c26ffe5a85d900f7b43f7f0b8bdff540000000000080"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.want);
    char buffer[128];
    std::memset(buffer, 0xA5, sizeof buffer);
    XorState state;
    std::size_t bit = 0;
    for (const Sample& s : c.samples) {
      bit = xor_append(buffer, bit, sizeof buffer * 8, state, s.t_ms, std::bit_cast<double>(s.bits));
      REQUIRE(bit != kXorFull);
    }
    CHECK(to_hex({buffer, (bit + 7) / 8}) == to_hex(unhex(c.want)));
    CHECK(decode(buffer, bit, state.count) == c.samples);
  }
}

TEST_CASE("delta-of-delta codes change where the asymmetric ranges end", "[tsdb][xor]") {
  struct Case {
    std::int64_t dod;
    std::size_t bits;
  };
  constexpr Case kCases[] = {
      {0, 1},
      {1, 16},
      {-8191, 16},
      {8192, 16},
      {-8192, 20},
      {8193, 20},
      {-65'535, 20},
      {65'536, 20},
      {-65'536, 24},
      {65'537, 24},
      {-524'287, 24},
      {524'288, 24},
      {-524'288, 68},
      {524'289, 68},
      {std::numeric_limits<std::int64_t>::min(), 68},
      {std::numeric_limits<std::int64_t>::max(), 68},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.dod);
    char buffer[128] = {};
    XorState state;
    std::size_t bit = xor_append(buffer, 0, 1024, state, kT0, 1);
    bit = xor_append(buffer, bit, 1024, state, kT0 + 15'000, 1);
    const auto t =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(kT0 + 30'000) + static_cast<std::uint64_t>(c.dod));
    const std::size_t end = xor_append(buffer, bit, 1024, state, t, 1);
    CHECK(end - bit == c.bits + 1);
    CHECK(decode(buffer, end, 3).back() == Sample{t, bits_of(1)});
  }
}

TEST_CASE("what is before the position never changes and nothing behind the capacity is written", "[tsdb][xor]") {
  const std::vector<Sample> samples = mixed_samples(200, 7);
  for (std::size_t capacity = 0; capacity < 900; ++capacity) {
    std::vector<char> exact((capacity + 7) / 8 + 1, '\x5A');  // the last byte lies behind the capacity
    XorState state;
    std::size_t bit = 0;
    std::vector<Sample> written;
    for (const Sample& s : samples) {
      const std::vector<char> before = exact;
      const XorState state_before = state;
      const std::size_t end = xor_append(exact.data(), bit, capacity, state, s.t_ms, std::bit_cast<double>(s.bits));
      const std::size_t keep = bit / 8;
      CHECK(std::equal(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(keep), exact.begin()));
      CHECK(exact.back() == '\x5A');
      if (end == kXorFull) {
        CHECK(std::memcmp(&state, &state_before, sizeof state) == 0);
        break;
      }
      CHECK(end <= capacity);
      bit = end;
      written.push_back(s);
    }
    CHECK(written.size() < samples.size());
    CHECK(decode(exact.data(), bit, state.count) == written);
  }
}

TEST_CASE("a smaller sample may still fit where one did not", "[tsdb][xor]") {
  char buffer[32];
  XorState state;
  std::size_t bit = xor_append(buffer, 0, 140, state, kT0, 1);
  REQUIRE(bit == 112);
  CHECK(xor_append(buffer, bit, 140, state, kT0 + 15'000, 0.1) == kXorFull);
  bit = xor_append(buffer, bit, 140, state, kT0 + 15'000, 1);
  CHECK(bit == 129);
  CHECK(decode(buffer, bit, 2) == std::vector<Sample>{{kT0, bits_of(1)}, {kT0 + 15'000, bits_of(1)}});
}

TEST_CASE("a stream holds at most 65535 samples", "[tsdb][xor]") {
  std::vector<char> buffer(20'000);
  XorState state;
  std::size_t bit = 0;
  for (std::uint32_t i = 0; i < kXorMaxSamples; ++i) {
    bit = xor_append(buffer.data(), bit, buffer.size() * 8, state, kT0 + i, 1);
    REQUIRE(bit != kXorFull);
  }
  CHECK(xor_append(buffer.data(), bit, buffer.size() * 8, state, kT0 + 65'535, 1) == kXorFull);
  CHECK(decode(buffer.data(), bit, 65'535).back() == Sample{kT0 + 65'534, bits_of(1)});
}

TEST_CASE("streams of every shape come back bit by bit, read whole or in pieces", "[tsdb][xor]") {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    const std::vector<Sample> samples = mixed_samples(1 + seed * 3, seed);
    std::vector<char> buffer(samples.size() * 20 + 64);
    XorState state;
    std::size_t bit = 0;
    for (const Sample& s : samples) {
      bit = xor_append(buffer.data(), bit, buffer.size() * 8, state, s.t_ms, std::bit_cast<double>(s.bits));
      REQUIRE(bit != kXorFull);
    }
    CHECK(decode(buffer.data(), bit, state.count) == samples);

    XorReader reader(buffer.data(), bit, state.count);
    std::vector<Sample> pieces;
    std::int64_t t_ms[7];
    double value[7];
    const std::size_t piece = 1 + seed % 7;
    while (const std::size_t n = reader.read({t_ms, piece}, {value, piece})) {
      for (std::size_t i = 0; i < n; ++i) {
        pieces.push_back({t_ms[i], bits_of(value[i])});
      }
    }
    CHECK(pieces == samples);
    CHECK_FALSE(reader.damaged());
  }
}

TEST_CASE("a stream cut anywhere yields its first samples and says that it is damaged", "[tsdb][xor]") {
  const std::vector<Sample> samples = mixed_samples(60, 3);
  std::vector<char> buffer(2000);
  XorState state;
  std::size_t bit = 0;
  for (const Sample& s : samples) {
    bit = xor_append(buffer.data(), bit, buffer.size() * 8, state, s.t_ms, std::bit_cast<double>(s.bits));
  }
  for (std::size_t cut = 0; cut < bit; ++cut) {
    const std::vector<char> exact(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>((cut + 7) / 8));
    const std::vector<Sample> got = decode(exact.data(), cut, state.count);
    CHECK(got.size() < samples.size());
    CHECK(std::equal(got.begin(), got.end(), samples.begin()));
  }
}

}  // namespace
}  // namespace mcore
