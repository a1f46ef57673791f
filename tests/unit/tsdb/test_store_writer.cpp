// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_writer.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "support/child_process.h"
#include "support/clocked_store.h"
#include "support/test_blocks.h"
#include "support/test_logs.h"
#include "tsdb/log_flush.h"
#include "tsdb/log_reader.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kNow = ClockedStore::kNow;

/// The types of all records of a segment.
std::string record_types(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  LogReader reader(std::string_view{bytes});
  std::string types;
  while (reader.next() == LogReadStatus::kRecord) {
    types += fmt::format("{}{}", types.empty() ? "" : " ", static_cast<int>(reader.record()[0]));
  }
  return types;
}

void add_bytes(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
}

TEST_CASE("an append makes the store, and what it acknowledges is seen and logged", "[tsdb][store]") {
  ClockedStore store;
  const AppendOutcome outcome = store.append({{"a", kNow, 1}, {"b", kNow, 2}, {"a", kNow - 10, 3}});
  CHECK(outcome.samples == 3);
  CHECK(outcome.late == 1);
  CHECK(outcome.new_series == 2);
  const std::string want = "a 1699999999990=3 1700000000000=1; b 1700000000000=2; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
  CHECK(record_types(store / "wal/00000000") == "1 2");
  CHECK(record_types(store / "wbl/00000000") == "2");
}

TEST_CASE("appending the same again changes nothing on the disk", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  const auto size = fs::file_size(store / "wal/00000000");
  const AppendOutcome outcome = store.append({{"a", kNow, 1}});
  CHECK(outcome.repeated == 1);
  CHECK(outcome.samples == 0);
  CHECK(fs::file_size(store / "wal/00000000") == size);
}

TEST_CASE("a folder that holds something else is no place for a store", "[tsdb][store]") {
  ClockedStore store;
  fs::create_directory(store.path());
  CHECK_FALSE(is_store(store.path()));
  std::ofstream(store / "thesis.txt") << "x";
  CHECK_THROWS_WITH(store.append({{"a", kNow, 1}}),
                    "open store: " + store.path() + ": this folder holds something else: neither a log nor blocks");
  CHECK_FALSE(fs::exists(store / "head"));
  fs::create_directory(store / "wal");
  CHECK(is_store(store.path()));
  store.append({{"a", kNow, 1}});
  CHECK(store.text() == "a 1700000000000=1; ");
}

TEST_CASE("a writer goes on where another has appended meanwhile", "[tsdb][store]") {
  ClockedStore store;
  StoreWriter one(store.path(), store.clock, {});
  StoreWriter other(store.path(), store.clock, {});
  SampleBatch batch;
  for (int i = 0; i < 6; ++i) {
    fill_batch(batch, {{"shared", kNow + i, 1.0 * i}, {i % 2 == 0 ? "even" : "odd", kNow + i, 1.0 * i}});
    CHECK((i % 3 == 0 ? one : other).append(batch).samples == 2);
  }
  const std::string want =
      "even 1700000000000=0 1700000000002=2 1700000000004=4; odd 1700000000001=1 1700000000003=3 1700000000005=5; "
      "shared 1700000000000=0 1700000000001=1 1700000000002=2 1700000000003=3 1700000000004=4 1700000000005=5; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
}

TEST_CASE("processes that append at once lose nothing and see each other", "[tsdb][store]") {
  constexpr int kWriters = 4;
  constexpr int kBatches = 20;
  ClockedStore store;
  std::vector<pid_t> children;
  for (int w = 0; w < kWriters; ++w) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        const std::string own = fmt::format("own_{}", w);
        for (int b = 0; b < kBatches; ++b) {
          store.append({{own, kNow + b, 1.0 * b}, {"shared", kNow + b, 1.0 * b}});
        }
      } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  std::string samples;
  for (int b = 0; b < kBatches; ++b) {
    samples += fmt::format(" {}={}", kNow + b, b);
  }
  std::string want;
  for (int w = 0; w < kWriters; ++w) {
    want += fmt::format("own_{}{}; ", w, samples);
  }
  want += "shared" + samples + "; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
}

