// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_writer.h"

#include <sys/resource.h>

#include <csignal>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "support/catch.h"
#include "support/child_process.h"
#include "support/histogram_samples.h"
#include "support/test_head.h"

namespace mcore {
namespace {

constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

/// One commit that is published.
template <typename Work>
void commit(HeadFiles& files, const Work& work) {
  HeadWriter head(files, HeadWriter::Mode::kShared);
  head.begin();
  work(head);
  head.publish();
}

/// One commit whose writer is killed before it is published.
template <typename Work>
void commit_killed(HeadFiles& files, const Work& work) {
  HeadWriter head(files, HeadWriter::Mode::kShared);
  head.begin();
  work(head);
}

TEST_CASE("nothing of a commit is seen before it is published, and all of it after", "[tsdb][head]") {
  TestHead test;
  HeadFiles reader = test.open(false);
  HeadWriter head(test.files(), HeadWriter::Mode::kShared);
  head.begin();
  head.append(head_series(head, "a"), 1000, 1);
  head.append_late(head_series(head, "b"), 500, 2);
  CHECK(head.last_t_ms(0) == 1000);
  CHECK(head.last_t_ms(1) == kNoTime);
  CHECK(test.text().empty());
  head.publish();
  CHECK(test.text() == "a 1000=1; b 500=2; ");
  HeadQuerier querier(reader, kNoTime);
  CHECK(querier_text(querier) == "a 1000=1; b 500=2; ");
  CHECK(querier.commit().number == 2);
  CHECK(querier.commit().series_count == 2);
  CHECK(querier.commit().samples == 1);
  CHECK(querier.commit().late_samples == 1);
  CHECK(querier.commit().min_t_ms == 500);
  CHECK(querier.commit().max_t_ms == 1000);
}

TEST_CASE("what a killed writer added counts for nothing and is written over", "[tsdb][head]") {
  TestHead test;
  commit_killed(test.files(), [](HeadWriter& head) {
    head.append(head_series(head, "killed"), 1000, 1);
    head.append(head_series(head, "more"), 1000, 2);
  });
  CHECK(test.text().empty());
  commit(test.files(), [](HeadWriter& head) {
    const LabelSet killed = test_label_set({{kNameLabel, "killed"}});
    CHECK_FALSE(head.find(killed.view(), killed.view().hash(), 0).has_value());
    CHECK_FALSE(head.find_ref(1, 0).has_value());
    CHECK(head_series(head, "other") == 0);
    CHECK(head.ref_of(0) == 1);
    CHECK_FALSE(head.find(killed.view(), killed.view().hash(), UINT32_MAX).has_value());
    head.append(0, 900, 3);
  });
  CHECK(test.text() == "other 900=3; ");
  commit(test.files(), [](HeadWriter& head) { head.append(head_series(head, "killed"), 1000, 4); });
  CHECK(test.text() == "killed 1000=4; other 900=3; ");
}

TEST_CASE("what a killed writer changed in a series is undone", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    head.append(head_series(head, "a"), 1000, 1);
    head.append_late(0, 10, 1);
  });
  for (int killed = 0; killed < 3; ++killed) {
    commit_killed(test.files(), [](HeadWriter& head) {
      head.append(0, 2000, 2);
      head.append_late(0, 20, 2);
      head.append(0, 3000, test_histogram(2));
      CHECK(head.last_t_ms(0) == 3000);
    });
    CHECK(test.text() == "a 10=1 1000=1; ");
  }
  commit(test.files(), [](HeadWriter& head) {
    CHECK(head.last_t_ms(0) == 1000);
    CHECK(head.state(0).kind == SlabKind::kXor);
    head.append(0, 2000, 3);
    head.append_late(0, 20, 3);
  });
  CHECK(test.text() == "a 10=1 20=3 1000=1 2000=3; ");
}

TEST_CASE("an abandoned commit leaves the head as it was published", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) { head.append(head_series(head, "a"), 1000, 1); });
  HeadWriter head(test.files(), HeadWriter::Mode::kShared);
  head.begin();
  head.append(0, 2000, 2);
  head.append(head_series(head, "b"), 2000, 2);
  head.abandon();
  head.begin();
  CHECK(head.last_t_ms(0) == 1000);
  CHECK(head.next().series_count == 1);
  CHECK(head.next().samples == 1);
  head.append(0, 1500, 3);
  head.publish();
  CHECK(test.text() == "a 1000=1 1500=3; ");
}

