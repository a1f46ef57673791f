// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_index.h"

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/test_head.h"

namespace mcore {
namespace {

using Ids = std::vector<std::uint32_t>;

Matcher matcher(MatchType type, std::string name, std::string value) {
  return Matcher::make(type, std::move(name), std::move(value)).value();
}

/// Adds series i = first..end-1: node_i{i="i", mod="i%7", half="yes" for every second one}; then extends the index.
void add_series(HeadFiles& files, std::uint32_t first, std::uint32_t end, bool all) {
  HeadWriter head(files, HeadWriter::Mode::kShared);
  head.begin();
  LabelBuilder builder;
  for (std::uint32_t i = first; i < end; ++i) {
    const std::string number = std::to_string(i);
    const std::string mod = std::to_string(i % 7);
    builder.clear();
    builder.add("__name__", "node");
    builder.add("i", number);
    builder.add("mod", mod);
    builder.add("half", i % 2 == 0 ? "yes" : "");
    const LabelsView labels = builder.build();
    REQUIRE(head.add_series(labels, labels.hash(), head.next().next_ref) == i);
  }
  extend_index(files, head.next(), all);
  head.publish();
}

Ids ids_where(std::uint32_t end, const auto& is_it) {
  Ids ids;
  for (std::uint32_t i = 0; i < end; ++i) {
    if (is_it(i)) {
      ids.push_back(i);
    }
  }
  return ids;
}

TEST_CASE("series are found by every kind of matcher, in segments and in the tail", "[tsdb][head]") {
  constexpr std::uint32_t kEnd = 12'000;
  TestHead test;
  std::uint32_t first = 0;
  for (const std::uint32_t end : {10U, 1500U, 9000U, 11'500U, kEnd}) {
    add_series(test.files(), first, end, false);
    first = end;
  }
  const HeadCommit commit = test.files().published();
  REQUIRE(commit.indexed_series == 11'500);
  REQUIRE(commit.series_count == kEnd);

  struct Case {
    Selector selector;
    bool (*want)(std::uint32_t i);
  };
  using enum MatchType;
  const Case cases[] = {
      {{}, [](std::uint32_t) { return true; }},
      {{matcher(kEqual, "__name__", "node")}, [](std::uint32_t) { return true; }},
      {{matcher(kEqual, "i", "11999")}, [](std::uint32_t i) { return i == 11'999; }},
      {{matcher(kEqual, "i", "none")}, [](std::uint32_t) { return false; }},
      {{matcher(kEqual, "none", "x")}, [](std::uint32_t) { return false; }},
      {{matcher(kEqual, "none", "")}, [](std::uint32_t) { return true; }},
      {{matcher(kEqual, "mod", "3"), matcher(kEqual, "half", "yes")},
       [](std::uint32_t i) { return i % 7 == 3 && i % 2 == 0; }},
      {{matcher(kEqual, "half", "")}, [](std::uint32_t i) { return i % 2 == 1; }},
      {{matcher(kNotEqual, "half", "")}, [](std::uint32_t i) { return i % 2 == 0; }},
      {{matcher(kNotEqual, "mod", "0")}, [](std::uint32_t i) { return i % 7 != 0; }},
      {{matcher(kRegexp, "i", "11|1500|8999|11999|11999|none")},
       [](std::uint32_t i) { return i == 11 || i == 1500 || i == 8999 || i == 11'999; }},
      {{matcher(kRegexp, "half", "yes|")}, [](std::uint32_t) { return true; }},
      {{matcher(kRegexp, "half", "|no")}, [](std::uint32_t i) { return i % 2 == 1; }},
      {{matcher(kRegexp, "i", "1?0")}, [](std::uint32_t i) { return i == 0 || i == 10; }},
      {{matcher(kRegexp, "mod", "[12]"), matcher(kNotRegexp, "i", ".*[0-8]")},
       [](std::uint32_t i) { return (i % 7 == 1 || i % 7 == 2) && i % 10 == 9; }},
      {{matcher(kNotRegexp, "half", "y.*")}, [](std::uint32_t i) { return i % 2 == 1; }},
      {{matcher(kEqual, "i", "42"), matcher(kEqual, "half", "")}, [](std::uint32_t) { return false; }},
  };
  for (const Case& c : cases) {
    std::string name;
    for (const Matcher& one : c.selector) {
      name += one.text() + " ";
    }
    DYNAMIC_SECTION("{" << name << "}") {
      CHECK(select_ids(test.files(), commit, c.selector) == ids_where(kEnd, c.want));
    }
  }
}

TEST_CASE("the index grows by a tail's worth, and small segments join", "[tsdb][head]") {
  TestHead test;
  add_series(test.files(), 0, kIndexTail - 1, false);
  CHECK(test.files().published().segment_count == 0);
  add_series(test.files(), kIndexTail - 1, kIndexTail, false);
  CHECK(test.files().published().segment_count == 1);
  CHECK(test.files().published().indexed_series == kIndexTail);
  add_series(test.files(), kIndexTail, 2 * kIndexTail, false);
  CHECK(test.files().published().segment_count == 1);  // two of a size became one
  add_series(test.files(), 2 * kIndexTail, 3 * kIndexTail, false);
  CHECK(test.files().published().segment_count == 2);
  add_series(test.files(), 3 * kIndexTail, 3 * kIndexTail + 1, true);
  CHECK(test.files().published().indexed_series == 3 * kIndexTail + 1);
  add_series(test.files(), 3 * kIndexTail + 1, 3 * kIndexTail + 1, true);
  CHECK(test.files().published().segment_count == 3);
}

TEST_CASE("a reader at an older commit has the index as it was then", "[tsdb][head]") {
  TestHead test;
  add_series(test.files(), 0, 2000, true);
  const HeadCommit before = test.files().published();
  add_series(test.files(), 2000, 4000, true);
  const Selector selector = {matcher(MatchType::kEqual, "mod", "0")};
  const auto is_it = [](std::uint32_t i) { return i % 7 == 0; };
  CHECK(select_ids(test.files(), before, selector) == ids_where(2000, is_it));
  CHECK(select_ids(test.files(), test.files().published(), selector) == ids_where(4000, is_it));
}

TEST_CASE("a segment of a killed writer is written over", "[tsdb][head]") {
  TestHead test;
  add_series(test.files(), 0, 2000, true);
  {
    HeadWriter killed(test.files(), HeadWriter::Mode::kShared);
    killed.begin();
    for (int i = 0; i < 3000; ++i) {
      (void)head_series(killed, "killed_" + std::to_string(i));
    }
    extend_index(test.files(), killed.next(), true);
  }
  add_series(test.files(), 2000, 2100, true);
  const HeadCommit commit = test.files().published();
  CHECK(select_ids(test.files(), commit, {matcher(MatchType::kRegexp, "__name__", "killed.*")}).empty());
  CHECK(select_ids(test.files(), commit, {matcher(MatchType::kEqual, "i", "2099")}) == Ids{2099});
  CHECK(index_label_values(test.files(), commit, "__name__") == std::vector<std::string>{"node"});
}

TEST_CASE("label names and values are listed from segments and tail, sorted, each once", "[tsdb][head]") {
  using Words = std::vector<std::string>;
  TestHead test;
  add_series(test.files(), 0, 1, false);
  CHECK(index_label_names(test.files(), test.files().published()) == Words{"__name__", "half", "i", "mod"});
  add_series(test.files(), 1, 3000, true);
  add_series(test.files(), 3000, 3003, false);
  const HeadCommit commit = test.files().published();
  CHECK(index_label_names(test.files(), commit) == Words{"__name__", "half", "i", "mod"});
  CHECK(index_label_values(test.files(), commit, "half") == Words{"yes"});
  CHECK(index_label_values(test.files(), commit, "mod") == Words{"0", "1", "2", "3", "4", "5", "6"});
  CHECK(index_label_values(test.files(), commit, "i").size() == 3003);
  CHECK(index_label_values(test.files(), commit, "none").empty());
}

TEST_CASE("a series with very many labels, and many of one name, are indexed in time", "[tsdb][head]") {
  TestHead test;
  HeadWriter head(test.files(), HeadWriter::Mode::kShared);
  head.begin();
  std::vector<std::string> names;
  for (int i = 100'000; i < 200'000; ++i) {
    names.push_back("label_" + std::to_string(i));
  }
  LabelBuilder builder;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    builder.add(*name, "x");
  }
  const LabelsView labels = builder.build();
  (void)head.add_series(labels, labels.hash(), 1);
  extend_index(test.files(), head.next(), true);
  head.publish();
  const HeadCommit commit = test.files().published();
  CHECK(select_ids(test.files(), commit, {matcher(MatchType::kEqual, "label_100000", "x")}) == Ids{0});
  CHECK(index_label_names(test.files(), commit).size() == 100'000);
}

}  // namespace
}  // namespace mcore
