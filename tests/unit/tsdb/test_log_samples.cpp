// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_samples.h"

#include <bit>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "log_example.h"
#include "support/catch.h"
#include "support/hex_bytes.h"

namespace mcore {
namespace {

struct Want {
  std::uint64_t ref;
  std::int64_t t_ms;
  std::uint64_t bits;
};

void check_samples(std::span<const LogSample> got, const std::vector<Want>& want) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    CAPTURE(i);
    CHECK(got[i].ref == want[i].ref);
    CHECK(got[i].t_ms == want[i].t_ms);
    CHECK(std::bit_cast<std::uint64_t>(got[i].value) == want[i].bits);
  }
}

TEST_CASE("samples of a server's record are read and written", "[tsdb][log]") {
  const std::string record = log_example().substr(62, 63);
  SampleRecordDecoder decoder;
  REQUIRE(decoder.decode(log_record_type(record), log_record_body(record)));
  check_samples(decoder.samples(), {{1, 1700000000000, 0x3ff0000000000000},
                                    {1, 1700000015000, 0x3ff0000000000000},
                                    {1, 1700000030000, 0},
                                    {2, 1700000030001, 0x4004000000000000}});
  CHECK(decoder.start_t_ms().empty());
  SampleRecordWriter writer;
  for (const LogSample& sample : decoder.samples()) {
    writer.add(sample.ref, sample.t_ms, sample.value);
  }
  CHECK(writer.record() == record);
}

TEST_CASE("a staleness marker keeps its bits", "[tsdb][log]") {
  const std::string record = log_example().substr(473, 27);
  SampleRecordDecoder decoder;
  REQUIRE(decoder.decode(LogRecordType::kSamples, log_record_body(record)));
  check_samples(decoder.samples(), {{1, 1700000060000, 0x7ff0000000000002}});
}

TEST_CASE("samples with start times are read", "[tsdb][log]") {
  const std::string record = hex_bytes(
      "0b 02 80a0abfef962 b090abfef962 3ff0000000000000  00 b0ea01 01 4000000000000000"
      "   02 b0ea01 02e807 4008000000000000  02 b0ea01 00 4010000000000000");
  SampleRecordDecoder decoder;
  REQUIRE(log_record_type(record) == LogRecordType::kSamplesV2);
  REQUIRE(decoder.decode(LogRecordType::kSamplesV2, log_record_body(record)));
  check_samples(decoder.samples(), {{1, 1700000000000, 0x3ff0000000000000},
                                    {1, 1700000015000, 0x4000000000000000},
                                    {2, 1700000015000, 0x4008000000000000},
                                    {3, 1700000015000, 0x4010000000000000}});
  const std::vector<std::int64_t> starts(decoder.start_t_ms().begin(), decoder.start_t_ms().end());
  CHECK(starts == std::vector<std::int64_t>{1699999999000, 1699999999000, 1699999999500, 0});
  // A record of the other type after it has none of its start times.
  REQUIRE(decoder.decode(LogRecordType::kSamples, ""));
  CHECK(decoder.samples().empty());
  CHECK(decoder.start_t_ms().empty());
}

TEST_CASE("a record cut inside a sample gives those before it", "[tsdb][log]") {
  struct Case {
    LogRecordType type;
    std::string body;
    std::vector<std::size_t> ends;
  };
  const Case cases[] = {
      {LogRecordType::kSamples, log_example().substr(63, 62), {16, 26, 38, 50, 62}},
      {LogRecordType::kSamplesV2,
       hex_bytes("02 80a0abfef962 b090abfef962 3ff0000000000000 00 b0ea01 01 4000000000000000"),
       {0, 21, 34}},
  };
  for (const Case& c : cases) {
    for (std::size_t size = 1; size <= c.body.size(); ++size) {
      SampleRecordDecoder decoder;
      const bool whole = decoder.decode(c.type, std::string_view(c.body).substr(0, size));
      std::size_t before = 0;
      while (before + 1 < c.ends.size() && c.ends[before + 1] <= size) {
        ++before;
      }
      CAPTURE(static_cast<int>(c.type), size);
      CHECK(decoder.samples().size() == before);
      CHECK(whole == (c.ends[before] == size));
    }
  }
}

TEST_CASE("samples of any ref, time and value survive a record", "[tsdb][log]") {
  std::mt19937_64 random(7);
  SampleRecordDecoder decoder;
  for (int round = 0; round < 300; ++round) {
    SampleRecordWriter writer;
    std::vector<Want> want;
    for (std::uint64_t count = random() % 60; count > 0; --count) {
      // Of every magnitude, so that varints of all lengths occur.
      const std::uint64_t ref = random() >> (random() % 64);
      const std::int64_t t_ms = static_cast<std::int64_t>(random()) >> (random() % 64);
      want.push_back({ref, t_ms, random()});
      writer.add(ref, t_ms, std::bit_cast<double>(want.back().bits));
    }
    REQUIRE(writer.empty() == want.empty());
    REQUIRE(decoder.decode(LogRecordType::kSamples, log_record_body(writer.record())));
    check_samples(decoder.samples(), want);
  }
}

TEST_CASE("a varint of more than 64 bits is damage wherever it stands", "[tsdb][log]") {
  const std::string base = hex_bytes("0000000000000001 0000018bcfe56800");
  const std::string good = hex_bytes("00 00 3ff0000000000000");
  const std::string bad = hex_bytes("ffffffffffffffffff02 00 3ff0000000000000");
  const std::string longest = hex_bytes("ffffffffffffffffff01 80808080808080808001 3ff0000000000000");
  SampleRecordDecoder decoder;
  for (int behind = 0; behind < 6; ++behind) {
    std::string body = base + good;
    std::string fine = base + good + longest;
    body += bad;
    for (int i = 0; i < behind; ++i) {
      body += good;
      fine += good;
    }
    CAPTURE(behind);
    CHECK_FALSE(decoder.decode(LogRecordType::kSamples, body));
    CHECK(decoder.samples().size() == 1);
    CHECK(decoder.decode(LogRecordType::kSamples, fine));
    CHECK(decoder.samples().size() == static_cast<std::size_t>(2 + behind));
    CHECK(decoder.samples()[1].ref == 1 + (std::uint64_t{1} << 63U));
  }
}

}  // namespace
}  // namespace mcore