TEST_CASE("a state is there as of its commit until the second one behind it begins", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) { head.append(head_series(head, "a"), 1000, 1); });
  const SeriesEntry& entry = test.files().entry(0);
  SeriesStateView state;
  CHECK_FALSE(read_state(entry, 1, state));
  REQUIRE(read_state(entry, 2, state));
  CHECK(state.last_t_ms == 1000);
  HeadWriter head(test.files(), HeadWriter::Mode::kShared);
  head.begin();
  head.append(0, 2000, 2);
  REQUIRE(read_state(entry, 2, state));
  CHECK(state.last_t_ms == 1000);
  head.publish();
  REQUIRE(read_state(entry, 2, state));
  CHECK(state.commit == 2);
  REQUIRE(read_state(entry, 3, state));
  CHECK(state.last_t_ms == 2000);
  head.begin();
  REQUIRE(read_state(entry, 2, state));
  head.append(0, 3000, 3);
  CHECK_FALSE(read_state(entry, 2, state));
  CHECK(state.commit == 0);
  REQUIRE(read_state(entry, 3, state));
  CHECK(state.last_t_ms == 2000);
}

TEST_CASE("floats come back bit by bit over many slabs", "[tsdb][head]") {
  TestHead test;
  std::string want = "a";
  std::uint64_t random = 1;
  for (int batch = 0; batch < 10; ++batch) {
    commit(test.files(), [&](HeadWriter& head) {
      const std::uint32_t id = head_series(head, "a");
      for (int i = 0; i < 100; ++i) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        const std::int64_t t_ms = (batch * 100 + i) * 15'000 + static_cast<std::int64_t>(random >> 60U);
        // Runs that never change, that count, and that are anything.
        const double value = batch < 5 ? 1 : batch < 8 ? i : static_cast<double>(random) / 3;
        head.append(id, t_ms, value);
        want += fmt::format(" {}={}", t_ms, value);
      }
    });
  }
  CHECK(test.text() == want + "; ");
  int slabs = 0;
  SeriesStateView state;
  REQUIRE(read_state(test.files().entry(0), 11, state));
  for (std::uint32_t unit = state.slab; unit != 0; unit = test.files().slab(unit).previous) {
    ++slabs;
    CHECK(test.files().slab(unit).previous_count <= 480);
  }
  CHECK(slabs > 5);
}

TEST_CASE("floats and histograms of one series take turns", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    const std::uint32_t id = head_series(head, "a");
    head.append(id, kFirst + 1, 1);
    head.append(id, 0, test_histogram(2));
    head.append(id, 1, test_histogram(3, true));
    head.append(id, 2, stale_histogram());
    head.append(id, 3, 4);
    head.append(id, 4, 5);
    head.append(id, kLast, test_histogram(6));
  });
  CHECK(test.text() == "a -9223372036854775807=1 0=h2 1=h3 2=hstale 3=4 4=5 9223372036854775807=h6; ");
}

