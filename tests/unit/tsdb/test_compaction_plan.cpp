// SPDX-License-Identifier: Apache-2.0
#include "tsdb/compaction_plan.h"

#include <fmt/format.h>

#include <limits>

#include "support/catch.h"

namespace mcore {
namespace {

constexpr std::int64_t kHour = 3'600'000;

/// A block as a word: `A0-2` holds hours 0 to 2. Behind it: `o` out-of-order hint, `s` stale, `e` selected, `f` failed,
/// `d` much is deleted, `D` something of each series.
BlockMeta meta_of(std::string_view word) {
  BlockMeta meta;
  meta.ulid = word.substr(0, 1);
  meta.sources = {meta.ulid};
  const std::size_t dash = word.find('-', 2);
  std::size_t used = 0;
  meta.min_t_ms = std::stoll(std::string(word.substr(1, dash - 1))) * kHour;
  meta.end_t_ms = std::stoll(std::string(word.substr(dash + 1)), &used) * kHour;
  meta.stats.series = 100;
  for (const char flag : word.substr(dash + 1 + used)) {
    switch (flag) {
      case 'o':
        meta.hints.emplace_back(kHintOutOfOrder);
        break;
      case 's':
        meta.hints.emplace_back(kHintStaleSeries);
        break;
      case 'e':
        meta.hints.emplace_back(kHintSelectedSeries);
        break;
      case 'f':
        meta.failed = true;
        break;
      default:
        meta.stats.tombstones = flag == 'd' ? 6 : 100;
    }
  }
  return meta;
}

std::vector<BlockMeta> metas_of(std::string_view words) {
  std::vector<BlockMeta> metas;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    metas.push_back(meta_of(words.substr(0, end)));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return metas;
}

struct Case {
  std::string_view what;
  std::string_view blocks;
  std::string_view want;
};
const Case kCases[] = {
    {"nothing", "", ""},
    {"one block", "A0-2", ""},
    {"two neighbours: more may come for their window", "A0-2 B2-4", ""},
    {"a window that is full, but its last block is the newest", "A0-2 B2-4 C4-6", ""},
    {"a full window and a newer block", "A0-2 B2-4 C4-6 D6-8", "range ABC"},
    {"the order of the list does not count", "D6-8 C4-6 A0-2 B2-4", "range ABC"},
    {"a window with a gap, full range", "A0-2 C4-6 D6-8", "range AC"},
    {"a window that is not full, before the newest but one", "A0-2 B2-4 D6-8 E8-10", "range AB"},
    {"a window that is not full, before the newest only", "A0-2 B2-4 D6-8", ""},
    {"windows lie on multiples of their range", "A2-4 B4-6 C6-8 D8-10 E10-12", "range AB"},
    {"a start inside of its range does not matter once later blocks stand", "A1-2 B2-4 C4-6 D6-8 E8-10", "range ABC"},
    {"a lone block in its window", "A0-2 D6-8 E8-10 F12-14 G14-16", "range DE"},
    {"windows before the epoch", "A-6--4 B-4--2 C-2-0 D0-2", "range ABC"},
    {"the next range", "A0-6 B6-12 C12-18 D18-20", "range ABC"},
    {"short ranges before long ones", "A0-6 B6-12 C12-18 D18-20 E20-22 F22-24 G24-26", "range DEF"},
    {"a block over a boundary is not joined", "A0-2 B2-7 C7-8 D8-10 E12-14 F14-16", "range CD"},
    {"a failed block holds up its window", "A0-2 B2-4f C4-6 D6-8", ""},
    {"but not others", "A0-2 B2-4f C4-6 D6-8 E8-10 F10-12 G12-14", "range DEF"},
    {"the longest range", "A0-486 B486-972 C972-1458 D1458-1460", ""},

    {"overlap", "A0-2 B1-3", "overlap AB"},
    {"overlap with the newest, before a full window", "A0-2 B2-4 C4-6 D5-7", "overlap CD"},
    {"ranges that touch do not overlap", "A0-2 B2-4", ""},
    {"a chain", "A0-2 B1-3 C2-5 D4-6 E6-8", "overlap ABCD"},
    {"the first of two chains", "A0-2 B1-2 C4-6 D5-6", "overlap AB"},
    {"a long block and short ones inside", "A0-18 B2-4 C6-8 D20-22", "overlap ABC"},
    {"equal starts: the lesser name first", "B0-2 A0-2", "overlap AB"},
    {"a failed block does not hold up the rest of a chain", "A0-2f B1-3 C2-4", "overlap BC"},
    {"a failed block alone with another", "A0-2f B1-3", ""},

    {"late samples in blocks of their own", "A0-2o B0-2 C2-4", "overlap AB"},
    {"of which one ends behind all blocks without a hint waits", "A0-2 B1-4o", ""},
    {"until a later block stands", "A0-2 B1-4o C4-6", "overlap AB"},
    {"hinted blocks among each other", "A0-2 B2-4o C3-5o", "overlap BC"},
    {"a window with a hinted block behind all others waits", "A0-2 B2-4o C4-6o D6-8o", ""},
    {"stale series beside the others", "A0-2 B0-2s C2-4 D2-4s", ""},
    {"which overlap among themselves", "A0-2 B0-2s C1-3s", "overlap BC"},
    {"which fill a window", "A0-2s B2-4s C4-6s D6-8s E0-8", "range ABC"},
    {"selected series likewise", "A0-2s B0-2e C1-3e D0-3", "overlap BC"},

    {"much deleted from a long block", "A0-54d B54-56", "tombstones A"},
    {"much deleted from the newest", "A0-2 B54-108d", ""},
    {"much deleted from a short block", "A0-2d B2-4", ""},
    {"all deleted from a short block", "A0-2D B2-4", "tombstones A"},
    {"a failed block", "A0-54df B54-56", ""},
    {"windows before deleted data", "A0-54d B54-56 C56-58 D58-60 E60-62", "range BCD"},
};

TEST_CASE("the next compaction is the one that a server would do", "[tsdb][compaction_plan]") {
  const auto ranges = compaction_ranges();
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.what << ": " << c.blocks) {
      const std::vector<BlockMeta> metas = metas_of(c.blocks);
      const auto step = plan_compaction(metas, ranges);
      std::string got;
      if (step) {
        got = std::string(compaction_reason_text(step->reason)) + ' ';
        for (const std::size_t i : step->blocks) {
          got += metas[i].ulid;
        }
      }
      CHECK(got == c.want);
    }
  }
}

