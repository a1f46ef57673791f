// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_shrink.h"

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/clocked_store.h"
#include "support/test_blocks.h"
#include "support/test_logs.h"
#include "tsdb/log_sequence.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kNow = ClockedStore::kNow;
constexpr std::int64_t kWindow = ClockedStore::kWindow;

HeadHome home_of(const ClockedStore& store) {
  return {store.path(), store / "head", {}};
}

void cut(const ClockedStore& store, std::int64_t t_ms = kWindow) {
  REQUIRE(cut_head(home_of(store), t_ms, {}).done);
}

bool shrink(const ClockedStore& store) {
  return shrink_logs(home_of(store), {});
}

/// `checkpoint.00000000/ 00000001 `
std::string names_in(const std::string& folder) {
  std::string names;
  for (const DirectoryEntry& entry : list_directory(folder, true)) {
    names += entry.name + (entry.is_directory ? "/ " : " ");
  }
  return names;
}

/// The records of a checkpoint: `series 1=a 2=b; samples 1@10=1; `.
std::string checkpoint_text(const std::string& folder) {
  std::string text;
  LogSequence log(folder, LogKind::kWal);
  REQUIRE(log.open() == LogOpenStatus::kOpened);
  while (log.next() == LogReadStatus::kRecord) {
    const LogRecordType type = log_record_type(log.record());
    const std::string_view body = log_record_body(log.record());
    text += fmt::format("{}:", static_cast<int>(type));
    if (type == LogRecordType::kSeries) {
      for (SeriesRecordReader reader(body); reader.next();) {
        text += fmt::format(" {}={}", reader.ref(), labels_text(reader.labels()));
      }
    } else if (type == LogRecordType::kSamples) {
      SampleRecordDecoder decoder;
      REQUIRE(decoder.decode(type, body));
      for (const LogSample& sample : decoder.samples()) {
        text += fmt::format(" {}@{}={}", sample.ref, sample.t_ms, sample.value);
      }
    } else if (type == LogRecordType::kMetadata) {
      for (MetadataRecordReader reader(body); reader.next();) {
        text += fmt::format(" {} {}", reader.ref(), reader.help());
      }
    } else if (type == LogRecordType::kTombstones) {
      for (TombstoneRecordReader reader(body); reader.next();) {
        text += fmt::format(" {} {}-{}", reader.ref(), reader.min_t_ms(), reader.max_t_ms());
      }
    } else if (type == LogRecordType::kExemplars) {
      for (ExemplarRecordReader reader(body); reader.next();) {
        text += fmt::format(" {}@{}", reader.ref(), reader.t_ms());
      }
    }
    text += "; ";
  }
  return text;
}

TEST_CASE("without a cut there is nothing to shrink", "[tsdb][shrink]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  CHECK_FALSE(shrink(store));
  CHECK(names_in(store / "wal") == "00000000 ");
  store.remove_head();
  CHECK_FALSE(shrink_logs(home_of(store), {}));
}

TEST_CASE("the logs lose what is in blocks, and keep the rest under the same refs", "[tsdb][shrink]") {
  ClockedStore store;
  store.append({{"gone", kWindow - 10, 1}, {"a", kWindow - 10, 2}, {"a", kNow, 3}, {"b", kNow - 5, 4}});
  store.append({{"a", kNow - 10, 5}, {"a", kWindow - 20, 6}, {"b", kNow - 15, 7}});
  append_to_segment(store / "wal", 0,
                    {metadata_record(1, MetricType::kGauge, "gone"), metadata_record(2, MetricType::kGauge, "old"),
                     metadata_record(2, MetricType::kGauge, "new"), exemplar_record(2, kWindow - 10),
                     exemplar_record(2, kNow), exemplar_record(1, kNow)});
  const std::string want =
      "a 1699999199980=6 1699999199990=2 1699999999990=5 1700000000000=3; b 1699999999985=7 1699999999995=4; "
      "gone 1699999199990=1; ";
  CHECK(store.append({{"b", kNow - 5, 4}}).repeated == 1);
  cut(store);
  CHECK(names_in(store / "wal") == "00000000 00000001 ");
  CHECK(names_in(store / "wbl") == "00000000 00000001 ");
  REQUIRE(shrink(store));
  CHECK(names_in(store / "wal") == "00000001 checkpoint.00000000/ ");
  CHECK(names_in(store / "wbl") == "00000001 ");
  CHECK(checkpoint_text(store / "wal/checkpoint.00000000") ==
        "1: 2=a 3=b; 2: 2@1700000000000=3 3@1699999999995=4; 4: 2@1700000000000; 6: 2 new; ");
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
  CHECK_FALSE(shrink(store));

  const auto files = home_of(store).open(false);
  CHECK(files->published().series_count == 2);
  CHECK(files->published().floor_t_ms == kWindow);
  CHECK(files->published().shrink_wal == -1);
  CHECK(files->published().next_ref == 4);
  CHECK(store.append({{"gone", kNow, 8}, {"a", kNow + 1, 9}}).new_series == 1);
  CHECK(store.text_of_logs() == store.text());
}