TEST_CASE("a histogram that is larger than any slab so far gets one of its size", "[tsdb][head]") {
  Histogram large = test_histogram(7, true);
  large.positive_spans = {{.offset = 0, .length = 100'000}};
  large.positive_counts.assign(100'000, 0.5);
  TestHead test;
  commit(test.files(), [&](HeadWriter& head) {
    const std::uint32_t id = head_series(head, "a");
    head.append(id, 1, test_histogram(1));
    head.append(id, 2, large);
    head.append(id, 3, test_histogram(3));
    head.append_late(id, 0, large);
    head.append_late(id, -1, 4);
  });
  CHECK(test.text() == "a -1=4 0=h7 1=h1 2=h7 3=h3; ");
  HeadQuerier querier(test.files(), kNoTime);
  const auto set = querier.select({}, {2, 2});
  SeriesSamples samples;
  REQUIRE(set->next());
  set->samples(samples);
  REQUIRE(samples.histogram.size() == 1);
  CHECK(same_histogram(samples.histogram[0], large));
}

TEST_CASE("late samples come in any order, and of one time the first stays", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    const std::uint32_t id = head_series(head, "a");
    for (int i = 200; i > 0; --i) {
      head.append_late(id, i, i);
    }
    head.append_late(id, 7, -1);
    head.append_late(id, 8, test_histogram(-1));
    head.append_late(id, kFirst, 1);  // which is also "no time" where one is missing
  });
  CHECK(test.text({kFirst, 10}) == "a -9223372036854775808=1 1=1 2=2 3=3 4=4 5=5 6=6 7=7 8=8 9=9 10=10; ");
  CHECK(test.text({199, kLast}) == "a 199=199 200=200; ");
  CHECK(test.files().published().late_samples == 203);
}

TEST_CASE("metadata is kept once, and setting it says whether that changes anything", "[tsdb][head]") {
  TestHead test;
  std::uint32_t id = 0;
  commit(test.files(), [&](HeadWriter& head) {
    id = head.metadata_id(MetricType::kCounter, "bytes", "What it counts.");
    CHECK(head.metadata_id(MetricType::kCounter, "bytes", "What it counts.") == id);
    CHECK(head.metadata_id(MetricType::kGauge, "bytes", "What it counts.") != id);
    CHECK(head.set_metadata(head_series(head, "a"), id));
    CHECK_FALSE(head.set_metadata(0, id));
  });
  commit(test.files(), [&](HeadWriter& head) {
    CHECK(head.metadata_id(MetricType::kCounter, "bytes", "What it counts.") == id);
    CHECK_FALSE(head.set_metadata(0, id));
    CHECK(head.state(0).metadata == id);
  });
  const HeadMetadata metadata = read_metadata(test.files(), id);
  CHECK(metadata.type == MetricType::kCounter);
  CHECK(metadata.unit == "bytes");
  CHECK(metadata.help == "What it counts.");
  CHECK(test.files().published().metadata_count == 2);
}

TEST_CASE("an alias leads to the series once its commit is published", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) { (void)head_series(head, "a"); });
  commit_killed(test.files(), [](HeadWriter& head) {
    head.add_alias(77, 0);
    CHECK(head.find_ref(77, UINT32_MAX) == 0U);
  });
  commit(test.files(), [](HeadWriter& head) {
    CHECK_FALSE(head.find_ref(77, UINT32_MAX).has_value());
    CHECK(head.next().next_ref == 2);
    head.add_alias(78, 0);
  });
  commit(test.files(), [](HeadWriter& head) {
    CHECK(head.find_ref(78, UINT32_MAX) == 0U);
    CHECK(head.find_ref(1, UINT32_MAX) == 0U);
    CHECK(head.next().next_ref == 79);
  });
}

TEST_CASE("a dropped series is gone with its commit, and its labels and ref are free", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    head.append(head_series(head, "a"), 1000, 1);
    head.append_late(0, 10, 1);
    head.add_alias(9, 0);
  });
  commit_killed(test.files(), [](HeadWriter& head) { head.drop(0); });
  CHECK(test.text() == "a 10=1 1000=1; ");
  commit(test.files(), [](HeadWriter& head) {
    CHECK(head.find_ref(1, UINT32_MAX) == 0U);
    head.drop(0);
    CHECK_FALSE(head.find_ref(1, 0).has_value());
    CHECK_FALSE(head.find_ref(9, UINT32_MAX).has_value());
  });
  CHECK(test.text().empty());
  commit(test.files(), [](HeadWriter& head) {
    const LabelSet labels = test_label_set({{kNameLabel, "a"}});
    CHECK_FALSE(head.find(labels.view(), labels.view().hash(), 0).has_value());
    CHECK(head.add_series(labels.view(), labels.view().hash(), 1) == 1);
    CHECK(head.find_ref(1, 0) == 1U);
    head.append(1, 500, 2);
  });
  CHECK(test.text() == "a 500=2; ");
}

