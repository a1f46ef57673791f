// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_delete.h"

#include <fcntl.h>

#include <fstream>

#include "base/fd.h"
#include "model/selector_text.h"
#include "support/catch.h"
#include "support/test_stores.h"
#include "tsdb/log_directory.h"
#include "tsdb/log_records.h"
#include "tsdb/log_samples.h"
#include "tsdb/log_sequence.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;

HeadDeletion delete_samples(const std::string& store, const std::string& selector, std::int64_t min_t_ms,
                            std::int64_t max_t_ms, const HeadDeleteOptions& options = {}) {
  const Upkeep upkeep(store);
  const HeadHome home(store, store + "/head", owner_of_new_files(store));
  const std::vector<Selector> selectors = {parse_selector(selector).value_or_throw()};
  return delete_from_head(home, selectors, {kTestStart + min_t_ms, kTestStart + max_t_ms}, options);
}

/// The float samples that a log holds: `1:15000 ` for reference and time.
std::string log_text(const std::string& folder, LogKind kind) {
  LogSequence log(folder, kind);
  REQUIRE(log.open() == LogOpenStatus::kOpened);
  std::string text;
  SampleRecordDecoder decoder;
  while (log.next() == LogReadStatus::kRecord) {
    const std::string_view record = log.record();
    if (log_record_type(record) == LogRecordType::kSamples) {
      REQUIRE(decoder.decode(LogRecordType::kSamples, log_record_body(record)));
      for (const LogSample& sample : decoder.samples()) {
        text += fmt::format("{}:{} ", sample.ref, sample.t_ms - kTestStart);
      }
    } else if (log_record_type(record) == LogRecordType::kTombstones) {
      TombstoneRecordReader reader(log_record_body(record));
      while (reader.next()) {
        text +=
            fmt::format("{}-[{},{}] ", reader.ref(), reader.min_t_ms() - kTestStart, reader.max_t_ms() - kTestStart);
      }
    }
  }
  return text;
}

std::uint64_t log_bytes_of(const std::string& store) {
  const LogState state = look_at_logs(store);
  return state.wal_size + state.wbl_size + static_cast<std::uint64_t>(state.wal_segment + state.wbl_segment);
}

/// Series a and b with four samples each, and late ones between.
void fill(const std::string& store) {
  for (std::int64_t t_ms = 10'000; t_ms <= 40'000; t_ms += 10'000) {
    append_samples(store, {{"a", t_ms, 1}, {"b", t_ms, 1}});
  }
  append_samples(store, {{"a", 15'000, 2}, {"b", 15'000, 2}});
  append_samples(store, {{"a", 35'000, 2}, {"b", 35'000, 2}});
}

constexpr std::string_view kAllOfB = "b 10000=1 15000=2 20000=1 30000=1 35000=2 40000=1; ";

TEST_CASE("deleted samples are gone, in order and late ones, and stay so", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  const HeadDeletion deletion = delete_samples(store, "a", 12'000, 32'000);
  CHECK(deletion.series == 1);
  CHECK(deletion.samples == 2);
  CHECK(deletion.late_samples == 1);
  const std::string want = "a 10000=1 35000=2 40000=1; " + std::string(kAllOfB);
  CHECK(store_text(store) == want);
  // The tombstone reaches no further than the samples; late ones are not in the log any more.
  CHECK(log_text(store + "/wal", LogKind::kWal) ==
        "1:10000 2:10000 1:20000 2:20000 1:30000 2:30000 1:40000 2:40000 1-[20000,30000] ");
  CHECK(log_text(store + "/wbl", LogKind::kWbl) == "2:15000 1:35000 2:35000 ");
  fs::remove_all(store + "/head");
  CHECK(store_text(store) == want);
}