TEST_CASE("an unsorted series record of a server keeps its series and samples", "[tsdb][shrink]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}});
  std::string record;
  begin_record(record, LogRecordType::kSeries);
  append_be64(record, 2);
  append_uvarint(record, 2);
  for (const std::string_view text : {"b", "2", "a", "1"}) {
    append_ustr(record, text);
  }
  write_log_segment(store / "wal", 1, {record, samples_record({{2, kNow, 3}})});
  const std::string want = "a 1699999199990=1; {a=\"1\", b=\"2\"} 1700000000000=3; ";
  CHECK(store.text().size() == want.size());
  cut(store);
  REQUIRE(shrink(store));
  CHECK(store.text().size() == want.size());
  CHECK(checkpoint_text(store / "wal/checkpoint.00000001") == "1: 2={a=\"1\", b=\"2\"}; 2: 2@1700000000000=3; ");
}

TEST_CASE("aliases stay with their series, and come before all samples", "[tsdb][shrink]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}, {"a", kNow, 2}});
  write_log_segment(store / "wal", 1,
                    {series_record({{7, "a"}}), samples_record({{7, kNow + 1, 3}, {1, kNow + 2, 4}})});
  const std::string want = "a 1699999199990=1 1700000000000=2 1700000000001=3 1700000000002=4; ";
  CHECK(store.append({{"a", kNow + 1, 3}}).repeated == 1);
  cut(store);
  REQUIRE(shrink(store));
  CHECK(checkpoint_text(store / "wal/checkpoint.00000001") ==
        "1: 1=a; 1: 7=a; 2: 1@1700000000000=2; 2: 7@1700000000001=3 1@1700000000002=4; ");
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
}

TEST_CASE("deletions stay as long as they can hide anything", "[tsdb][shrink]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}, {"a", kNow, 2}, {"a", kNow - 5, 3}, {"b", kNow, 4}});
  append_to_segment(store / "wal", 0,
                    {tombstone_record(1, kFirst, kWindow - 5), tombstone_record(1, kFirst, kNow - 2),
                     tombstone_record(2, kFirst, kLast), series_record({{5, "b"}}), samples_record({{5, kNow, 5}})});
  const std::string want = "a 1700000000000=2; b 1700000000000=5; ";
  CHECK(store.append({{"a", kNow, 2}}).repeated == 1);
  CHECK(store.text() == want);
  cut(store);
  REQUIRE(shrink(store));
  CHECK(
      checkpoint_text(store / "wal/checkpoint.00000000").find("3: 1 " + std::to_string(kFirst) + "-1699999999998; ") !=
      std::string::npos);
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
  // The deleted late sample is in no log any more.
  std::ifstream file(store / "wbl/00000001", std::ios::binary);
  CHECK(std::string((std::istreambuf_iterator<char>(file)), {}).empty());
}

TEST_CASE("snapshots of a server go, and older checkpoints", "[tsdb][shrink]") {
  ClockedStore store;
  store.append({{"a", kWindow - 8'000'000, 1}, {"a", kWindow - 10, 2}, {"a", kNow, 3}});
  fs::create_directories(store / "chunk_snapshot.000000.0000000100/");
  std::ofstream(store / "chunk_snapshot.000000.0000000100/00000000") << "x";
  cut(store, kWindow - 7'200'000);
  REQUIRE(shrink(store));
  CHECK_FALSE(fs::exists(store / "chunk_snapshot.000000.0000000100"));
  cut(store, kWindow);
  REQUIRE(shrink(store));
  CHECK(names_in(store / "wal") == "00000002 checkpoint.00000001/ ");
  CHECK(store.text_of_logs() == "a 1699991200000=1 1699999199990=2 1700000000000=3; ");
}

