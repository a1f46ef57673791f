// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_querier.h"

#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "support/catch.h"
#include "support/test_head.h"

namespace mcore {
namespace {

constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

Matcher matcher(MatchType type, std::string name, std::string value) {
  return Matcher::make(type, std::move(name), std::move(value)).value();
}

template <typename Work>
void commit(HeadFiles& files, const Work& work) {
  HeadWriter head(files, HeadWriter::Mode::kShared);
  head.begin();
  work(head);
  head.publish();
}

std::uint32_t add(HeadWriter& head, std::initializer_list<Label> labels) {
  const LabelSet set = test_label_set(labels);
  return head.add_series(set.view(), set.view().hash(), head.next().next_ref);
}

TEST_CASE("a querier gives the samples whose times are in the range, both ends included", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    const std::uint32_t id = head_series(head, "a");
    for (int i = 0; i < 2000; ++i) {
      head.append(id, i * 10, i % 7);
    }
    head.append(id, 20'000, test_histogram(1));
    head.append(id, 20'010, test_histogram(2));
  });
  struct Case {
    TimeRange range;
    std::string_view want;
  };
  const Case cases[] = {
      {{10'000, 10'020}, "a 10000=6 10010=0 10020=1; "},
      {{10'001, 10'019}, "a 10010=0; "},
      {{10'001, 10'009}, ""},
      {{-100, 5}, "a 0=0; "},
      {{-100, -1}, ""},
      {{19'985, 20'005}, "a 19990=4 20000=h1; "},
      {{20'010, kLast}, "a 20010=h2; "},
      {{20'011, kLast}, ""},
      {{10, 0}, ""},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.range.min_t_ms << " to " << c.range.max_t_ms) {
      CHECK(test.text(c.range) == c.want);
    }
  }
  CHECK(test.text().starts_with("a 0=0 10=1 20=2 "));
}

TEST_CASE("in-order samples before a time can be left out, late ones cannot", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    const std::uint32_t id = head_series(head, "a");
    head.append(id, 1000, 1);
    head.append(id, 2000, 2);
    head.append_late(id, 500, 3);
    head.append(head_series(head, "gone"), 1999, 4);
  });
  HeadQuerier querier(test.files(), 2000);
  CHECK(querier_text(querier) == "a 500=3 2000=2; ");
}

TEST_CASE("a late sample displaces the one in order at its time, as in a server", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    const std::uint32_t id = head_series(head, "a");
    head.append(id, 1000, 1);
    head.append(id, 2000, 2);
    head.append_late(id, 1000, 3);
  });
  CHECK(test.text() == "a 1000=3 2000=2; ");
}

TEST_CASE("deleted times are left out, for the series they were deleted from", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    for (const char* const name : {"a", "b"}) {
      const std::uint32_t id = head_series(head, name);
      for (int i = 1; i < 6; ++i) {
        head.append(id, i * 1000, i);
      }
      head.append_late(id, 500, 0);
      head.append(id, 6000, test_histogram(6));
    }
    head.set_tombstones({{.series = 0, .min_t_ms = 500, .max_t_ms = 1000},
                         {.series = 0, .min_t_ms = 3000, .max_t_ms = 4000},
                         {.series = 0, .min_t_ms = 6000, .max_t_ms = kLast}});
  });
  CHECK(test.text() == "a 2000=2 5000=5; b 500=0 1000=1 2000=2 3000=3 4000=4 5000=5 6000=h6; ");
}

TEST_CASE("a label set that left and came back is one series", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    head.append(head_series(head, "b"), 1000, 1);
    head.append(head_series(head, "a"), 1000, 2);
    head.append_late(0, 500, 1);
  });
  commit(test.files(), [](HeadWriter& head) {
    head.next().retired_t_ms = 2000;
    head.next().retired_commit = 2;
  });
  commit(test.files(), [](HeadWriter& head) {
    CHECK(head_series(head, "b") == 2);
    head.append(2, 3000, 3);
    head.append_late(2, 500, 9);
  });
  CHECK(test.text() == "a 1000=2; b 500=1 1000=1 3000=3; ");
  HeadQuerier querier(test.files(), kNoTime);
  CHECK(querier.label_values("__name__", {}, {}) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a querier keeps to its commit while one newer is published", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    head.append(head_series(head, "a"), 1000, 1);
    head.append(head_series(head, "b"), 1000, 1);
  });
  HeadFiles mapped = test.open(false);
  HeadQuerier querier(mapped, kNoTime);
  commit(test.files(), [](HeadWriter& head) {
    head.append(0, 2000, 2);
    head.append(head_series(head, "c"), 2000, 2);
  });
  CHECK(querier_text(querier) == "a 1000=1; b 1000=1; ");
  CHECK(querier.commit().number == 2);
}

