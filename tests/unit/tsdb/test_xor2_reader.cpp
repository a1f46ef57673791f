// SPDX-License-Identifier: Apache-2.0
#include "tsdb/xor2_reader.h"

#include <bit>
#include <limits>
#include <vector>

#include "base/number_text.h"
#include "support/catch.h"
#include "support/hex.h"
#include "tsdb/bit_writer.h"

namespace mcore {
namespace {

constexpr std::int64_t kT0 = 1'700'000'000'000;

struct Decoded {
  std::vector<std::int64_t> t_ms;
  std::vector<std::uint64_t> bits;
  std::vector<std::int64_t> start_t_ms;
  bool damaged;
};

Decoded decode(std::string_view chunk) {
  Xor2Reader reader(chunk);
  const std::size_t room = reader.sample_count() + 1;
  Decoded out{.t_ms = std::vector<std::int64_t>(room),
              .bits = {},
              .start_t_ms = std::vector<std::int64_t>(room),
              .damaged = false};
  std::vector<double> value(room);
  const std::size_t n = reader.read(out.t_ms, value, out.start_t_ms);
  out.t_ms.resize(n);
  out.start_t_ms.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    out.bits.push_back(std::bit_cast<std::uint64_t>(value[i]));
  }
  out.damaged = reader.damaged();
  return out;
}

std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
  std::vector<std::uint64_t> bits;
  for (const double value : values) {
    bits.push_back(std::bit_cast<std::uint64_t>(value));
  }
  return bits;
}

const double kStale = std::bit_cast<double>(kStaleNanBits);

TEST_CASE("Xor2Reader reads a server's chunks", "[tsdb][xor2]") {
  struct Case {
    std::string_view hex;
    std::vector<std::int64_t> t_ms;
    std::vector<double> value;
    std::vector<std::int64_t> start_t_ms;
  };
  const std::vector<std::int64_t> times = {kT0, kT0 + 15'000, kT0 + 30'000, kT0 + 45'000, kT0 + 60'123, kT0 + 75'123};
  const std::int64_t before = kT0 - 1000;
  const Case cases[] = {
      {"0006 00 80a0abfef962 3ff0000000000000 9875 c137ff3542ed80f79a1fdf85e0",
       times,
       {1, 5, 9, 9, 10.5, kStale},
       {0, 0, 0, 0, 0, 0}},
      {"0003 80 80a0abfef962 3ff0000000000000 d00f 9875 c137ff3542ec",
       {times[0], times[1], times[2]},
       {1, 5, 9},
       {before, before, before}},
      {"0004 82 80a0abfef962 3ff0000000000000 d00f 9875 c137ff33ff3f7d8f13ff9f075300",
       {times[0], times[1], times[2], times[3]},
       {1, 5, 1, 2},
       {before, before, kT0 + 20'000, kT0 + 20'000}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.hex);
    const Decoded got = decode(unhex(c.hex));
    CHECK(got.t_ms == c.t_ms);
    CHECK(got.bits == bits_of(c.value));
    CHECK(got.start_t_ms == c.start_t_ms);
    CHECK_FALSE(got.damaged);
  }
}

TEST_CASE("deltas of deltas in XOR2 are plain two's complement", "[tsdb][xor2]") {
  struct Case {
    std::uint64_t prefix;
    unsigned prefix_bits;
    unsigned bits;
    std::int64_t dod;
  };
  constexpr Case kCases[] = {
      {0b110, 3, 13, -4096},
      {0b110, 3, 13, 4095},
      {0b1110, 4, 20, -524'288},
      {0b1110, 4, 20, 524'287},
      {0b11110, 5, 64, std::numeric_limits<std::int64_t>::min() + 5},
      {0b11110, 5, 64, 1'000'000'000'000},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.dod);
    std::string chunk = unhex("0003 00 80a0abfef962 3ff0000000000000 9875");
    const std::size_t bit = chunk.size() * 8;
    chunk.resize(chunk.size() + 32);
    BitWriter out(chunk.data(), bit);
    out.put(0, 1);  // the second value is as the first
    out.put(c.prefix, c.prefix_bits);
    const auto raw = static_cast<std::uint64_t>(c.dod);
    out.put_wide(c.bits == 64 ? raw : raw & ((std::uint64_t{1} << c.bits) - 1), c.bits);
    out.put(0, 1);
    chunk.resize((out.bit() + 7) / 8);
    const Decoded got = decode(chunk);
    REQUIRE(got.t_ms.size() == 3);
    CHECK(static_cast<std::uint64_t>(got.t_ms[2]) == static_cast<std::uint64_t>(kT0 + 30'000) + raw);
  }
}

TEST_CASE("a stale first sample leaves the baseline at zero bits", "[tsdb][xor2]") {
  const Decoded got = decode(unhex("0002 00 80a0abfef962 7ff0000000000002 9875 00"));
  CHECK(got.bits == std::vector<std::uint64_t>{kStaleNanBits, 0});
}

TEST_CASE("an XOR2 chunk cut anywhere yields its first samples and is damaged", "[tsdb][xor2]") {
  const std::string whole = unhex("0004 82 80a0abfef962 3ff0000000000000 d00f 9875 c137ff33ff3f7d8f13ff9f0753");
  const Decoded want = decode(whole + '\0');
  REQUIRE(want.t_ms.size() == 4);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const Decoded got = decode(std::string(whole, 0, size));
    CHECK(got.damaged);
    CHECK(got.t_ms.size() < 4);
    CHECK(std::equal(got.t_ms.begin(), got.t_ms.end(), want.t_ms.begin()));
    CHECK(std::equal(got.bits.begin(), got.bits.end(), want.bits.begin()));
  }
}

}  // namespace
}  // namespace mcore
