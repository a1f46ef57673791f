// SPDX-License-Identifier: Apache-2.0
#include "tsdb/xor_chunk.h"

#include <bit>
#include <random>
#include <vector>

#include "base/number_text.h"
#include "support/catch.h"
#include "support/hex.h"
#include "tsdb/xor_reader.h"

namespace mcore {
namespace {

constexpr std::int64_t kT0 = 1'700'000'000'000;

struct Columns {
  std::vector<std::int64_t> t_ms;
  std::vector<double> value;
};

Columns decode(std::string_view chunk) {
  XorReader reader(chunk);
  Columns out{.t_ms = std::vector<std::int64_t>(reader.sample_count() + 1),
              .value = std::vector<double>(reader.sample_count() + 1)};
  const std::size_t n = reader.read(out.t_ms, out.value);
  out.t_ms.resize(n);
  out.value.resize(n);
  return out;
}

bool same(const Columns& a, const Columns& b) {
  return a.t_ms == b.t_ms && std::ranges::equal(a.value, b.value, [](double x, double y) {
           return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
         });
}

std::string encode(const Columns& columns, XorWindows windows) {
  std::string out;
  encode_xor_chunk(columns.t_ms, columns.value, out, windows);
  return out;
}

Columns every_15s(std::vector<double> value) {
  Columns out{.t_ms = {}, .value = std::move(value)};
  for (std::size_t i = 0; i < out.value.size(); ++i) {
    out.t_ms.push_back(kT0 + static_cast<std::int64_t>(i) * 15'000);
  }
  return out;
}

TEST_CASE("XorChunkWriter writes a server's chunk", "[tsdb][xor]") {
  XorChunkWriter writer;
  CHECK(to_hex(writer.finish()) == "0000");
  REQUIRE(writer.append(kT0, 1));
  CHECK(to_hex(writer.finish()) == "000180a0abfef9623ff0000000000000");
  REQUIRE(writer.append(kT0 + 15'000, 5));
  REQUIRE(writer.append(kT0 + 30'000, 9));
  REQUIRE(writer.append(kT0 + 45'000, 9));
  REQUIRE(writer.append(kT0 + 60'123, 10.5));
  CHECK(writer.sample_count() == 5);
  CHECK(writer.size() == 28);
  CHECK(to_hex(writer.finish()) == "000580a0abfef9623ff00000000000009875c26ffe5a85d900f7b43e");
  writer.clear();
  REQUIRE(writer.append(kT0, 0));
  REQUIRE(writer.append(kT0 + 15'000, 1));
  CHECK(to_hex(writer.finish()) == "000280a0abfef96200000000000000009875c457fe");
}

TEST_CASE("a chunk refuses its sample 65536", "[tsdb][xor]") {
  XorChunkWriter writer;
  Columns want;
  for (std::uint32_t i = 0; i < kXorMaxSamples; ++i) {
    REQUIRE(writer.append(kT0 + i * 7, i % 10));
    want.t_ms.push_back(kT0 + i * 7);
    want.value.push_back(i % 10);
  }
  CHECK_FALSE(writer.append(kT0 + 7 * 65'535, 1));
  CHECK(writer.sample_count() == 65'535);
  CHECK(same(decode(writer.finish()), want));
  CHECK(same(decode(encode(want, XorWindows::kOptimal)), want));
  CHECK(encode(want, XorWindows::kServer) == writer.finish());
}

TEST_CASE("all ways to choose windows give the same samples", "[tsdb][xor]") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    Columns columns;
    std::int64_t t = kT0;
    double value = static_cast<double>(random() % 1000);
    for (std::uint64_t n = random() % 700; n != 0; --n) {
      columns.t_ms.push_back(t);
      columns.value.push_back(value);
      t += 15'000 + (round % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 41) - 20);
      switch (random() % 5) {
        case 0:
          value = static_cast<double>(random() % 100'000) / 100;
          break;
        case 1:
          value = std::bit_cast<double>(round % 3 == 0 ? random() : kStaleNanBits);
          break;
        case 2:
          value += static_cast<double>(random() % 64);
          break;
        default:
          break;
      }
    }
    const std::string server = encode(columns, XorWindows::kServer);
    const std::string shortest = encode(columns, XorWindows::kShortest);
    const std::string optimal = encode(columns, XorWindows::kOptimal);
    CHECK(same(decode(server), columns));
    CHECK(same(decode(shortest), columns));
    CHECK(same(decode(optimal), columns));
    CHECK(optimal.size() <= shortest.size() + 2);  // planned in pieces of 512 samples
    CHECK(optimal.size() <= server.size() + 2);
  }
}

/// The least bits for the value codes, by trying every way to divide the differences into stretches.
std::size_t least_bits(const std::vector<std::uint64_t>& differences) {
  const std::size_t n = differences.size();
  std::size_t least = ~std::size_t{0};
  for (std::size_t cuts = 0; cuts < std::size_t{1} << (n - 1); ++cuts) {
    std::size_t bits = 0;
    for (std::size_t begin = 0; begin < n;) {
      std::size_t end = begin + 1;
      while (end < n && ((cuts >> (end - 1)) & 1U) == 0) {
        ++end;
      }
      std::uint64_t all = 0;
      for (std::size_t i = begin; i < end; ++i) {
        all |= differences[i];
      }
      const auto width = static_cast<std::size_t>(64 - std::min(std::countl_zero(all), 31) - std::countr_zero(all));
      bits += 11 + (end - begin) * (2 + width);
      begin = end;
    }
    least = std::min(least, bits);
  }
  return least;
}

TEST_CASE("kOptimal finds the least number of bits", "[tsdb][xor]") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint64_t> differences;
    std::vector<double> value{1};
    for (int i = 0; i < 10; ++i) {
      const std::uint64_t ones = (random() >> (random() % 60)) | 1U;
      differences.push_back(ones << (random() % 20));
      value.push_back(std::bit_cast<double>(std::bit_cast<std::uint64_t>(value.back()) ^ differences.back()));
    }
    const std::string chunk = encode(every_15s(value), XorWindows::kOptimal);
    const std::size_t around = 16 + 48 + 64 + 16 + 9;  // count, t0, first value, first delta, nine times on time
    CHECK(chunk.size() == (around + least_bits(differences) + 7) / 8);
  }
}

TEST_CASE("a chunk that uses a window before opening one means 64 bits", "[tsdb][xor]") {
  // Second sample: delta 15000, `10` and all 64 bits of the difference to 1.0.
  const Columns got = decode(unhex("0002 80a0abfef962 3ff0000000000000 9875 9ff8000000000000 00"));
  CHECK(got.t_ms == std::vector<std::int64_t>{kT0, kT0 + 15'000});
  CHECK(std::bit_cast<std::uint64_t>(got.value.at(1)) == (0x3FF0000000000000U ^ 0x7FE0000000000000U));
}

TEST_CASE("bytes that are no chunk are damage, not samples", "[tsdb][xor]") {
  struct Case {
    std::string_view what;
    std::string_view hex;
    std::size_t samples;
  };
  constexpr Case kCases[] = {
      {"no count", "00", 0},
      {"nothing behind the count", "0001", 0},
      {"half a value", "0001 80a0abfef962 3ff00000", 0},
      {"a time of eleven bytes", "0001 8080808080808080808001 3ff0000000000000", 0},
      {"a time of more than 64 bits", "0001 80808080808080808002 3ff0000000000000", 0},
      {"one sample of two", "0002 80a0abfef962 3ff0000000000000", 1},
      {"a delta that does not end", "0002 80a0abfef962 3ff0000000000000 ffffffffffffffffffffff", 1},
      {"31 leading zeros and 40 bits", "0002 80a0abfef962 3ff0000000000000 9875 ff4000000000000000000000", 1},
      {"the same in a later sample", "0003 80a0abfef962 3ff0000000000000 9875 3fd0 00000000000000000000000000", 2},
      {"a third sample of one bit", "0009 80a0abfef962 3ff0000000000000 9875 00", 5},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.what);
    const std::string chunk = unhex(c.hex);
    XorReader reader(chunk);
    std::int64_t t_ms[16];
    double value[16];
    CHECK(reader.read(t_ms, value) == c.samples);
    CHECK(reader.damaged());
    CHECK(reader.read(t_ms, value) == 0);
  }
  const std::string no_samples = unhex("0000");
  XorReader empty(no_samples);
  std::int64_t t_ms[1];
  double value[1];
  CHECK(empty.read(t_ms, value) == 0);
  CHECK_FALSE(empty.damaged());
}

}  // namespace
}  // namespace mcore
