// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_files.h"

#include <string>
#include <string_view>

#include "base/error.h"
#include "support/catch.h"
#include "support/test_head.h"
#include "tsdb/head_index.h"

namespace mcore {
namespace {

constexpr std::uint32_t kFloats = 0;
constexpr std::uint32_t kHistograms = 1;

/// Floats in several slabs, histograms, late samples, metadata, a segment of the index.
void fill(HeadFiles& files) {
  HeadWriter head(files, HeadWriter::Mode::kShared);
  head.begin();
  REQUIRE(head_series(head, "a") == kFloats);
  REQUIRE(head_series(head, "b") == kHistograms);
  for (int i = 0; i < 1000; ++i) {
    head.append(kFloats, i * 10, i * 0.1);
  }
  head.append(kHistograms, 10, test_histogram(1));
  head.append(kHistograms, 20, test_histogram(2));
  head.append_late(kHistograms, 5, 1);
  (void)head.set_metadata(kFloats, head.metadata_id(MetricType::kGauge, "", "help"));
  extend_index(files, head.next(), true);
  head.publish();
}

void read(HeadFiles& files) {
  HeadQuerier querier(files, kNoTime);
  (void)querier_text(querier);
  (void)select_ids(files, querier.commit(), {Matcher::make(MatchType::kEqual, std::string(kNameLabel), "a").value()});
  SeriesStateView state;
  REQUIRE(read_state(files.entry(kFloats), querier.commit().number, state));
  (void)read_metadata(files, state.metadata);
}

void write(HeadFiles& files) {
  HeadWriter head(files, HeadWriter::Mode::kShared);
  head.begin();
  head.append(kFloats, 100'000, 1);
  head.append(kHistograms, 100'000, test_histogram(3));
  head.append_late(kHistograms, 6, 1);
  head.publish();
}

SeriesState& state_of(HeadFiles& files, std::uint32_t id) {
  auto& states = files.entry(id).state;
  return states[states[1].stamp.load() > states[0].stamp.load() ? 1 : 0];
}
SlabHeader& slab_of(HeadFiles& files, std::uint32_t unit) {
  return const_cast<SlabHeader&>(files.slab(unit));
}
/// Of the only segment of the index.
IndexSegment& segment_of(HeadFiles& files) {
  char* const list = files.index.data() + files.published().segment_list;
  return *reinterpret_cast<IndexSegment*>(files.index.data() + *reinterpret_cast<const std::uint64_t*>(list));
}
IndexPair& pair_of(HeadFiles& files) {
  return *reinterpret_cast<IndexPair*>(reinterpret_cast<char*>(&segment_of(files) + 1) + sizeof(IndexName));
}

TEST_CASE("damage in the files of a head ends in an error", "[tsdb][head]") {
  struct Case {
    std::string_view name;
    void (*damage)(HeadFiles&);
    void (*use)(HeadFiles&);
    std::string_view want;
  };
  const Case cases[] = {
      {"labels of a series", [](HeadFiles& files) { files.entry(kFloats).labels |= std::uint64_t{1} << 60U; }, read,
       "labels lie behind their end"},
      {"slab of a series", [](HeadFiles& files) { state_of(files, kFloats).slab = UINT32_MAX; }, read,
       "a slab is where none can be"},
      {"slab to write to", [](HeadFiles& files) { state_of(files, kFloats).slab = UINT32_MAX; }, write,
       "the slab of a series is where none can be"},
      {"size of a slab to write floats to", [](HeadFiles& files) { state_of(files, kFloats).slab_log2 = 200; }, write,
       "the slab of a series is where none can be"},
      {"size of a slab to write histograms to", [](HeadFiles& files) { state_of(files, kHistograms).slab_log2 = 30; },
       write, "the slab of a series is where none can be"},
      {"size of a slab to write late samples to", [](HeadFiles& files) { state_of(files, kHistograms).late_log2 = 3; },
       write, "the slab of a series is where none can be"},
      {"a slab that follows itself",
       [](HeadFiles& files) { slab_of(files, state_of(files, kFloats).slab).previous = state_of(files, kFloats).slab; },
       read, "a slab is where none can be"},
      {"a slab that leads on forward",
       [](HeadFiles& files) { slab_of(files, state_of(files, kHistograms).late).previous = 1'000'000; }, read,
       "a slab is where none can be"},
      {"length of a slab", [](HeadFiles& files) { state_of(files, kHistograms).used = 1U << 30U; }, read,
       "samples lie behind the end of their slabs"},
      {"length of a slab before",
       [](HeadFiles& files) { slab_of(files, state_of(files, kFloats).slab).previous_used = UINT32_MAX; }, read,
       "samples lie behind the end of their slabs"},
      {"number of samples", [](HeadFiles& files) { state_of(files, kFloats).count = 60'000; }, read,
       "samples of a slab do not decode"},
      {"a record", [](HeadFiles& files) { files.payload(state_of(files, kHistograms).slab)[0] = 9; }, read,
       "samples of a slab do not decode"},
      {"times", [](HeadFiles& files) { files.payload(state_of(files, kFloats).slab)[0] = 1; }, read,
       "samples are not in order of time"},
      {"metadata of a series", [](HeadFiles& files) { state_of(files, kFloats).metadata = UINT32_MAX; }, read,
       "metadata of a series lie behind the end of the labels"},
      {"type of metadata",
       [](HeadFiles& files) { files.labels.data()[std::size_t{state_of(files, kFloats).metadata} * 16] = 100; }, read,
       "metadata of a series do not decode"},
      {"names of a segment", [](HeadFiles& files) { segment_of(files).name_count = UINT32_MAX; }, read,
       "a segment of the index lies behind its end"},
      {"series of a segment", [](HeadFiles& files) { segment_of(files).end_id = 3; }, read,
       "a segment of the index is over series that are not there"},
      {"place of a segment", [](HeadFiles& files) { files.index.data()[files.published().segment_list + 6] = 1; }, read,
       "a segment of the index lies behind its end"},
      {"values of a name",
       [](HeadFiles& files) { reinterpret_cast<IndexName*>(&segment_of(files) + 1)->pair_count = 5; }, read,
       "values lie behind the end of their segment of the index"},
      {"values",
       [](HeadFiles& files) { pair_of(files).value = (&pair_of(files) + 1)->value = std::uint64_t{1} << 60U; }, read,
       "labels lie behind their end"},
      {"ids of a value",
       [](HeadFiles& files) {
         pair_of(files).id_count = UINT32_MAX;
         (&pair_of(files) + 1)->id_count = UINT32_MAX;
       },
       read, "ids of series lie behind the end of the index"},
      {"an id",
       [](HeadFiles& files) {
         auto* const ids = reinterpret_cast<std::uint32_t*>(&pair_of(files) + 2);
         ids[0] = ids[1] = 77;
       },
       read, "the index has series that are not there"},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      TestHead test;
      fill(test.files());
      c.damage(test.files());
      CHECK_THROWS_WITH(c.use(test.files()), Catch::Contains(": " + std::string(c.want) + "; remove the head"));
    }
  }
}

TEST_CASE("what cannot be a commit is not followed, and its head not opened", "[tsdb][head]") {
  struct Case {
    std::string_view name;
    void (*damage)(HeadCommit&);
  };
  const Case cases[] = {
      {"number", [](HeadCommit& commit) { commit.number = UINT64_MAX; }},
      {"series", [](HeadCommit& commit) { commit.series_count = UINT32_MAX; }},
      {"series in the index", [](HeadCommit& commit) { commit.indexed_series = 3; }},
      {"end of the labels", [](HeadCommit& commit) { commit.labels_end = UINT64_MAX; }},
      {"end of the slabs", [](HeadCommit& commit) { commit.slabs_end += 1; }},
      {"list of segments", [](HeadCommit& commit) { commit.segment_list = commit.index_end; }},
      {"place of the segments", [](HeadCommit& commit) { commit.segment_list -= 1; }},
      {"number of segments", [](HeadCommit& commit) { commit.segment_count = UINT32_MAX; }},
      {"list of tombstones", [](HeadCommit& commit) { commit.tombstone_list = UINT64_MAX - 7; }},
      {"number of tombstones", [](HeadCommit& commit) { commit.tombstone_count = UINT32_MAX; }},
      {"number of tables", [](HeadCommit& commit) { commit.label_tables.count = 21; }},
      {"place of a table", [](HeadCommit& commit) { commit.ref_tables.table[0].offset = commit.tables_end; }},
      {"size of a table", [](HeadCommit& commit) { commit.metadata_tables.table[0].slots_log2 = 0; }},
      {"a table larger than all", [](HeadCommit& commit) { commit.metadata_tables.table[0].slots_log2 = 64; }},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      TestHead test;
      fill(test.files());
      HeadControl& control = test.files().control();
      HeadCommit& commit = control.commits[control.commit.load() & 1U];
      REQUIRE(test.files().follow(commit));
      const HeadCommit good = commit;
      c.damage(commit);
      CHECK(!test.files().follow(commit));
      CHECK(!HeadFiles::open(test.files().folder(), true).has_value());
      commit = good;
      CHECK(HeadFiles::open(test.files().folder(), true).has_value());
    }
  }
}

}  // namespace
}  // namespace mcore
