// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_home.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "support/catch.h"
#include "support/hex.h"
#include "support/temp_folder.h"
#include "support/test_head.h"
#include "support/test_logs.h"
#include "tsdb/log_flush.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;

/// A directory with logs, and a head over them.
struct Bench {
  TempFolder folder;
  std::string store = folder / "store";
  std::string wal = store + "/wal";
  std::string wbl = store + "/wbl";
  Bench() { fs::create_directory(store); }

  [[nodiscard]] HeadHome home() const { return {store, store + "/head", {}}; }
  static std::string text_of(HeadFiles& files) {
    HeadQuerier querier(files, kNoTime);
    return querier_text(querier);
  }
  /// The head as a process finds it, brought forward; `result` tells how.
  std::string text(HeadCatchUp& result, std::int64_t floor_t_ms = kNoTime) const {
    std::optional<HeadFiles> files;
    result = home().catch_up(files, floor_t_ms, {});
    return text_of(*files);
  }
  [[nodiscard]] std::string rebuilt_text() const {
    const HeadHome aside(store, folder / "aside", {});
    std::optional<HeadFiles> files;
    (void)aside.rebuild(files, kNoTime, {});
    return text_of(*files);
  }
};

const std::vector<std::string> kBegin = {series_record({{1, "a"}, {2, "b"}}),
                                         samples_record({{1, 1000, 1}, {2, 1000, 2}})};

TEST_CASE("a head is built from the logs once and brought forward from then on", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  HeadCatchUp result;
  CHECK(bench.text(result) == "a 1000=1; b 1000=2; ");
  CHECK(result.rebuilt);
  CHECK(result.counts.samples == 2);
  CHECK(bench.text(result) == "a 1000=1; b 1000=2; ");
  CHECK_FALSE(result.rebuilt);
  CHECK_FALSE(result.foreign);

  append_to_segment(bench.wal, 0, {samples_record({{1, 2000, 3}})});
  write_log_segment(bench.wbl, 0, {samples_record({{2, 500, 4}})});
  CHECK(bench.text(result) == "a 1000=1 2000=3; b 500=4 1000=2; ");
  CHECK_FALSE(result.rebuilt);
  CHECK(result.foreign);  // the WBL is new
  CHECK(result.counts.samples == 2);
  append_to_segment(bench.wbl, 0, {samples_record({{1, 1500, 5}})});
  CHECK(bench.text(result) == "a 1000=1 1500=5 2000=3; b 500=4 1000=2; ");
  CHECK_FALSE(result.foreign);
  CHECK(bench.rebuilt_text() == "a 1000=1 1500=5 2000=3; b 500=4 1000=2; ");
}

TEST_CASE("no logs make an empty head", "[tsdb][home]") {
  Bench bench;
  HeadCatchUp result;
  CHECK(bench.text(result).empty());
  CHECK(result.rebuilt);
  CHECK(bench.text(result).empty());
  CHECK_FALSE(result.rebuilt);
  write_log_segment(bench.wal, 0, kBegin);
  CHECK(bench.text(result) == "a 1000=1; b 1000=2; ");
  CHECK_FALSE(result.rebuilt);
}

TEST_CASE("a server's segments are taken as they come", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  HeadCatchUp result;
  (void)bench.text(result);
  // It began segments of its own, padded one, gave a label set another ref, and logged a late sample twice.
  write_log_segment(bench.wal, 1, {series_record({{5, "c"}, {6, "a"}}), samples_record({{5, 1500, 1}, {6, 1600, 2}})},
                    true);
  write_log_segment(bench.wal, 2, {});
  write_log_segment(bench.wbl, 0, {marker_record(2), samples_record({{2, 900, 7}, {2, 900, 8}, {2, 1000, 9}})});
  CHECK(bench.text(result) == "a 1000=1 1600=2; b 900=7 1000=9; c 1500=1; ");
  CHECK_FALSE(result.rebuilt);
  CHECK(result.foreign);
  CHECK(bench.rebuilt_text() == "a 1000=1 1600=2; b 900=7 1000=9; c 1500=1; ");
  std::optional<HeadFiles> files = bench.home().open(false);
  REQUIRE(files.has_value());
  CHECK(files->published().next_ref == 7);
  CHECK(files->published().wal.segment == 2);
}

