// SPDX-License-Identifier: Apache-2.0
#include "cli/word_sorter.h"

#include "cli/suggest.h"
#include "support/catch.h"

namespace mcore {
namespace {

/// A command's options of every kind; `dash` lets operands start with a dash, `stop` ends options at the first operand.
struct Sample {
  OptionSet set;
  bool quiet = false;
  bool verbose = false;
  std::string store;
  std::string format = "table";
  std::string file;
  std::size_t limit = 0;
  std::chrono::milliseconds timeout{10'000};
  std::vector<std::string> labels;
  std::vector<std::string> operands;

  explicit Sample(bool dash = false, bool stop = false) {
    set.flag("-q,--quiet", &quiet, "");
    set.flag("-v,--verbose", &verbose, "");
    set.text("-s,--store", "DIR", &store, "");
    set.output(&format, &file, {{".csv", "csv"}}, {"table", "json", "csv"});
    set.count("--limit", "N", &limit, "");
    set.duration("-t,--timeout", &timeout, "");
    set.list("-l,--label", "K=V", &labels, "");
    set.operands("EXPR", &operands, "");
    if (dash) {
      set.operands_may_start_with_dash();
    }
    if (stop) {
      set.options_end_at_operand();
    }
  }
};

std::string sorted_text(const Sample& sample, const std::vector<std::string>& words) {
  const auto sorted = sort_words(sample.set, words);
  if (!sorted.ok()) {
    return sorted.error().what();
  }
  std::string out;
  for (const auto& [option, value] : sorted.value().options) {
    out += option->long_name() + (option->is_flag() ? "" : "=" + value) + " ";
  }
  out += "|";
  for (const std::string& operand : sorted.value().operands) {
    out += " " + operand;
  }
  return out;
}

struct Case {
  std::vector<std::string> words;
  std::string_view plain;
  std::string_view dash;  // where operands may start with a dash
};

TEST_CASE("options stand anywhere and take their values in every usual way", "[cli][words]") {
  const Case cases[] = {
      {{"a", "-q", "b"}, "--quiet | a b", "--quiet | a b"},
      {{"-s", "d", "--store=e", "--store", "f", "-sg"},
       "--store=d --store=e --store=f --store=g |",
       "--store=d --store=e --store=f | -sg"},
      {{"-qv"}, "--quiet --verbose |", "--quiet --verbose |"},
      {{"-ojson"}, "--format=json |", "--format=json |"},
      {{"-o", "-x"}, "--format=-x |", "--format=-x |"},
      {{"--", "-q", "--x"}, "| -q --x", "| -q --x"},
      {{"a", "--", "-q"}, "| a -q", "| a -q"},
      {{"-"}, "| -", "| -"},
      {{"--label=a=b"}, "--label=a=b |", "--label=a=b |"},
      {{"--store="}, "--store= |", "--store= |"},
      {{"-slots_in_use"}, "--store=lots_in_use |", "| -slots_in_use"},
      {{"-5"}, "unknown option \"-5\"", "| -5"},
      {{"-rate(x[5m])"}, "unknown option \"-rate(x[5m])\"", "| -rate(x[5m])"},
      {{"--quite"},
       "unknown option \"--quite\": did you mean --quiet?",
       "unknown option \"--quite\": did you mean --quiet?"},
      {{"--max-time", "3"},
       "unknown option \"--max-time\": here it is --timeout",
       "unknown option \"--max-time\": here it is --timeout"},
      {{"--quiet=1"}, "option --quiet: takes no value", "option --quiet: takes no value"},
      {{"--limit"}, "option --limit: needs a value: N", "option --limit: needs a value: N"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.words);
    CHECK(sorted_text(Sample(false), c.words) == c.plain);
    CHECK(sorted_text(Sample(true), c.words) == c.dash);
  }
}

TEST_CASE("options of a command that runs another end at its first operand", "[cli][words]") {
  CHECK(sorted_text(Sample(false, true), {"-q", "zstd", "-v", "--", "x"}) == "--quiet | zstd -v -- x");
  CHECK(sorted_text(Sample(false, true), {"--", "zstd", "-q"}) == "| zstd -q");
}

TEST_CASE("the first operand is found behind options and their values", "[cli][words]") {
  const Sample sample;
  CHECK(first_operand(sample.set, {"-s", "top", "labels"}) == 2);
  CHECK(first_operand(sample.set, {"--store=top", "-q", "x"}) == 2);
  CHECK(first_operand(sample.set, {"-q"}) == 1);
  CHECK(first_operand(sample.set, {"--", "labels"}) == 2);
}

TEST_CASE("values are read strictly", "[cli][words]") {
  struct ValueCase {
    std::vector<std::string> words;
    bool good;
  };
  const ValueCase cases[] = {
      {{"--limit", "010"}, true}, {{"--limit", ""}, false}, {{"--limit", "1_000"}, false}, {{"--limit", "-1"}, false},
      {{"-t", "1h30m"}, true},    {{"-t", "0.5"}, true},    {{"-t", "30m1h"}, false},      {{"-t", "5"}, true},
      {{"-t", "-5s"}, false},     {{"-o", "json"}, true},   {{"-o", "x.csv"}, true},       {{"-o", "x.png"}, false},
      {{"-o", "jsno"}, false},    {{"-l", "[a,b]"}, true},  {{"-t", "5x"}, false},         {{"-t", ""}, false},
  };
  for (const ValueCase& c : cases) {
    Sample sample;
    CAPTURE(c.words);
    CHECK(sample.set.parse(c.words).has_value() != c.good);
  }
  Sample sample;
  REQUIRE_FALSE(
      sample.set.parse({"--limit", "010", "-l", "[a,b]", "e1", "-l", "c", "e2", "-t", "250ms", "-o", "out.csv"}));
  CHECK(sample.limit == 10);
  CHECK(sample.labels == std::vector<std::string>{"[a,b]", "c"});
  CHECK(sample.operands == std::vector<std::string>{"e1", "e2"});
  CHECK(sample.timeout == std::chrono::milliseconds(250));
  CHECK(sample.format == "csv");
  CHECK(sample.file == "out.csv");
}

TEST_CASE("the nearest word is suggested, and none when all are far", "[cli][suggest]") {
  CHECK(nearest("chekc", {"get", "check"}) == "check");
  CHECK(nearest("gte", {"get", "check"}) == "get");
  CHECK(nearest("serve", {"get", "check"}).empty());
  CHECK(our_name_for("--storage.tsdb.path") == "--store");
  CHECK(our_name_for("--nothing").empty());
}

}  // namespace
}  // namespace mcore
