// SPDX-License-Identifier: Apache-2.0
#include "tsdb/histogram_chunk.h"

#include <cmath>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/hex.h"
#include "support/histogram_samples.h"
#include "tsdb/histogram_reader.h"

namespace mcore {
namespace {

constexpr std::int64_t kT0 = 1'700'000'000'000;

struct Sample {
  std::int64_t t_ms;
  Histogram histogram;
};

std::vector<Sample> decode(ChunkEncoding encoding, std::string_view chunk) {
  HistogramChunkReader reader(encoding, chunk);
  std::vector<Sample> samples;
  std::int64_t t_ms = 0;
  Histogram histogram;
  while (reader.next(t_ms, histogram)) {
    samples.push_back({t_ms, histogram});
  }
  CHECK((samples.size() == reader.sample_count() || reader.damaged()));
  return samples;
}

void check_same(const std::vector<Sample>& got, const std::vector<Sample>& want) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    CAPTURE(i);
    CHECK(got[i].t_ms == want[i].t_ms);
    CHECK(same_histogram(got[i].histogram, want[i].histogram));
  }
}

Histogram two_sided() {
  return {.schema = 1,
          .zero_threshold = 0.001,
          .zero_count = 2,
          .count = 9,
          .sum = 100.5,
          .positive_spans = {{0, 2}, {1, 2}},
          .negative_spans = {{0, 2}, {1, 2}},
          .positive_counts = {1, 2, 1, 1},
          .negative_counts = {1, 1, 0, 0}};
}

Histogram one_sided(double count, double sum, std::vector<double> buckets) {
  return {.schema = 1,
          .zero_threshold = 0.001,
          .zero_count = 2,
          .count = count,
          .sum = sum,
          .positive_spans = {{0, 2}, {1, 2}},
          .positive_counts = std::move(buckets)};
}

Histogram custom(double count, double sum, std::vector<double> buckets) {
  return {.schema = kCustomBucketsSchema,
          .count = count,
          .sum = sum,
          .positive_spans = {{0, 3}},
          .positive_counts = std::move(buckets),
          .custom_values = {0.1, 2.5}};
}

Histogram floats(double count, double sum, std::vector<double> buckets) {
  return {.is_float = true,
          .zero_threshold = 0x1p-128,
          .zero_count = 1.5,
          .count = count,
          .sum = sum,
          .positive_spans = {{-1, 2}},
          .positive_counts = std::move(buckets)};
}

struct Vector {
  std::string_view what;
  ChunkEncoding encoding;
  std::string_view hex;
  std::vector<Sample> samples;
  bool is_written;  // false: an encoding that we only read
};