TEST_CASE("ranges of blocks triple up to the longest", "[tsdb][compaction_plan]") {
  using std::chrono::hours;
  const auto in_hours = [](const std::vector<std::int64_t>& ranges) {
    std::string text;
    for (const std::int64_t range : ranges) {
      text += fmt::format("{} ", range / kHour);
    }
    return text;
  };
  CHECK(in_hours(compaction_ranges()) == "2 6 18 54 162 486 ");
  CHECK(in_hours(compaction_ranges(longest_block_ms(hours(24 * 15)))) == "2 6 18 ");
  CHECK(in_hours(compaction_ranges(longest_block_ms(hours(24 * 365 * 10)))) == "2 6 18 54 162 486 ");
  CHECK(in_hours(compaction_ranges(longest_block_ms(hours(1)))) == "2 ");
  CHECK(in_hours(compaction_ranges(longest_block_ms(hours(0)))) == "2 6 18 54 162 486 ");
}

TEST_CASE("compactions that feed each other are done in one go", "[tsdb][compaction_plan]") {
  const Case cases[] = {
      {"the next range too", "A0-2 B2-4 C4-6 D6-8 E8-10 F10-12 G12-14 H14-16 I16-18 J18-20", "ABCDEFGHI=0-18 "},
      {"not full yet", "A0-2 B2-4 C4-6 D6-8 E8-10 F10-12 G12-14", "ABC=0-6 DEF=6-12 "},
      {"an overlap inside of a window", "A0-2 B0-2 C2-4 D4-6 E6-8", "ABCD=0-6 "},
      {"an overlap apart from it", "A0-2 B2-4 C4-6 D6-8 E6-8", "DE=6-8 ABC=0-6 "},
      {"nothing", "A0-2", ""},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.what << ": " << c.blocks) {
      std::string text;
      for (const PlannedCompaction& planned : plan_compactions(metas_of(c.blocks), compaction_ranges())) {
        for (const BlockMeta& input : planned.inputs) {
          text += input.ulid;
        }
        text += fmt::format("={}-{} ", planned.result.min_t_ms / kHour, planned.result.end_t_ms / kHour);
      }
      CHECK(text == c.want);
    }
  }
}

TEST_CASE("a merged block says what it was made of", "[tsdb][compaction_plan]") {
  std::vector<BlockMeta> inputs = {meta_of("C0-2so"), meta_of("A1-4o")};
  inputs[0].level = 3;
  inputs[0].sources = {"X", "B"};
  inputs[0].hints.emplace_back("something");
  inputs[0].other = {{"thanos", "{}"}};
  const BlockMeta merged = merged_meta("M", inputs);
  CHECK(merged.ulid == "M");
  CHECK(merged.min_t_ms == 0);
  CHECK(merged.end_t_ms == 4 * kHour);
  CHECK(merged.level == 4);
  CHECK(merged.sources == std::vector<std::string>{"A", "B", "X"});
  CHECK(merged.parents == std::vector<BlockParent>{{"C", 0, 2 * kHour}, {"A", kHour, 4 * kHour}});
  CHECK(merged.hints == std::vector<std::string>{"from-out-of-order", "from-stale-series"});
  CHECK(merged.other.empty());
  inputs[1].hints.clear();
  CHECK(merged_meta("M", inputs).hints == std::vector<std::string>{"from-stale-series"});
}

TEST_CASE("no range in a meta.json upsets the plan", "[tsdb][compaction_plan]") {
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  std::vector<BlockMeta> metas = metas_of("A0-2 B2-4 C4-6 D6-8");
  metas[0].min_t_ms = kFirst;
  metas[3].min_t_ms = kLast - 1;
  metas[3].end_t_ms = kLast;
  CHECK_FALSE(plan_compaction(metas, compaction_ranges()).has_value());
  metas[0].end_t_ms = kLast;
  CHECK(plan_compaction(metas, compaction_ranges()).value().blocks == std::vector<std::size_t>{0, 1, 2, 3});
}

}  // namespace
}  // namespace mcore
