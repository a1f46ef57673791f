// SPDX-License-Identifier: Apache-2.0
#include "cli/data_options.h"

#include <optional>

#include "model/selector_text.h"
#include "support/catch.h"

namespace mcore {
namespace {

using Words = std::vector<std::string>;

/// A command that has all the groups.
struct Sample {
  OptionSet set;
  StoreOption store;
  MatchOption match;
  TimeOption time;
  ResultOption result;
  std::size_t limit = 0;
  Words operands;

  explicit Sample(const Words& words) {
    set.operands("SELECTOR", &operands, "");
    store.declare(set);
    match.declare(set);
    time.declare(set);
    result.declare(set);
    declare_limit(set, &limit);
    if (const std::optional<Error> wrong = set.parse(words)) {
      throw Error(*wrong);
    }
  }
};

TEST_CASE("the default store depends on the environment and the user", "[cli][data-options]") {
  CHECK(default_store({.mstore = "/m", .xdg_data_home = "/x", .home = "/h", .is_root = true}) == "/m");
  CHECK(default_store({.mstore = "", .xdg_data_home = "/x", .home = "/h", .is_root = true}) == "/var/lib/metricutils");
  CHECK(default_store({.mstore = "", .xdg_data_home = "/x", .home = "/h", .is_root = false}) == "/x/metricutils");
  CHECK(default_store({.mstore = "", .xdg_data_home = "x", .home = "/h", .is_root = false}) ==
        "/h/.local/share/metricutils");
  CHECK(default_store({.mstore = "", .xdg_data_home = "", .home = "/h", .is_root = false}) ==
        "/h/.local/share/metricutils");
  CHECK_THROWS_AS(default_store({}), Error);
}

struct OperandCase {
  std::string_view word;
  bool is_store;
};
constexpr OperandCase kOperands[] = {
    {"/data", true},       {"./data", true},        {"../data", true},   {"-", true},        {".", true},
    {"..", true},          {"http://p:9090", true}, {"https://p", true}, {"data", false},    {"up", false},
    {"{a=\"/b\"}", false}, {"job=/x", false},       {"", false},         {".hidden", false}, {"--", false},
};

TEST_CASE("an operand that can be no selector names the store", "[cli][data-options]") {
  for (const OperandCase& c : kOperands) {
    CAPTURE(c.word);
    CHECK(names_store(c.word) == c.is_store);
  }
}

TEST_CASE("the store is an option or an operand, but one", "[cli][data-options]") {
  Sample given({"-s", "/a", "up"});
  given.store.take_from(given.operands);
  CHECK(given.store.path() == "/a");
  CHECK(given.operands == Words{"up"});

  Sample operand({"up", "./data", "job=x"});
  operand.store.take_from(operand.operands);
  CHECK(operand.store.path() == "./data");
  CHECK(operand.operands == Words{"up", "job=x"});

  Sample any({"data"});
  any.store.take_from(any.operands, StoreOption::Operands::kAny);
  CHECK(any.store.path() == "data");
  CHECK(any.operands.empty());

  Sample both({"-s", "/a", "./b"});
  CHECK_THROWS_WITH(both.store.take_from(both.operands),
                    "store: \"./b\": one store at a time, and there is \"/a\" already");
  Sample two({"./a", "./b"});
  CHECK_THROWS_AS(two.store.take_from(two.operands), Error);
  Sample empty({""});
  CHECK_THROWS_AS(empty.store.take_from(empty.operands, StoreOption::Operands::kAny), Error);
  CHECK_FALSE(Sample({"up"}).store.is_given());
}

TEST_CASE("selectors come from --match and from operands", "[cli][data-options]") {
  const Sample sample({"up", "--match", "{job=\"a\"}", "job=b", "--match=x"});
  Words texts;
  for (const Selector& one : sample.match.selectors(sample.operands)) {
    texts.push_back(selector_text(one));
  }
  CHECK(texts == Words{"{job=\"a\"}", "x", "up", "{job=\"b\"}"});
  CHECK(Sample({}).match.selectors().empty());
  CHECK_THROWS_WITH(Sample({"--match", "up{"}).match.selectors(),
                    "parse selector: 'up{': column 4: expected a label name or '}', found the end");
}

constexpr std::int64_t kNow = 1'763'521'920'000;  // 2025-11-19T03:12:00Z
constexpr std::int64_t kMin = INT64_MIN;
constexpr std::int64_t kMax = INT64_MAX;

struct RangeCase {
  Words words;
  std::optional<TimeRange> want;  // nullopt: must be refused
};
const RangeCase kRanges[] = {
    {{}, TimeRange{kMin, kMax}},
    {{"--start", "-1h"}, TimeRange{kNow - 3'600'000, kMax}},
    {{"--end", "now"}, TimeRange{kMin, kNow}},
    {{"--start=2025-11-19", "--end=2025-11-19 03:12", "--utc"}, TimeRange{1'763'510'400'000, kNow}},
    {{"--last", "6h"}, TimeRange{kNow - 21'600'000, kNow}},
    {{"--last", "90"}, TimeRange{kNow - 90'000, kNow}},
    {{"--last", "0"}, TimeRange{kNow, kNow}},
    {{"--last", "1h", "--end", "-1h"}, TimeRange{kNow - 7'200'000, kNow - 3'600'000}},
    {{"--now", "1000", "--last", "1s"}, TimeRange{999'000, 1'000'000}},
    {{"--now", "-1h", "--end", "now"}, TimeRange{kMin, kNow - 3'600'000}},
    {{"--start", "now", "--end", "now"}, TimeRange{kNow, kNow}},
    {{"--start", "now", "--end", "-1ms"}, std::nullopt},
    {{"--start", "-1h", "--last", "1h"}, std::nullopt},
    {{"--start", "noon"}, std::nullopt},
    {{"--end", "6h"}, std::nullopt},
    {{"--last", "-6h"}, std::nullopt},
    {{"--now", "soon"}, std::nullopt},
};

TEST_CASE("times become a closed range", "[cli][data-options]") {
  const FixedClock clock(kNow);
  for (const RangeCase& c : kRanges) {
    const Sample sample(c.words);
    CAPTURE(c.words);
    if (c.want) {
      const TimeRange got = sample.time.range(clock);
      CHECK(got.min_t_ms == c.want->min_t_ms);
      CHECK(got.max_t_ms == c.want->max_t_ms);
    } else {
      CHECK_THROWS_AS(sample.time.range(clock), Error);
    }
  }
}

TEST_CASE("a time that is refused names its option", "[cli][data-options]") {
  const FixedClock clock(kNow);
  CHECK_THROWS_WITH(Sample({"--end", "2025-02-30"}).time.range(clock),
                    "option --end: \"2025-02-30\": there is no such day");
  CHECK_THROWS_WITH(Sample({"--last", "x"}).time.range(clock),
                    "option --last: \"x\": expected one like 1h30m, 250ms or seconds");
  CHECK_THROWS_WITH(Sample({"--now", "-x"}).time.now_ms(clock),
                    "option --now: \"-x\": expected a duration such as 6h, 1h30m or seconds behind the sign");
  CHECK_THROWS_WITH(Sample({"--start", "1", "--end", "0"}).time.range(clock),
                    "option --start: \"1\": 1970-01-01T00:00:01Z is after the end, 1970-01-01T00:00:00Z");
}

TEST_CASE("the format follows -o, else where the data goes", "[cli][data-options]") {
  Console io("test");
  CHECK(Sample({"-o", "jsonl"}).result.format(io) == "jsonl");
  CHECK(Sample({"-o", "out.md"}).result.format(io) == "markdown");
  CHECK(Sample({"-o", "out.jsonl"}).result.format(io) == "jsonl");
  if (!io.is_terminal()) {
    CHECK(Sample({}).result.format(io) == "tsv");
  }
  CHECK_THROWS_AS(Sample({"-o", "xml"}), Error);
  CHECK_FALSE(Sample({"--no-header"}).result.header());
  CHECK(Sample({"--human"}).result.human());
  CHECK(Sample({"-n", "7"}).limit == 7);
  CHECK(Sample({"-n7"}).limit == 7);
}

}  // namespace
}  // namespace mcore