TEST_CASE("what cannot be brought forward is built anew", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  append_to_segment(bench.wal, 0, {samples_record({{1, 2000, 3}})});
  write_log_segment(bench.wbl, 3, {samples_record({{2, 500, 4}})});
  HeadCatchUp result;
  REQUIRE(bench.text(result) == "a 1000=1 2000=3; b 500=4 1000=2; ");
  std::string want;
  SECTION("a WAL that was cut") {
    write_log_segment(bench.wal, 0, kBegin);
    want = "a 1000=1; b 500=4 1000=2; ";
  }
  SECTION("a WAL of the same length with other records") {
    write_log_segment(bench.wal, 0, kBegin);
    append_to_segment(bench.wal, 0, {samples_record({{1, 2000, 4}})});
    want = "a 1000=1 2000=4; b 500=4 1000=2; ";
  }
  SECTION("a checkpoint in the place of segments") {
    write_log_segment(bench.wal + "/checkpoint.00000000", 0,
                      {series_record({{1, "a"}}), samples_record({{1, 2000, 3}})});
    write_log_segment(bench.wal, 1, {});
    fs::remove(bench.wal + "/00000000");
    want = "a 2000=3; ";
  }
  SECTION("a WBL that is gone") {
    fs::remove_all(bench.wbl);
    want = "a 1000=1 2000=3; b 1000=2; ";
  }
  SECTION("a WBL whose first segments were dropped") {
    write_log_segment(bench.wbl, 4, {samples_record({{2, 600, 5}})});
    fs::remove(bench.wbl + "/00000003");
    want = "a 1000=1 2000=3; b 600=5 1000=2; ";
  }
  CHECK(bench.text(result) == want);
  CHECK(result.rebuilt);
  CHECK(bench.text(result) == want);
  CHECK_FALSE(result.rebuilt);
}

TEST_CASE("a torn end waits for who may cut it, and counts nothing", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  const auto whole = fs::file_size(bench.wal + "/00000000");
  append_to_segment(bench.wal, 0, {samples_record({{1, 2000, 3}, {2, 2000, 3}})});
  fs::resize_file(bench.wal + "/00000000", fs::file_size(bench.wal + "/00000000") - 1);
  HeadCatchUp result;
  for (const bool rebuilt : {true, false}) {
    CHECK(bench.text(result) == "a 1000=1; b 1000=2; ");
    CHECK(result.rebuilt == rebuilt);
    CHECK(result.wal_has_tail);
    CHECK_FALSE(result.wbl_has_tail);
    CHECK(bench.home().open(false)->published().wal.offset == whole);
  }
}

TEST_CASE("a record that zeros behind the end of its file would complete is torn", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  const auto whole = fs::file_size(bench.wal + "/00000000");
  append_to_segment(bench.wal, 0, {samples_record({{1, 2000, 0.0}})});
  fs::resize_file(bench.wal + "/00000000", fs::file_size(bench.wal + "/00000000") - 3);
  HeadCatchUp result;
  CHECK(bench.text(result) == "a 1000=1; b 1000=2; ");
  CHECK(result.wal_has_tail);
  CHECK(bench.home().open(false)->published().wal.offset == whole);
}

TEST_CASE("damage in the log stops a writer and is reported to a reader", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  append_to_segment(bench.wal, 0, {samples_record({{1, 2000, 3}}), samples_record({{1, 3000, 4}})});
  std::fstream file(bench.wal + "/00000000", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(bench.wal + "/00000000")) - 40);
  file.put('\x7F');
  file.close();
  HeadCatchUp result;
  CHECK_THROWS_WITH(bench.text(result), Catch::Contains("read log: " + bench.wal + "/00000000 at byte"));
  std::optional<HeadFiles> files;
  std::vector<std::string> damages;
  result = bench.home().catch_up(files, kNoTime, [&](const Error& error) { damages.emplace_back(error.what()); });
  CHECK(result.damages == 1);
  CHECK(damages.size() == 1);
  CHECK(Bench::text_of(*files) == "a 1000=1 3000=4; b 1000=2; ");
}