TEST_CASE("a series that a cut has retired is found by no labels until somebody keeps it", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) {
    head.append(head_series(head, "old"), 1000, 1);
    head.append(head_series(head, "new"), 5000, 1);
    head.append(head_series(head, "kept"), 1000, 1);
  });
  commit(test.files(), [](HeadWriter& head) {
    head.next().retired_t_ms = 5000;
    head.next().retired_commit = 2;
    head.keep(2);
  });
  HeadWriter head(test.files(), HeadWriter::Mode::kShared);
  head.begin();
  CHECK(head_series(head, "new") == 1);
  CHECK(head_series(head, "kept") == 2);
  CHECK(head_series(head, "old") == 3);  // a new one
  CHECK(head.ref_of(3) == 4);
  CHECK(head.find_ref(1, UINT32_MAX) == 0U);  // a record of before may still use the ref
}

TEST_CASE("a new ref is above every number that is in use, but for those no server can query", "[tsdb][head]") {
  TestHead test;
  HeadWriter head(test.files(), HeadWriter::Mode::kShared);
  head.begin();
  CHECK(head.next().next_ref == 1);
  head.note_ref(41);
  CHECK(head.next().next_ref == 42);
  head.note_ref(7);
  head.note_ref(std::uint64_t{1} << 40U);
  head.note_ref(UINT64_MAX);
  CHECK(head.next().next_ref == 42);
  head.note_ref((std::uint64_t{1} << 40U) - 1);
  CHECK(head.next().next_ref == std::uint64_t{1} << 40U);
}

TEST_CASE("a writer follows files that others have made much longer", "[tsdb][head]") {
  constexpr std::uint64_t kFar = 100U << 20U;  // beyond the room behind a mapping
  TestHead test;
  HeadFiles other = test.open(true);
  commit(other, [](HeadWriter& head) {
    head.next().slabs_end += kFar;
    head.append(head_series(head, "a"), 1000, 1);
  });
  commit(test.files(), [](HeadWriter& head) { head.append(0, 2000, 2); });
  CHECK(test.text() == "a 1000=1 2000=2; ");
}

TEST_CASE("a writer undoes what a killed one touched beyond all that it has mapped", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) { head.append(head_series(head, "a"), 1000, 1); });
  HeadFiles other = test.open(true);
  commit_killed(other, [](HeadWriter& head) {
    head.append(0, 2000, 2);
    head.next().series_count = 800'000;  // entries of 128 bytes
    (void)head_series(head, "far");
  });
  commit(test.files(), [](HeadWriter& head) { head.append(0, 1500, 3); });
  CHECK(test.text() == "a 1000=1 1500=3; ");
}

TEST_CASE("what the head cannot address is refused and leaves it as it was", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) { head.append(head_series(head, "a"), 1000, 1); });
  HeadWriter head(test.files(), HeadWriter::Mode::kShared);
  const auto refuses = [&](auto&& work, const std::string& why) {
    head.begin();
    CHECK_THROWS_WITH(work(), "grow head: " + test.files().folder() + ": " + why);
    head.abandon();
    CHECK(test.text() == "a 1000=1; ");
  };
  refuses([&] { head.next().series_count = kMostSeries, (void)head_series(head, "b"); }, "too many series");
  refuses([&] { head.next().labels_end = kMostLabelBytes, (void)head_series(head, "b"); }, "too many labels");
  refuses([&] { head.next().slabs_end = kMostSlabBytes, head.append_late(0, 1, 1); }, "too many samples");
}

TEST_CASE("a full disk in the middle of a commit leaves nothing of it", "[tsdb][head]") {
  TestHead test;
  commit(test.files(), [](HeadWriter& head) { head.append(head_series(head, "a"), 1000, 1); });
  const ChildOutcome outcome = run_in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 1U << 17U, .rlim_max = 1U << 17U};
    HeadWriter head(test.files(), HeadWriter::Mode::kShared);
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
      return 1;
    }
    head.begin();
    try {
      for (int i = 1; i < 100'000; ++i) {
        head.append(0, 1000 + i, i * 0.1);
        head.append(head_series(head, fmt::format("series_{}", i)), 1000, i);
      }
      return 2;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kIo) {
        return 3;
      }
    }
    head.abandon();
    if (test.text() != "a 1000=1; ") {
      return 4;
    }
    head.begin();
    head.append(0, 2000, 2);
    head.publish();
    return 0;
  });
  CHECK(outcome.exit_code == 0);
  CHECK(test.text() == "a 1000=1 2000=2; ");
}

}  // namespace
}  // namespace mcore