TEST_CASE("the torn end of a killed writer is cut off before anything is written there", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}, {"a", kNow - 5, 1}});
  const std::string record = samples_record({{1, kNow + 1, 9}});
  LogFramer framer;
  framer.begin(fs::file_size(store / "wal/00000000"));
  framer.add(record);
  add_bytes(store / "wal/00000000", std::string_view(framer.bytes()).substr(0, framer.bytes().size() - 4));
  add_bytes(store / "wbl/00000000", "\x01");
  CHECK(store.append({{"a", kNow + 1, 2}, {"a", kNow - 4, 2}}).samples == 2);
  const std::string want = "a 1699999999995=1 1699999999996=2 1700000000000=1 1700000000001=2; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
}

TEST_CASE("zeros behind the last record are cut off as well", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  const std::size_t zeros = GENERATE(1U, 6U, 7U, 5000U, 32'768U, 100'000U);
  add_bytes(store / "wal/00000000", std::string(zeros, '\0'));
  CHECK(store.append({{"a", kNow + 1, 2}}).samples == 1);
  CHECK(store.text_of_logs() == "a 1700000000000=1 1700000000001=2; ");
  CHECK(record_types(store / "wal/00000000") == "1 2 2");
}

TEST_CASE("a record that a killed writer had finished counts", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  append_to_segment(store / "wal", 0,
                    {series_record({{2, "b"}}), samples_record({{1, kNow + 1, 2}, {2, kNow + 1, 3}})});
  CHECK(store.append({{"a", kNow + 1, 2}}).repeated == 1);
  CHECK(store.append({{"a", kNow + 1, 7}}).refused_total() == 1);
  CHECK(store.append({{"c", kNow, 4}}).samples == 1);
  const std::string want = "a 1700000000000=1 1700000000001=2; b 1700000000001=3; c 1700000000000=4; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
}

TEST_CASE("a damaged log stops a writer before it writes", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  append_to_segment(store / "wal", 0, {samples_record({{1, kNow + 1, 2}}), samples_record({{1, kNow + 2, 2}})});
  std::fstream file(store / "wal/00000000", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(store / "wal/00000000")) - 40);
  file.put('\x7F');
  file.close();
  const auto size = fs::file_size(store / "wal/00000000");
  CHECK_THROWS_WITH(store.append({{"a", kNow + 3, 3}}), Catch::Contains("read log: " + (store / "wal/00000000")));
  CHECK(fs::file_size(store / "wal/00000000") == size);
}

TEST_CASE("who cannot have the store's lock names its holder and writes nothing", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  const auto server = FileLock::try_lock(store / "lock", {});
  REQUIRE(server.has_value());
  StoreWriterOptions options;
  options.lock_timeout = std::chrono::milliseconds(1);
  CHECK_THROWS_WITH(
      store.append({{"a", kNow + 1, 2}}, options),
      fmt::format("lock store: {}: held by unit_tsdb (process {}); a running Prometheus shuts out writers",
                  store / "lock", ::getpid()));
  CHECK(store.append({{"a", kNow, 1}}, options).repeated == 1);  // nothing to write, so no lock
  CHECK(store.text() == "a 1700000000000=1; ");
}