TEST_CASE("deleting again does nothing", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  (void)delete_samples(store, "a", 12'000, 32'000);
  const std::uint64_t before = log_bytes_of(store);
  const HeadDeletion again = delete_samples(store, "a", 12'000, 32'000);
  CHECK(again.series + again.samples + again.late_samples == 0);
  CHECK(log_bytes_of(store) == before);
  // What is wider deletes what is left.
  CHECK(delete_samples(store, "a", 0, 39'000).samples == 1);
  CHECK(store_text(store) == "a 40000=1; " + std::string(kAllOfB));
}

TEST_CASE("a dry run counts and changes nothing", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  const std::string before = store_text(store);
  const std::uint64_t bytes = log_bytes_of(store);
  const HeadDeletion deletion = delete_samples(store, "{__name__=~\"a|b\"}", 0, 15'000, {.dry_run = true});
  CHECK(deletion.series == 2);
  CHECK(deletion.samples == 2);
  CHECK(deletion.late_samples == 2);
  CHECK(store_text(store) == before);
  CHECK(log_bytes_of(store) == bytes);
}

TEST_CASE("nothing is deleted where nothing matches", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  const std::uint64_t bytes = log_bytes_of(store);
  CHECK(delete_samples(store, "nothing", 0, 100'000).series == 0);
  CHECK(delete_samples(store, "a", 21'000, 29'000).series == 0);
  CHECK(log_bytes_of(store) == bytes);
}

TEST_CASE("an append into a deleted time is refused until the cut", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  // An end in the future deletes no more than what is there: the series goes on.
  (void)delete_samples(store, "a", 12'000, 1'000'000'000);
  CHECK(append_samples(store, {{"a", 50'000, 5}, {"b", 50'000, 5}}).samples == 2);
  const AppendOutcome inside = append_samples(store, {{"a", 25'000, 9}, {"b", 25'000, 9}});
  CHECK(inside.refused[static_cast<std::size_t>(Refusal::kDeleted)] == 1);
  CHECK(inside.samples == 1);
  CHECK(store_text(store) == "a 10000=1 50000=5; b 10000=1 15000=2 20000=1 25000=9 30000=1 35000=2 40000=1 50000=5; ");
  (void)cut_test_store(store, true);
  CHECK(store_text(store) == "a 10000=1 50000=5; b 10000=1 15000=2 20000=1 25000=9 30000=1 35000=2 40000=1 50000=5; ");
  CHECK(append_samples(store, {{"a", 25'000, 9}}).samples == 1);
  CHECK(store_text(store).substr(0, 31) == "a 10000=1 25000=9 50000=5; b 10");
}

TEST_CASE("late samples alone can be deleted, and come back as others after a cut", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  const HeadDeletion deletion = delete_samples(store, "b", 14'000, 16'000);
  CHECK(deletion.samples == 0);
  CHECK(deletion.late_samples == 1);
  CHECK(log_text(store + "/wbl", LogKind::kWbl) == "1:15000 1:35000 2:35000 ");
  CHECK(append_samples(store, {{"b", 15'000, 7}}).refused_total() == 1);
  (void)cut_test_store(store, true);
  CHECK(append_samples(store, {{"b", 15'000, 7}}).samples == 1);
  fs::remove_all(store + "/head");
  CHECK(store_text(store) ==
        "a 10000=1 15000=2 20000=1 30000=1 35000=2 40000=1; b 10000=1 15000=7 20000=1 30000=1 35000=2 40000=1; ");
}

TEST_CASE("what a killed deletion hid but did not write out, the next one does", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  fs::copy(store + "/wbl", folder / "wbl", fs::copy_options::recursive);
  (void)delete_samples(store, "a", 12'000, 32'000);
  // As it was before the old segments were replaced.
  fs::copy(folder / "wbl/00000000", store + "/wbl/00000000", fs::copy_options::overwrite_existing);
  CHECK(store_text(store) == "a 10000=1 35000=2 40000=1; " + std::string(kAllOfB));
  CHECK(delete_samples(store, "a", 12'000, 32'000).late_samples == 0);
  CHECK(log_text(store + "/wbl", LogKind::kWbl) == "2:15000 1:35000 2:35000 ");
}

TEST_CASE("a server's head chunks, which hold late samples, go with them", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  fs::create_directories(store + "/chunks_head");
  fs::create_directories(store + "/chunk_snapshot.000001.0000000001");
  (void)delete_samples(store, "a", 19'000, 21'000);  // in order only
  CHECK(path_exists(store + "/chunks_head"));
  (void)delete_samples(store, "a", 14'000, 16'000);
  CHECK_FALSE(path_exists(store + "/chunks_head"));
  CHECK_FALSE(path_exists(store + "/chunk_snapshot.000001.0000000001"));
}

TEST_CASE("a torn end is cut off before a deletion is logged", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  std::ofstream(store + "/wal/00000000", std::ios::app | std::ios::binary) << std::string("\x01\x00\x40torn", 7);
  CHECK(delete_samples(store, "a", 19'000, 21'000).samples == 1);
  fs::remove_all(store + "/head");
  CHECK(store_text(store) == "a 10000=1 15000=2 30000=1 35000=2 40000=1; " + std::string(kAllOfB));
}

TEST_CASE("cutting out what was deleted leaves nothing of it, and others may come in its place", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  append_samples(store, {{"a", 8'000'000, 8}, {"b", 8'000'000, 8}});  // in the window behind
  (void)delete_samples(store, "a", 12'000, 32'000);
  CHECK(append_samples(store, {{"a", 15'000, 7}}).refused_total() == 1);
  CHECK(append_samples(store, {{"b", 16'000, 7}}).samples == 1);  // late, and between
  const FixedClock clock(kTestNow);
  const HeadUpkeepResult cut = cut_deleted(Upkeep(store), clock, {});
  CHECK(cut.blocks.size() == 1);
  const std::string rest = "40000=1 8000000=8; b 10000=1 15000=2 16000=7 20000=1 30000=1 35000=2 40000=1 8000000=8; ";
  CHECK(store_text(store) == "a 10000=1 35000=2 " + rest);
  CHECK(log_text(store + "/wal", LogKind::kWal) == "1:8000000 2:8000000 ");
  CHECK(log_text(store + "/wbl", LogKind::kWbl) == "");
  CHECK(cut_deleted(Upkeep(store), clock, {}).blocks.empty());
  CHECK(append_samples(store, {{"a", 15'000, 7}}).samples == 1);
  (void)cut_test_store(store, true);
  fs::remove_all(store + "/head");
  CHECK(store_text(store) == "a 10000=1 15000=7 35000=2 " + rest);
}

TEST_CASE("late samples alone are cut out, too; deletions ahead of the clock wait for it", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  (void)delete_samples(store, "b", 14'000, 16'000);
  CHECK(cut_deleted(Upkeep(store), FixedClock(kTestStart - 1), {}).blocks.empty());
  (void)cut_deleted(Upkeep(store), FixedClock(kTestNow), {});
  CHECK(append_samples(store, {{"b", 15'000, 7}}).samples == 1);
  CHECK(store_text(store).ends_with("b 10000=1 15000=7 20000=1 30000=1 35000=2 40000=1; "));
}

TEST_CASE("nothing is deleted under a running server", "[tsdb][delete]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  const auto lock = FileLock::try_lock(store + "/lock", owner_of_new_files(store));
  REQUIRE(lock.has_value());
  CHECK_THROWS_WITH(delete_samples(store, "a", 0, 100'000, {.lock_timeout = std::chrono::milliseconds(1)}),
                    Catch::Contains("lock store"));
}

}  // namespace
}  // namespace mcore