std::vector<Vector> vectors() {
  const std::vector<Sample> three = {{kT0, one_sided(7, 100.5, {1, 2, 1, 1})},
                                     {kT0 + 15'000, one_sided(8, 110.5, {2, 2, 1, 1})},
                                     {kT0 + 30'000, one_sided(9, 111.5, {2, 3, 1, 1})}};
  return {
      {"integer, then stale",
       ChunkEncoding::kHistogram,
       "0002 00 ff3f50624dd2f1a9fc 8ca4946524a3fc0003179fcc2f91899202c90000000000046374577c57e418bdfea4800000000008",
       {{kT0 + 45'000, two_sided()}, {kT0 + 90'000, stale_histogram()}},
       true},
      {"custom bounds",
       ChunkEncoding::kHistogram,
       "0002 00 00 ee5c664b8cbe9c5fe00018bcfe617c8b900d6000000000002327c1d4c45b82e370",
       {{kT0 + 45'000, custom(7, 21.5, {1, 3, 3})}, {kT0 + 60'000, custom(8, 22.5, {2, 3, 3})}},
       true},
      {"float",
       ChunkEncoding::kFloatHistogram,
       "0002 00 74 46577f0000c5e7f30be420128000000000001ffc0000000000002020500"
       "0000000002008000000000000200a0000000000007c1d4c6e06de17b418",
       {{kT0 + 45'000, floats(10.5, 33.25, {4, 5})}, {kT0 + 60'000, floats(11.5, 34.25, {5, 5})}},
       true},
      {"three integer samples", ChunkEncoding::kHistogram,
       "0003 00 ff3f50624dd2f1a9fc 8ca4945fc0003179fcad00179202c90000000000046377c1d4c45b83b1b83883bcae", three, true},
      {"the same with start timestamps", ChunkEncoding::kHistogramSt,
       "0003 82 ff3f50624dd2f1a9fc 8ca4945fc0003179fcad00179202c90000000000046376807fc1d4c45b83b1b83883bcaef60c00",
       three, false},
  };
}

TEST_CASE("histogram chunks of a server are read", "[tsdb][histogram_chunk]") {
  for (const Vector& v : vectors()) {
    DYNAMIC_SECTION(v.what) {
      check_same(decode(v.encoding, unhex(v.hex)), v.samples);
    }
  }
}

TEST_CASE("histogram chunks are written as a server writes them", "[tsdb][histogram_chunk]") {
  for (const Vector& v : vectors()) {
    if (v.is_written) {
      DYNAMIC_SECTION(v.what) {
        HistogramChunkWriter writer;
        for (const Sample& s : v.samples) {
          REQUIRE(writer.append(s.t_ms, s.histogram));
        }
        CHECK(to_hex(writer.finish()) == to_hex(unhex(v.hex)));
        CHECK(writer.encoding() == v.encoding);
        CHECK(writer.sample_count() == v.samples.size());
        CHECK(writer.size() == writer.finish().size());
      }
    }
  }
}

TEST_CASE("start timestamps of histograms are offered", "[tsdb][histogram_chunk]") {
  const std::string chunk = unhex(
      "0003 82 ff3f50624dd2f1a9fc 8ca4945fc0003179fcad00179202c90000000000046376807fc1d4c45b83b1b83883bcaef60c00");
  HistogramChunkReader reader(ChunkEncoding::kHistogramSt, chunk);
  std::int64_t t_ms = 0;
  Histogram histogram;
  for (const std::int64_t want : {kT0 - 1000, kT0 - 1000, kT0 + 16'000}) {
    REQUIRE(reader.next(t_ms, histogram));
    CHECK(reader.start_t_ms() == want);
  }
}

TEST_CASE("a chunk with start timestamps counts to 16383", "[tsdb][histogram_chunk]") {
  CHECK(HistogramChunkReader(ChunkEncoding::kHistogramSt, unhex("ffff 00 00")).sample_count() == 16'383);
  CHECK(HistogramChunkReader(ChunkEncoding::kHistogramSt, unhex("ffff 00 00")).header_hint() ==
        CounterResetHint::kGauge);
  CHECK(HistogramChunkReader(ChunkEncoding::kHistogram, unhex("ffff 80 00")).sample_count() == 65'535);
  CHECK(HistogramChunkReader(ChunkEncoding::kHistogram, unhex("ffff 80 00")).header_hint() == CounterResetHint::kReset);
}

TEST_CASE("hints of samples come from the header only for gauges", "[tsdb][histogram_chunk]") {
  using enum CounterResetHint;
  struct Case {
    CounterResetHint cleared;  // as what the writer was cleared
    CounterResetHint sample;   // hint of the samples
    CounterResetHint header;
    CounterResetHint first;
    CounterResetHint later;
  };
  constexpr Case kCases[] = {
      {kUnknown, kUnknown, kUnknown, kUnknown, kNotReset},
      {kReset, kUnknown, kReset, kUnknown, kNotReset},
      {kNotReset, kNotReset, kNotReset, kUnknown, kNotReset},
      {kUnknown, kGauge, kGauge, kGauge, kGauge},
      {kReset, kGauge, kGauge, kGauge, kGauge},
  };
  for (const Case& c : kCases) {
    HistogramChunkWriter writer;
    writer.clear(c.cleared);
    Histogram h = two_sided();
    h.hint = c.sample;
    REQUIRE(writer.append(kT0, h));
    REQUIRE(writer.append(kT0 + 1, h));
    const std::string chunk(writer.finish());
    CHECK(HistogramChunkReader(writer.encoding(), chunk).header_hint() == c.header);
    const std::vector<Sample> got = decode(writer.encoding(), chunk);
    REQUIRE(got.size() == 2);
    CHECK(got[0].histogram.hint == c.first);
    CHECK(got[1].histogram.hint == c.later);
  }
}

TEST_CASE("what cannot share a chunk is refused", "[tsdb][histogram_chunk]") {
  struct Case {
    std::string_view what;
    void (*change)(Histogram&);
    bool reset;
  };
  constexpr Case kCases[] = {
      {"float", [](Histogram& h) { h.is_float = true; }, false},
      {"gauge", [](Histogram& h) { h.hint = CounterResetHint::kGauge; }, false},
      {"schema", [](Histogram& h) { h.schema = 2; }, false},
      {"zero threshold", [](Histogram& h) { h.zero_threshold = 0.002; }, false},
      {"custom bounds", [](Histogram& h) { h.custom_values = {1}; }, false},
      {"count drops", [](Histogram& h) { h.count = 8; }, true},
      {"zero count drops", [](Histogram& h) { h.zero_count = 1; }, true},
      {"bucket drops", [](Histogram& h) { h.positive_counts[1] = 1; }, true},
      {"negative bucket drops", [](Histogram& h) { h.negative_counts[0] = 0; }, true},
      {"bucket is gone",
       [](Histogram& h) {
         h.positive_spans = {{0, 2}, {1, 1}};
         h.positive_counts.pop_back();
       },
       true},
      {"sample says so", [](Histogram& h) { h.hint = CounterResetHint::kReset; }, true},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.what) {
      HistogramChunkWriter writer;
      REQUIRE(writer.append(kT0, two_sided()));
      const std::string before(writer.finish());
      Histogram next = two_sided();
      c.change(next);
      CHECK_FALSE(writer.append(kT0 + 1, next));
      CHECK(writer.saw_reset() == c.reset);
      CHECK(writer.finish() == before);
      CHECK(writer.append(kT0 + 1, two_sided()));
    }
  }
}

TEST_CASE("after a stale marker only stale markers follow in a chunk", "[tsdb][histogram_chunk]") {
  HistogramChunkWriter writer;
  REQUIRE(writer.append(kT0, two_sided()));
  REQUIRE(writer.append(kT0 + 1, stale_histogram()));
  REQUIRE(writer.append(kT0 + 2, stale_histogram()));
  CHECK_FALSE(writer.append(kT0 + 3, two_sided()));
  check_same(decode(writer.encoding(), writer.finish()),
             {{kT0, two_sided()}, {kT0 + 1, stale_histogram()}, {kT0 + 2, stale_histogram()}});

  for (const bool is_float : {false, true}) {
    writer.clear();
    REQUIRE(writer.append(kT0, stale_histogram(is_float)));
    REQUIRE(writer.append(kT0 + 1, stale_histogram(is_float)));
    check_same(decode(writer.encoding(), writer.finish()),
               {{kT0, stale_histogram(is_float)}, {kT0 + 1, stale_histogram(is_float)}});
  }
  writer.clear();
  REQUIRE(writer.append(kT0, floats(10.5, 33.25, {4, 5})));
  REQUIRE(writer.append(kT0 + 1, stale_histogram(true)));
  check_same(decode(writer.encoding(), writer.finish()),
             {{kT0, floats(10.5, 33.25, {4, 5})}, {kT0 + 1, stale_histogram(true)}});
}

TEST_CASE("new buckets widen the chunk, missing empty ones are filled in", "[tsdb][histogram_chunk]") {
  for (const bool is_float : {false, true}) {
    HistogramChunkWriter writer;
    Histogram first = one_sided(5, 1, {0, 2, 0, 1});
    first.is_float = is_float;
    Histogram wider = first;
    wider.count = 9;
    wider.positive_spans = {{-2, 1}, {2, 1}, {0, 1}, {1, 1}};  // indexes -2, 1, 2, 4
    wider.positive_counts = {1, 2, 3, 1};
    wider.negative_spans = {{7, 1}};
    wider.negative_counts = {1};
    REQUIRE(writer.append(kT0, first));
    REQUIRE(writer.append(kT0 + 15'000, wider));
    REQUIRE(writer.append(kT0 + 30'000, wider));

    const std::vector<HistogramSpan> spans = {{-2, 1}, {1, 5}};  // indexes -2, 0 to 4
    first.positive_spans = spans;
    first.positive_counts = {0, 0, 2, 0, 0, 1};
    first.negative_spans = {{7, 1}};
    first.negative_counts = {0};
    wider.positive_spans = spans;
    wider.positive_counts = {1, 0, 2, 3, 0, 1};
    check_same(decode(writer.encoding(), writer.finish()),
               {{kT0, first}, {kT0 + 15'000, wider}, {kT0 + 30'000, wider}});
  }
}

TEST_CASE("buckets of a gauge may shrink and vanish", "[tsdb][histogram_chunk]") {
  Histogram first = two_sided();
  first.hint = CounterResetHint::kGauge;
  Histogram smaller = first;
  smaller.count = 1;
  smaller.zero_count = 0;
  smaller.positive_spans = {{1, 1}};
  smaller.positive_counts = {1};
  smaller.negative_spans = {};
  smaller.negative_counts = {};
  HistogramChunkWriter writer;
  REQUIRE(writer.append(kT0, first));
  REQUIRE(writer.append(kT0 + 1, smaller));
  smaller.positive_spans = first.positive_spans;
  smaller.positive_counts = {0, 1, 0, 0};
  smaller.negative_spans = first.negative_spans;
  smaller.negative_counts = {0, 0, 0, 0};
  check_same(decode(writer.encoding(), writer.finish()), {{kT0, first}, {kT0 + 1, smaller}});
}

TEST_CASE("layouts of every shape come back", "[tsdb][histogram_chunk]") {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double threshold : {0.0, 0x1p-243, 0x1p-244, 0x1p10, 0x1p11, 1.0, 0.3, 1e-300, infinity, -1.0, -0.0}) {
    Histogram h = two_sided();
    h.zero_threshold = threshold;
    HistogramChunkWriter writer;
    REQUIRE(writer.append(kT0, h));
    check_same(decode(writer.encoding(), writer.finish()), {{kT0, h}});
  }
  Histogram h = custom(6, 1, {1, 5});
  h.positive_spans = {{3, 1}, {2, 1}};
  h.custom_values = {-1.5, -0.0, 0.001, 0.0011, 1.0 / 3, 33'554.43, 33'554.431, 1e300};
  HistogramChunkWriter writer;
  REQUIRE(writer.append(kT0, h));
  check_same(decode(writer.encoding(), writer.finish()), {{kT0, h}});
}

TEST_CASE("schemas up to 52 are read and reduced to 8", "[tsdb][histogram_chunk]") {
  HistogramChunkWriter writer;
  Histogram h{.schema = 10, .count = 3, .positive_spans = {{1, 2}, {3, 1}}, .positive_counts = {1, 1, 1}};
  REQUIRE(writer.append(kT0, h));
  const Histogram want{.schema = 8, .count = 3, .positive_spans = {{1, 2}}, .positive_counts = {2, 1}};
  check_same(decode(writer.encoding(), writer.finish()), {{kT0, want}});
  for (const std::int32_t schema : {-10, -54, 53}) {
    h.schema = schema;
    writer.clear();
    REQUIRE(writer.append(kT0, h));
    CHECK(decode(writer.encoding(), writer.finish()).empty());
  }
}

TEST_CASE("random histograms come back bit by bit", "[tsdb][histogram_chunk]") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 60; ++round) {
    const bool is_float = round % 2 == 0;
    HistogramChunkWriter writer;
    std::vector<Sample> want;
    Histogram h = two_sided();
    h.is_float = is_float;
    std::int64_t t = kT0;
    for (int i = 0; i < 50; ++i) {
      REQUIRE(writer.append(t, h));
      want.push_back({t, h});
      t += 15'000 + static_cast<std::int64_t>(random() >> (random() % 20 + 40));
      h.sum += static_cast<double>(random() % 1000) / 7;
      for (std::vector<double>* side : {&h.positive_counts, &h.negative_counts}) {
        for (double& count : *side) {
          const double more = static_cast<double>(random() >> (12 + random() % 52)) / (is_float ? 3 : 1);
          count += more > 0x1p45 ? 0 : std::floor(more * (is_float ? 8 : 1)) / (is_float ? 8 : 1);
        }
      }
      h.count += static_cast<double>(random() % 100);
    }
    check_same(decode(writer.encoding(), writer.finish()), want);
  }
}

TEST_CASE("a histogram chunk cut anywhere yields its first samples and is damaged", "[tsdb][histogram_chunk]") {
  for (const Vector& v : vectors()) {
    const std::string whole = unhex(v.hex);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(v.what, size);
      const std::vector<Sample> got = decode(v.encoding, std::string(whole, 0, size));
      CHECK(got.size() < v.samples.size());
      check_same(got, {v.samples.begin(), v.samples.begin() + static_cast<std::ptrdiff_t>(got.size())});
    }
  }
}

TEST_CASE("layouts that lie are damage", "[tsdb][histogram_chunk]") {
  struct Case {
    std::string_view what;
    HistogramLayout layout;
  };
  const std::uint32_t many = 2'000'000'000;
  const Case cases[] = {
      {"more buckets than bits", {.positive_spans = {{0, many}}}},
      {"two spans of them", {.positive_spans = {{0, many}, {0, many}}}},
      {"a span that goes back", {.positive_spans = {{0, 2}, {-1, 1}}}},
      {"an index beyond 32 bits", {.positive_spans = {{2'147'483'647, 1}}}},
      {"a bucket behind the bounds", {.schema = -53, .positive_spans = {{0, 3}}, .custom_values = {1}}},
      {"a bucket before the bounds", {.schema = -53, .positive_spans = {{-1, 1}}, .custom_values = {1}}},
      {"a negative side beside bounds", {.schema = -53, .negative_spans = {{0, 1}}, .custom_values = {1}}},
      {"bounds that descend", {.schema = -53, .custom_values = {2, 1}}},
      {"a bound that is infinite", {.schema = -53, .custom_values = {std::numeric_limits<double>::infinity()}}},
      {"samples of half a gigabyte", {.positive_spans = std::vector<HistogramSpan>(1024)}},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.what) {
      std::string chunk = unhex("ffff 00");
      chunk.resize((write_histogram_layout(c.layout, chunk, 24) + 7) / 8 + 64);
      HistogramChunkReader reader(ChunkEncoding::kHistogram, chunk);
      std::int64_t t_ms = 0;
      Histogram histogram;
      CHECK(reader.damaged());
      CHECK_FALSE(reader.next(t_ms, histogram));
    }
  }
}

}  // namespace
}  // namespace mcore