TEST_CASE("a copy of a directory has no head, and gets its own", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  HeadCatchUp result;
  (void)bench.text(result);
  const std::string copy = bench.folder / "copy";
  fs::copy(bench.store, copy, fs::copy_options::recursive);
  CHECK_FALSE(open_newest_head(copy + "/head", false).has_value());
  const HeadHome home(copy, copy + "/head", {});
  std::optional<HeadFiles> files;
  CHECK(home.catch_up(files, kNoTime, {}).rebuilt);
  CHECK(Bench::text_of(*files) == "a 1000=1; b 1000=2; ");
  // And the original moved elsewhere is still the original.
  fs::rename(bench.store, bench.folder / "moved");
  CHECK(open_newest_head(bench.folder / "moved/head", false).has_value());
}

TEST_CASE("a head of another boot, format or state does not serve", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  HeadCatchUp result;
  (void)bench.text(result);
  std::optional<HeadFiles> files = bench.home().open(true);
  REQUIRE(files.has_value());
  HeadControl& control = files->control();
  SECTION("boot") {
    control.boot[0] = control.boot[0] == 'x' ? 'y' : 'x';
  }
  SECTION("format") {
    ++control.format;
  }
  SECTION("magic") {
    ++control.magic;
  }
  SECTION("ready") {
    control.ready = 0;
  }
  SECTION("retired") {
    control.retired.store(kRetiredReplaced);
  }
  CHECK_FALSE(bench.home().open(false).has_value());
  CHECK(bench.text(result) == "a 1000=1; b 1000=2; ");
  CHECK(result.rebuilt);
}

TEST_CASE("who has a generation that was replaced goes over to the new one", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  const HeadHome home = bench.home();
  std::optional<HeadFiles> old;
  std::optional<HeadFiles> other;
  (void)home.catch_up(old, kNoTime, {});
  (void)home.catch_up(other, kNoTime, {});
  SECTION("replaced") {
    (void)home.rebuild(other, kNoTime, {});
  }
  SECTION("removed") {
    fs::remove_all(bench.store + "/head");
  }
  SECTION("removed and built again") {
    fs::remove_all(bench.store + "/head");
    HeadCatchUp result;
    (void)bench.text(result);
    CHECK(old->control().retired.load() == 0);
  }
  CHECK(Bench::text_of(*old) == "a 1000=1; b 1000=2; ");  // what is mapped stays whole
  append_to_segment(bench.wal, 0, {samples_record({{1, 2000, 3}})});
  REQUIRE(home.lock_writer(std::chrono::milliseconds(0)).has_value());
  (void)home.catch_up(old, kNoTime, {});
  CHECK(old->is_in_place());
  CHECK(Bench::text_of(*old) == "a 1000=1 2000=3; b 1000=2; ");
  REQUIRE(bench.home().open(false).has_value());
  CHECK(bench.home().open(false)->control().inode == old->control().inode);
}

TEST_CASE("a generation that was left half built is removed by the next", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  HeadCatchUp result;
  CHECK_FALSE(bench.home().open(false).has_value());  // makes the folders
  (void)HeadFiles::create(bench.store + "/head/1/building.9.12", 9, {});
  CHECK_FALSE(bench.home().open(false).has_value());
  CHECK(bench.text(result) == "a 1000=1; b 1000=2; ");
  CHECK_FALSE(fs::exists(bench.store + "/head/1/building.9.12"));
  CHECK(fs::exists(bench.store + "/head/1/1/control"));
}