TEST_CASE("what a server wrote is taken in, and its ends are left alone", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  // It began a segment, with another ref for the label set, and a late sample that displaces an acknowledged one.
  write_log_segment(store / "wal", 1,
                    {series_record({{7, "a"}, {8, "s"}}), samples_record({{7, kNow + 1, 2}, {8, kNow, 3}})}, true);
  write_log_segment(store / "wal", 2, {});
  write_log_segment(store / "wbl", 0, {samples_record({{8, kNow - 10, 4}})});
  CHECK(store.append({{"a", kNow + 2, 5}, {"s", kNow + 2, 6}, {"new", kNow, 7}, {"s", kNow - 10, 5}}).samples == 3);
  const std::string want =
      "a 1700000000000=1 1700000000001=2 1700000000002=5; new 1700000000000=7; "
      "s 1699999999990=4 1700000000000=3 1700000000002=6; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
  CHECK(record_types(store / "wal/00000002") == "1 2");
  LogReader reader(std::string_view{});
  const std::string series = series_record({{9, "new"}});  // above all that the server gave away
  std::ifstream file(store / "wal/00000002", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  LogReader log(std::string_view{bytes});
  REQUIRE(log.next() == LogReadStatus::kRecord);
  CHECK(log.record() == series);
}

TEST_CASE("new series delete the state that lets a server give refs away early", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  const std::string state = store / "wal/series_state.json";
  std::ofstream(state) << R"({"last_series_id": 41, "last_wal_segment": 0, "clean_shutdown": true})";
  store.append({{"a", kNow + 1, 2}});
  CHECK(fs::exists(state));
  store.remove_head();
  store.append({{"b", kNow, 1}});
  CHECK_FALSE(fs::exists(state));
  append_to_segment(store / "wal", 0, {samples_record({{42, kNow + 1, 2}})});
  CHECK(store.text_of_logs() == "a 1700000000000=1 1700000000001=2; b 1700000000000=1 1700000000001=2; ");
}

TEST_CASE("a head that is removed at any time costs nothing", "[tsdb][store]") {
  ClockedStore store;
  StoreWriter writer(store.path(), store.clock, {});
  SampleBatch batch;
  std::string want = "a";
  for (int i = 0; i < 4; ++i) {
    fill_batch(batch, {{"a", kNow + i, 1.0 * i}});
    CHECK(writer.append(batch).samples == 1);
    want += fmt::format(" {}={}", kNow + i, i);
    CHECK(store.text() == want + "; ");
    store.remove_head();
    CHECK(store.text() == want + "; ");
  }
}

TEST_CASE("a late sample of a new series is logged behind its durable series record", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  write_test_block(store.path(), test_meta('1', 0, kNow - 1000), {{"z", {{10, 1}}}});
  const AppendOutcome outcome = store.append({{"old", 5000, 2}});
  CHECK(outcome.samples == 1);
  CHECK(outcome.late == 1);
  CHECK(outcome.new_series == 1);
  CHECK(record_types(store / "wal/00000000") == "1 2 1");
  CHECK(record_types(store / "wbl/00000000") == "2");
  const std::string want = "a 1700000000000=1; old 5000=2; z 10=1; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
}

TEST_CASE("what a foreign block endangers is logged once more, and a rebuilt head shows it", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow - 5000, 1}, {"a", kNow, 2}, {"b", kNow - 4000, 3}});
  write_test_block(store.path(), test_meta('1', kNow - 10'000, kNow - 1000),
                   {{"a", {{kNow - 5000, 1}, {kNow - 3000, 9}}}});
  const std::string want = "a 1699999995000=1 1699999997000=9 1700000000000=2; b 1699999996000=3; ";
  CHECK(store.text() == want);  // whoever reads it before a writer came by
  CHECK(store.append({{"a", kNow + 1, 4}}).samples == 1);
  CHECK(record_types(store / "wbl/00000000") == "2");
  const std::string later = "a 1699999995000=1 1699999997000=9 1700000000000=2 1700000000001=4; b 1699999996000=3; ";
  CHECK(store.text() == later);
  CHECK(store.text_of_logs() == later);
}

TEST_CASE("a full disk takes a batch whole or not at all", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  const auto size = fs::file_size(store / "wal/00000000");
  const ChildOutcome outcome = run_in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 1U << 17U, .rlim_max = 1U << 17U};  // a file of the head that grows is refused
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
      return 1;
    }
    std::vector<std::string> names;
    std::vector<ClockedSample> samples;
    for (int i = 0; i < 5000; ++i) {
      names.push_back(fmt::format("series_{}", i));
    }
    for (const std::string& name : names) {
      samples.push_back({name, kNow, 1});
    }
    try {
      store.append(samples);
      return 2;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kIo) {
        return 3;
      }
    }
    return store.append({{"a", kNow + 1, 2}}).samples == 1 ? 0 : 4;
  });
  CHECK(outcome.exit_code == 0);
  CHECK(fs::file_size(store / "wal/00000000") < size + 100);
  CHECK(store.text() == "a 1700000000000=1 1700000000001=2; ");
  CHECK(store.text_of_logs() == "a 1700000000000=1 1700000000001=2; ");
}