TEST_CASE("a querier moves on to the newest commit where a series was changed twice", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    head.append(head_series(head, "a"), 1000, 1);
    head.append(head_series(head, "b"), 1000, 1);
  });
  HeadFiles mapped = test.open(false);
  HeadQuerier querier(mapped, kNoTime);
  for (int i = 2; i < 4; ++i) {
    commit(test.files(), [&](HeadWriter& head) {
      head.append(0, i * 1000, i);
      head.append(head_series(head, fmt::format("new_{}", i)), i * 1000, i);
    });
  }
  const std::vector<Selector> only_b = {{matcher(MatchType::kEqual, "__name__", "b")}};
  CHECK(series_text(*querier.select(only_b, {})) == "b 1000=1; ");
  CHECK(querier.commit().number == 2);
  CHECK(querier_text(querier) == "a 1000=1 2000=2 3000=3; b 1000=1; new_2 2000=2; new_3 3000=3; ");
  CHECK(querier.commit().number == 4);
}

TEST_CASE("what was selected stays as it was while writers go on", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) { head.append(head_series(head, "a"), 1000, 1); });
  HeadQuerier querier(test.files(), kNoTime);
  const auto set = querier.select({}, {});
  for (int i = 2; i < 200; ++i) {
    commit(test.files(), [&](HeadWriter& head) {
      head.append(0, i * 1000, i);
      head.append_late(0, i, i);
    });
  }
  CHECK(series_text(*set) == "a 1000=1; ");
}

TEST_CASE("a head whose states cannot be read is called busy in the end", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) { head.append(head_series(head, "a"), 1000, 1); });
  for (SeriesState& state : test.files().entry(0).state) {
    state.stamp.store(0);
  }
  HeadQuerier querier(test.files(), kNoTime);
  CHECK_THROWS_WITH(querier.select({}, {}),
                    "read head: " + test.files().folder() + ": writers change it faster than it can be read");
}

TEST_CASE("a querier is refused files that end before its commit", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) { head.next().slabs_end += 1U << 20U; });
  HeadFiles& files = test.files();
  CHECK_THROWS_WITH(HeadQuerier(files, kNoTime),
                    "read head: " + files.folder() + ": its files are shorter than they must be");
  HeadWriter head(files, HeadWriter::Mode::kShared);
  CHECK_THROWS_WITH(head.begin(), "read head: " + files.folder() + ": its files are shorter than they must be");
  CHECK_FALSE(HeadFiles::open(files.folder(), false).has_value());
}

TEST_CASE("series are selected by any of several selectors, in label order, once", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    head.append(add(head, {{"__name__", "up"}, {"job", "b"}}), 1000, 1);
    head.append(add(head, {{"__name__", "up"}, {"job", "a"}}), 1000, 2);
    head.append(add(head, {{"__name__", "up"}}), 1000, 3);
    head.append(add(head, {{"__name__", "down"}, {"job", "a"}}), 2000, 4);
  });
  HeadQuerier querier(test.files(), kNoTime);
  const std::vector<Selector> two = {{matcher(MatchType::kEqual, "job", "a")},
                                     {matcher(MatchType::kEqual, "__name__", "up")}};
  CHECK(series_text(*querier.select(two, {})) ==
        "down{job=\"a\"} 2000=4; up 1000=3; up{job=\"a\"} 1000=2; up{job=\"b\"} 1000=1; ");
  CHECK(series_text(*querier.select(two, {1500, 3000})) == "down{job=\"a\"} 2000=4; ");

  using Words = std::vector<std::string>;
  CHECK(querier.label_names({}, {}) == Words{"__name__", "job"});
  CHECK(querier.label_values("job", {}, {}) == Words{"a", "b"});
  CHECK(querier.label_values("none", {}, {}).empty());
  const std::vector<Selector> bare = {{matcher(MatchType::kEqual, "job", "")}};
  CHECK(querier.label_names(bare, {}) == Words{"__name__"});
  CHECK(querier.label_values("__name__", bare, {}) == Words{"up"});
  CHECK(querier.label_values("__name__", {}, {1500, 3000}) == Words{"down"});
}

}  // namespace
}  // namespace mcore
