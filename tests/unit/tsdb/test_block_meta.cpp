// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_meta.h"

#include "base/error.h"
#include "support/catch.h"
#include "support/conformance.h"

namespace mcore {
namespace {

constexpr std::string_view kMerged = R"({
	"ulid": "01M81GE5KZFZEXV7CXR2B7D62G",
	"minTime": 1704067200000,
	"maxTime": 1704110400000,
	"stats": {
		"numSamples": 40814,
		"numFloatSamples": 40000,
		"numHistogramSamples": 814,
		"numSeries": 59,
		"numChunks": 442,
		"numTombstones": 2
	},
	"compaction": {
		"level": 3,
		"sources": [
			"01M81GE1D6BZ01MSTJWYSW4HN6",
			"01M81GE20G51BM26T8FRZEJRDD"
		],
		"deletable": true,
		"parents": [
			{
				"ulid": "01M81GE37EPN8KTRJ2820G5PE5",
				"minTime": 1704067200000,
				"maxTime": 1704088800000
			},
			{
				"ulid": "01M81GE51DJ6E566RYKMTRG6TC",
				"minTime": -5,
				"maxTime": 1704110400000
			}
		],
		"failed": true,
		"hints": [
			"from-out-of-order"
		]
	},
	"version": 1
})";

TEST_CASE("every key of a meta.json is read and written as a server does", "[tsdb][block_meta]") {
  const BlockMeta meta = parse_block_meta("meta.json", kMerged);
  CHECK(meta.ulid == "01M81GE5KZFZEXV7CXR2B7D62G");
  CHECK(meta.min_t_ms == 1'704'067'200'000);
  CHECK(meta.end_t_ms == 1'704'110'400'000);
  CHECK(meta.stats == BlockStats{40'814, 40'000, 814, 59, 442, 2});
  CHECK(meta.level == 3);
  CHECK(meta.sources == std::vector<std::string>{"01M81GE1D6BZ01MSTJWYSW4HN6", "01M81GE20G51BM26T8FRZEJRDD"});
  REQUIRE(meta.parents.size() == 2);
  CHECK(meta.parents[1] == BlockParent{"01M81GE51DJ6E566RYKMTRG6TC", -5, 1'704'110'400'000});
  CHECK(meta.deletable);
  CHECK(meta.failed);
  CHECK(meta.has_hint(kHintOutOfOrder));
  CHECK_FALSE(meta.raises_min_valid());
  CHECK(block_meta_text(meta) == kMerged);
}

TEST_CASE("what is zero or empty is left out of a written meta.json", "[tsdb][block_meta]") {
  BlockMeta meta;
  meta.ulid = "01M81G9T0P5FDDK9NHG2YTMTE1";
  meta.end_t_ms = 7'200'000;
  CHECK(block_meta_text(meta) == R"({
	"ulid": "01M81G9T0P5FDDK9NHG2YTMTE1",
	"minTime": 0,
	"maxTime": 7200000,
	"stats": {},
	"compaction": {
		"level": 1
	},
	"version": 1
})");
  CHECK(meta.raises_min_valid());
}

TEST_CASE("Thanos' section and unknown keys survive a rewrite where they were", "[tsdb][block_meta]") {
  constexpr std::string_view kText =
      R"({"version":1,"ulid":"01M81G9T0P5FDDK9NHG2YTMTE1","minTime":1,"maxTime":2,)"
      R"("stats":{"numSamples":9,"numBytes":77},"compaction":{"level":1,"future":[1,2.5]},)"
      R"("thanos":{"version":1,"labels":{"cluster":"a\"b"},"downsample":{"resolution":0},"source":"sidecar"},"x":null})";
  const BlockMeta meta = parse_block_meta("meta.json", kText);
  CHECK(meta.other ==
        JsonMembers{{R"("thanos")",
                     R"({"version":1,"labels":{"cluster":"a\"b"},"downsample":{"resolution":0},"source":"sidecar"})"}});
  CHECK(meta.other_stats == JsonMembers{{R"("numBytes")", "77"}});
  CHECK(meta.other_compaction == JsonMembers{{R"("future")", "[1,2.5]"}});
  CHECK(parse_block_meta("meta.json", block_meta_text(meta)) == meta);
}

TEST_CASE("a meta.json that cannot be used is refused with the reason", "[tsdb][block_meta]") {
  struct Case {
    std::string text;
    std::string_view why;
  };
  const std::string head = R"({"version":1,"ulid":"01M81G9T0P5FDDK9NHG2YTMTE1",)";
  const Case cases[] = {
      {"", "the file is empty"},
      {" \n", "the file is empty"},
      {std::string(kMerged.substr(0, 100)), "no JSON, at byte 100"},
      {"[1]", "the file must be an object"},
      {R"({"ulid":"01M81G9T0P5FDDK9NHG2YTMTE1"})", "version 0, want 1"},
      {R"({"version":3,"ulid":"01M81G9T0P5FDDK9NHG2YTMTE1"})", "version 3, want 1"},
      {R"({"version":1})", "ulid must be there"},
      {R"({"version":1,"ulid":"short"})", "ulid must be a ULID of 26 characters"},
      {head + R"("minTime":1.5})", "minTime must be a whole number of 64 bits"},
      {head + R"("minTime":9223372036854775808})", "minTime must be a whole number of 64 bits"},
      {head + R"("maxTime":"1"})", "maxTime must be a whole number of 64 bits"},
      {head + R"("stats":{"numSamples":-1}})", "stats.numSamples must be a whole number, 0 or above"},
      {head + R"("stats":[]})", "stats must be an object"},
      {head + R"("compaction":{"sources":[5]}})", "compaction.sources must be a string"},
      {head + R"("compaction":{"failed":1}})", "compaction.failed must be true or false"},
      {head + R"("compaction":{"parents":[{"minTime":1}]}})", "compaction.parents.ulid must be there"},
      {head + R"("maxTime":1e999})", "a number beyond the largest there is"},
      {std::string(100'000, '['), "more than 64 brackets deep, or more than 20000 keys"},
      {std::string(20'001, ':'), "more than 64 brackets deep, or more than 20000 keys"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text.substr(0, 100));
    try {
      (void)parse_block_meta("b/meta.json", c.text);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kCorrupt);
      CHECK(error.where() == "b/meta.json");
      CHECK(error.why() == c.why);
    }
  }
}

TEST_CASE("a meta.json of version 2, a bug of servers 2.1, is read", "[tsdb][block_meta]") {
  CHECK(parse_block_meta("m", R"({"version":2,"ulid":"01M81G9T0P5FDDK9NHG2YTMTE1"})").version == 2);
}

TEST_CASE("each recorded meta.json is written again byte for byte", "[tsdb][block_meta][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no conformance data");
    return;
  }
  int found = 0;
  for (const std::string store : {"main", "small", "backfill", "overlap", "wal-zstd"}) {
    for (const auto& entry : std::filesystem::directory_iterator(*folder / "tsdb" / store / "data")) {
      const auto path = entry.path() / "meta.json";
      if (std::filesystem::exists(path)) {
        const std::string text = read_test_file(path);
        CAPTURE(path);
        CHECK(block_meta_text(parse_block_meta(path.string(), text)) == text);
        ++found;
      }
    }
  }
  CHECK(found == 19);
}

}  // namespace
}  // namespace mcore