TEST_CASE("a commit of a writer that was killed behind its log record counts", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  HeadCatchUp result;
  (void)bench.text(result);
  {
    std::optional<HeadFiles> files = bench.home().open(true);
    HeadWriter killed(*files, HeadWriter::Mode::kShared);
    killed.begin();
    killed.append(0, 2000, 3);
    (void)head_series(killed, "c");
    append_to_segment(bench.wal, 0, {series_record({{3, "c"}}), samples_record({{1, 2000, 3}, {3, 2000, 4}})});
  }
  CHECK(bench.text(result) == "a 1000=1 2000=3; b 1000=2; c 2000=4; ");
  CHECK_FALSE(result.rebuilt);
  CHECK(bench.rebuilt_text() == "a 1000=1 2000=3; b 1000=2; c 2000=4; ");
}

TEST_CASE("a server that comes takes the floor of a cut back, and what the cut had retired", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  HeadCatchUp result;
  (void)bench.text(result, 0);
  std::optional<HeadFiles> files = bench.home().open(true);
  HeadWriter head(*files, HeadWriter::Mode::kShared);
  head.begin();
  head.next().floor_t_ms = 5000;
  SECTION("a floor") {
    head.publish();
    write_log_segment(bench.wal, 1, {samples_record({{1, 2000, 3}})});
    CHECK(bench.text(result, 0) == "a 1000=1 2000=3; b 1000=2; ");
    CHECK_FALSE(result.rebuilt);
    CHECK(bench.home().open(false)->published().floor_t_ms == 0);
  }
  SECTION("retired series whose records the log still has") {
    head.next().retired_t_ms = 5000;
    head.next().retired_commit = head.next().number;
    head.next().shrink_wal = 0;
    head.publish();
    write_log_segment(bench.wal, 1, {samples_record({{1, 6000, 3}})});
    CHECK(bench.text(result, 0) == "a 1000=1 6000=3; b 1000=2; ");
    CHECK(result.rebuilt);
  }
}

TEST_CASE("a generation of writers begins above the refs that a server keeps", "[tsdb][home]") {
  Bench bench;
  write_log_segment(bench.wal, 0, kBegin);
  fs::create_directory(bench.store + "/chunks_head");
  std::string chunk = unhex("0130bc91 01 000000");
  append_be64(chunk, 41);
  std::ofstream(bench.store + "/chunks_head/000001") << chunk + std::string(17, '\1') + '\0' + std::string(4, '\0');
  HeadCatchUp result;
  (void)bench.text(result);
  CHECK(bench.home().open(false)->published().next_ref == 42);
}

TEST_CASE("the standing of a head to its logs is told from a listing", "[tsdb][home]") {
  HeadCommit commit{};
  commit.checkpoint = 2;
  commit.wal = {.segment = 5, .offset = 100};
  commit.wbl = {.segment = -1};
  const LogState same{.checkpoint = 2, .wal_segment = 5, .wal_size = 100};
  const auto with = [&](auto&& change) {
    LogState state = same;
    change(state);
    return compare_with_logs(commit, state);
  };
  CHECK(compare_with_logs(commit, same) == HeadStanding::kCurrent);
  CHECK(with([](LogState& s) { s.wal_size = 101; }) == HeadStanding::kBehind);
  CHECK(with([](LogState& s) { s.wal_segment = 6; }) == HeadStanding::kForeign);
  CHECK(with([](LogState& s) { s.wal_segment = 6, s.wal_size = 0; }) == HeadStanding::kForeign);
  CHECK(with([](LogState& s) { s.wbl_segment = 0; }) == HeadStanding::kForeign);
  CHECK(with([](LogState& s) { s.wal_size = 99; }) == HeadStanding::kGone);
  CHECK(with([](LogState& s) { s.wal_segment = 4, s.wal_size = 500; }) == HeadStanding::kGone);
  CHECK(with([](LogState& s) { s.checkpoint = 3; }) == HeadStanding::kGone);
  CHECK(with([](LogState& s) { s.checkpoint = -1; }) == HeadStanding::kGone);
}

}  // namespace
}  // namespace mcore