TEST_CASE("what a failed flush has lost is cut off and appended anew by those who wait", "[tsdb][store]") {
  ClockedStore store;
  StoreWriterOptions unsynced;
  unsynced.sync = false;
  store.append({{"a", kNow, 1}});
  StoreWriter waiting(store.path(), store.clock, unsynced);
  SampleBatch batch;
  fill_batch(batch, {{"a", kNow + 1, 2}});
  (void)waiting.append(batch);
  const HeadHome home(store.path(), store / "head", {});
  std::optional<HeadFiles> files = home.open(true);
  files->control().retired.store(kRetiredLost);  // as a flush leaves it that failed
  CHECK(flush_logs(home, *files, waiting.last_commit().number, std::chrono::seconds(1)) == FlushOutcome::kLost);
  CHECK(waiting.append(batch).samples == 1);
  CHECK(files->control().retired.load() == kRetiredCutBack);
  CHECK(store.text_of_logs() == "a 1700000000000=1 1700000000001=2; ");
  CHECK(record_types(store / "wal/00000000") == "1 2 2");
}

TEST_CASE("a failed flush cuts nothing off that a server wrote", "[tsdb][store]") {
  ClockedStore store;
  StoreWriterOptions unsynced;
  unsynced.sync = false;
  store.append({{"a", kNow, 1}});
  store.append({{"a", kNow + 1, 2}}, unsynced);
  write_log_segment(store / "wal", 1, {});
  write_log_segment(store / "wal", 2, {samples_record({{1, kNow + 2, 3}})});
  const HeadHome home(store.path(), store / "head", {});
  {
    const auto writer = home.lock_writer(std::chrono::milliseconds(0));
    std::optional<HeadFiles> files;
    CHECK(home.catch_up(files, kNoTime, {}).foreign);
    files->control().retired.store(kRetiredLost);  // the flush that follows has failed
  }
  CHECK(store.append({{"a", kNow + 3, 4}}).samples == 1);
  CHECK(store.text_of_logs() == "a 1700000000000=1 1700000000001=2 1700000000002=3 1700000000003=4; ");
}

TEST_CASE("a dry run says what would become of a batch and stores nothing", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  StoreWriterOptions options;
  options.dry_run = true;
  const AppendOutcome outcome = store.append({{"a", kNow + 1, 2}, {"a", kNow, 7}, {"b", kNow, 1}}, options);
  CHECK(outcome.samples == 2);
  CHECK(outcome.refused_total() == 1);
  CHECK(outcome.new_series == 1);
  CHECK(store.text() == "a 1700000000000=1; ");
  CHECK(store.text_of_logs() == "a 1700000000000=1; ");
}

TEST_CASE("samples beyond the clock's reach and before the window are refused", "[tsdb][store]") {
  ClockedStore store;
  StoreWriterOptions options;
  CHECK(store.append({{"a", kNow + 600'000, 1}, {"a", kNow + 600'001, 1}}).refused_total() == 1);
  options.ooo_window = std::chrono::hours(1);
  CHECK(store.append({{"a", kNow + 600'000 - 3'600'000, 2}, {"a", kNow + 600'000 - 3'600'001, 3}}, options).late == 1);
  options.ooo_window.reset();
  options.max_ahead = std::chrono::milliseconds::max();
  CHECK(store.append({{"b", INT64_MIN, 2}, {"b", INT64_MAX, 3}}, options).samples == 2);
  CHECK(store.text() == "a 1699997000000=2 1700000600000=1; b -9223372036854775808=2 9223372036854775807=3; ");
}

}  // namespace
}  // namespace mcore