TEST_CASE("a shrink that was killed before segments went is finished by the next", "[tsdb][shrink]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}, {"a", kNow, 2}, {"a", kNow - 5, 3}});
  cut(store);
  const std::string aside = store.path() + "-aside";
  fs::copy(store.path(), aside, fs::copy_options::recursive);
  REQUIRE(shrink(store));
  fs::copy(aside + "/wal/00000000", store / "wal/00000000");
  fs::copy(aside + "/wbl/00000000", store / "wbl/00000000");
  const std::string want = "a 1699999199990=1 1699999999995=3 1700000000000=2; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
  const bool head_survived = GENERATE(true, false);
  if (!head_survived) {
    store.remove_head();
  }
  StoreWriterOptions far;
  far.max_ahead = std::chrono::hours(24);
  CHECK(store.append({{"a", kWindow + 7'200'000, 4}}, far).samples == 1);
  store.clock.set_ms(kWindow + 3 * 7'200'000);
  cut(store, kWindow + 7'200'000);
  REQUIRE(shrink(store));
  CHECK(names_in(store / "wal") == "00000002 checkpoint.00000001/ ");
  CHECK(names_in(store / "wbl") == "00000002 ");
  CHECK(store.text_of_logs() == "a 1699999199990=1 1699999999995=3 1700000000000=2 1700006400000=4; ");
}

TEST_CASE("a shrink that got no further than the checkpoint goes on behind it", "[tsdb][shrink]") {
  ClockedStore store;
  store.append({{"gone", kWindow - 10, 1}, {"a", kNow, 2}, {"a", kNow - 5, 3}, {"a", kWindow - 20, 4}});
  cut(store);
  std::ofstream(store / "wbl/00000001", std::ios::app) << '\x01';  // a killed writer's
  CHECK_FALSE(shrink(store));
  CHECK(names_in(store / "wal") == "00000001 checkpoint.00000000/ ");
  CHECK(names_in(store / "wbl") == "00000000 00000001 ");
  const std::string want = "a 1699999199980=4 1699999999995=3 1700000000000=2; gone 1699999199990=1; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
  CHECK(store.append({{"gone", kNow, 5}, {"a", kNow - 4, 6}}).samples == 2);  // under a new ref, and cuts the end off
  REQUIRE(shrink(store));
  CHECK(names_in(store / "wbl") == "00000001 ");
  const std::string later =
      "a 1699999199980=4 1699999999995=3 1699999999996=6 1700000000000=2; gone 1699999199990=1 1700000000000=5; ";
  CHECK(store.text() == later);
  CHECK(store.text_of_logs() == later);
}

TEST_CASE("a shrink leaves the logs alone when a server has come", "[tsdb][shrink]") {
  ClockedStore store;
  store.append({{"gone", kWindow - 10, 1}, {"a", kNow, 2}});
  cut(store);
  write_log_segment(store / "wal", 2, {samples_record({{1, kNow, 3}})});  // it still knew the ref
  const std::string want = "a 1700000000000=2; gone 1699999199990=1 1700000000000=3; ";
  CHECK_FALSE(shrink(store));
  CHECK(names_in(store / "wal") == "00000000 00000001 00000002 ");
  CHECK(store.text() == want);
  CHECK(store.append({{"gone", kNow + 1, 4}}).new_series == 0);
  CHECK_FALSE(shrink(store));
  CHECK(store.text_of_logs() == "a 1700000000000=2; gone 1699999199990=1 1700000000000=3 1700000000001=4; ");
}

TEST_CASE("appends behind a shrink that a reader has not seen are seen", "[tsdb][shrink]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}, {"a", kNow, 2}});
  cut(store);
  StoreWriter writer(store.path(), store.clock, {});
  SampleBatch batch;
  fill_batch(batch, {{"a", kNow + 1, 3}});
  CHECK(writer.append(batch).samples == 1);
  StoreReader reader(store.path(), {});
  REQUIRE(shrink(store));
  fill_batch(batch, {{"a", kNow + 2, 4}});
  CHECK(writer.append(batch).samples == 1);  // its generation was replaced
  CHECK(querier_text(reader) == "a 1699999199990=1 1700000000000=2 1700000000001=3; ");
  const std::string want = "a 1699999199990=1 1700000000000=2 1700000000001=3 1700000000002=4; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
}

}  // namespace
}  // namespace mcore
