// SPDX-License-Identifier: Apache-2.0
#include "ingest/bulk_import.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "support/catch.h"
#include "support/child_process.h"
#include "support/stream.h"
#include "support/temp_folder.h"
#include "support/test_blocks.h"
#include "tsdb/block_check.h"
#include "tsdb/block_list.h"
#include "tsdb/store_reader.h"

namespace mcore {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kNow = 1'700'000'000'000;  // 2023-11-14T22:13:20Z; its window began at 22:00
constexpr std::int64_t kWindow = 1'699'999'200'000;
const FixedClock kClock{kNow};
const DamageReport kFail = [](const Error& error) { FAIL_CHECK(error.what()); };

using Lines = std::vector<std::string>;

/// `a 5 1700000000000`
std::string line(const std::string& series, double value, std::int64_t t_ms) {
  return fmt::format("{} {} {}\n", series, value, t_ms);
}

/// A sample every ten minutes from `from_ms` on, before `end_ms`.
std::string steady(const std::string& series, std::int64_t from_ms, std::int64_t end_ms) {
  std::string text;
  for (std::int64_t t_ms = from_ms; t_ms < end_ms; t_ms += 600'000) {
    text += line(series, static_cast<double>(t_ms % 1'000'000'000 / 600'000), t_ms);
  }
  return text;
}

ImportOutcome import_text(const std::string& store, const std::string& text, ImportOptions options = {}) {
  options.on_damage = kFail;
  BulkImport import(store, kClock, std::move(options));
  const PipedBytes pipe(text);
  import.read_stream(pipe.fd(), "data");
  return import.commit();
}

/// `name t=v t=v` of each series of a store, histograms by their count.
Lines content(const std::string& store) {
  StoreReader reader(store, kFail);
  Lines lines;
  SeriesSamples samples;
  for (const auto set = reader.select({}, TimeRange()); set->next();) {
    set->samples(samples);
    std::map<std::int64_t, std::string> all;
    for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
      all[samples.t_ms[i]] = fmt::format("{}", samples.value[i]);
    }
    for (std::size_t i = 0; i < samples.histogram.size(); ++i) {
      all[samples.histogram_t_ms[i]] = fmt::format("h{}", samples.histogram[i].count);
    }
    if (all.empty()) {
      continue;
    }
    lines.push_back(labels_text(set->labels()));
    for (const auto& [t_ms, value] : all) {
      lines.back() += fmt::format(" {}={}", t_ms, value);
    }
  }
  return lines;
}

/// As a server sees the store after a start: the head built from the log, less what blocks are said to hold.
Lines content_for_server(const std::string& store) {
  (void)remove_tree(store + "/head");
  return content(store);
}

Lines content_of_text(const std::string& text) {
  const TempFolder store;
  std::map<std::string, std::map<std::int64_t, std::string>> series;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(one.size() + 1);
    const std::size_t t = one.rfind(' ');
    const std::size_t v = one.rfind(' ', t - 1);
    series[std::string(one.substr(0, v))].emplace(std::stoll(std::string(one.substr(t + 1))),
                                                  std::string(one.substr(v + 1, t - v - 1)));
  }
  Lines lines;
  for (const auto& [name, samples] : series) {
    lines.push_back(name);
    for (const auto& [t_ms, value] : samples) {
      lines.back() += fmt::format(" {}={}", t_ms, value);
    }
  }
  return lines;
}

std::vector<BlockMeta> blocks_of(const std::string& store) {
  std::vector<BlockMeta> metas;
  for (const BlockEntry& entry : list_blocks(store, kFail)) {
    check_block(entry.folder, kFail);
    metas.push_back(entry.meta);
  }
  return metas;
}

void append(const std::string& store, const std::string& series, double value, std::int64_t t_ms) {
  StoreWriter writer(store, kClock, {.sync = false});
  SampleBatch batch;
  const LabelSet labels = test_labels(series);
  BatchSample& sample = batch.add(labels.view());
  sample.value = value;
  sample.t_ms = t_ms;
  REQUIRE(writer.append(batch).samples == 1);
}

TEST_CASE("old data becomes blocks of a new store", "[ingest][import]") {
  const TempFolder folder;
  const std::string store = folder / "new";
  const std::string text =
      steady("a", kWindow - 30 * kHour, kWindow - 20 * kHour) + steady("b", kWindow - 30 * kHour, kWindow - 25 * kHour);
  const ImportOutcome outcome = import_text(store, text);
  CHECK(outcome.read == 90);
  CHECK(outcome.in_blocks == 90);
  CHECK(outcome.log.samples == 0);
  CHECK(outcome.stored() == 90);
  CHECK(outcome.blocks.size() == 5);
  CHECK_FALSE(outcome.stopped);
  CHECK(content(store) == content_of_text(text));
  CHECK(content_for_server(store) == content_of_text(text));
  const std::vector<BlockMeta> blocks = blocks_of(store);
  REQUIRE(blocks.size() == 5);
  CHECK(blocks[0].min_t_ms == kWindow - 30 * kHour);
  CHECK(blocks[0].end_t_ms == kWindow - 28 * kHour - 600'000 + 1);
  CHECK(blocks[0].stats.series == 2);
  CHECK(blocks[0].hints.empty());
  CHECK(path_exists(store + "/wal"));
  CHECK(list_directory(store + "/head/import", true).empty());
}

TEST_CASE("importing the same again adds nothing", "[ingest][import]") {
  const TempFolder store;
  const std::string text = steady("a", kWindow - 9 * kHour, kNow) + steady("b", kWindow - 9 * kHour, kNow);
  const ImportOutcome first = import_text(store.path(), text);
  CHECK(first.stored() == 112);
  const std::size_t blocks = blocks_of(store.path()).size();
  const ImportOutcome second = import_text(store.path(), text);
  CHECK(second.read == 112);
  CHECK(second.stored() == 0);
  CHECK(second.repeated == 112);
  CHECK(blocks_of(store.path()).size() == blocks);
  CHECK(content(store.path()) == content_of_text(text));
}

TEST_CASE("the window that is being filled goes through the log", "[ingest][import]") {
  const TempFolder store;
  const std::string text = steady("a", kWindow - 5 * kHour, kNow);
  const ImportOutcome outcome = import_text(store.path(), text);
  CHECK(outcome.log.samples == 2);  // 22:00 and 22:10
  CHECK(outcome.log.late == 0);
  CHECK(outcome.in_blocks == 30);
  for (const BlockMeta& block : blocks_of(store.path())) {
    CHECK(block.end_t_ms <= kWindow);
  }
  CHECK(content(store.path()) == content_of_text(text));
  CHECK(content_for_server(store.path()) == content_of_text(text));
  // What comes next is in order.
  append(store.path(), "a", 1, kNow);
}

TEST_CASE("no block makes a server forget what only the log holds", "[ingest][import]") {
  const TempFolder store;
  std::string text;
  SECTION("the log is younger than the data") {
    append(store.path(), "live", 1, kNow - kHour);
    text = steady("a", kWindow - 9 * kHour, kNow);
  }
  SECTION("the log is in the middle of the data") {
    append(store.path(), "live", 1, kWindow - 5 * kHour);
    text = steady("a", kWindow - 9 * kHour, kNow);
  }
  SECTION("the log is older than the data") {
    append(store.path(), "live", 1, kNow - 900 * kHour);
    text = steady("a", kWindow - 9 * kHour, kNow);
  }
  SECTION("the log spans the data") {
    append(store.path(), "live", 1, kNow - 3 * kHour);
    append(store.path(), "live", 2, kNow);
    text = steady("a", kWindow - 3 * kHour, kNow - kHour);
  }
  Lines want = content(store.path());
  const ImportOutcome outcome = import_text(store.path(), text);
  CHECK(outcome.stored() == outcome.read);
  const Lines imported = content_of_text(text);
  want.insert(want.begin(), imported.begin(), imported.end());
  CHECK(content(store.path()) == want);
  CHECK(content_for_server(store.path()) == want);
  CHECK(import_text(store.path(), text).stored() == 0);
}

TEST_CASE("a log left behind long ago does not send new data through it", "[ingest][import]") {
  const TempFolder store;
  append(store.path(), "live", 1, kNow - 900 * kHour);
  const ImportOutcome outcome = import_text(store.path(), steady("a", kWindow - 100 * kHour, kWindow - 50 * kHour));
  CHECK(outcome.in_blocks == 300);
  CHECK(outcome.log.samples == 0);
}

TEST_CASE("a sample that others append while blocks are built is not lost", "[ingest][import]") {
  const TempFolder store;
  bool appended = false;
  int looks = -1000;
  ImportOptions options;
  options.stop = [&] {
    if (++looks == 2) {  // the first look is before it is known what becomes blocks
      appended = true;
      append(store.path(), "live", 7, kWindow - 8 * kHour);  // in the middle of a block under way
    }
    return false;
  };
  {
    BulkImport import(store.path(), kClock, options);
    const PipedBytes pipe(steady("a", kWindow - 9 * kHour, kWindow - 7 * kHour));
    import.read_stream(pipe.fd(), "data");
    looks = 0;
    CHECK(import.commit().in_blocks == 12);
  }
  REQUIRE(appended);
  CHECK(blocks_of(store.path()).back().end_t_ms > kWindow - 8 * kHour);
  const std::string live = fmt::format("live {}=7", kWindow - 8 * kHour);
  CHECK(content(store.path()).back() == live);
  CHECK(content_for_server(store.path()).back() == live);
}

TEST_CASE("data in windows that have blocks already is added in new ones", "[ingest][import]") {
  const TempFolder store;
  const std::string first = steady("a", kWindow - 9 * kHour, kWindow - 7 * kHour);
  const std::string second = steady("b", kWindow - 9 * kHour, kWindow - 7 * kHour);
  (void)import_text(store.path(), first);
  CHECK(import_text(store.path(), first + second).stored() == 12);
  CHECK(content(store.path()) == content_of_text(first + second));
  CHECK(content_for_server(store.path()) == content_of_text(first + second));
}

TEST_CASE("another value than the stored one is refused and told", "[ingest][import]") {
  const TempFolder store;
  const std::int64_t t_ms = kWindow - 9 * kHour;
  (void)import_text(store.path(), line("a", 1, t_ms) + line("a", 2, kNow));
  const ImportOutcome outcome = import_text(store.path(), line("a", 5, t_ms) + line("a", 6, kNow));
  CHECK(outcome.stored() == 0);
  CHECK(outcome.refused[static_cast<std::size_t>(Refusal::kOtherValue)] == 2);
  CHECK(outcome.example[static_cast<std::size_t>(Refusal::kOtherValue)] ==
        "a at 2023-11-14T13:00:00Z: 1 is stored, 5 came");
  CHECK(content(store.path()) == Lines{fmt::format("a {}=1 {}=2", t_ms, kNow)});
}

TEST_CASE("lines that cannot be read are told and left out", "[ingest][import]") {
  const TempFolder store;
  const std::int64_t t_ms = kWindow - 9 * kHour;
  Lines faults;
  ImportOptions options;
  options.on_fault = [&](const std::string& source, const StreamFault& fault) {
    faults.push_back(source + ":" + fault.text());
  };
  const std::string text = line("a", 1, t_ms) + "a nonsense\n" + line("b", 2, t_ms) + "c 3\n" + line("d", 4, t_ms);
  SECTION("by themselves") {
    const ImportOutcome outcome = import_text(store.path(), text, options);
    CHECK(outcome.faults == 2);
    CHECK(outcome.stored() == 3);
    CHECK(faults == Lines{"data:2:3: expected a value, found \"nonsense\"", "data:4: the sample has no time: c"});
  }
  SECTION("with everything else, if that is wanted") {
    options.stop_at_fault = true;
    CHECK_THROWS_WITH(import_text(store.path(), text, options),
                      "import: data: 2:3: expected a value, found \"nonsense\"");
    CHECK(blocks_of(store.path()).empty());
    CHECK(list_directory(store / "head/import", true).empty());
  }
}

TEST_CASE("samples too far ahead of the clock are refused", "[ingest][import]") {
  const TempFolder store;
  const std::string text = line("a", 1, kNow + 600'000) + line("a", 2, kNow + 600'001) + line("a", 3, kNow + kHour);
  SECTION("as in every append") {
    const ImportOutcome outcome = import_text(store.path(), text);
    CHECK(outcome.stored() == 1);
    CHECK(outcome.refused[static_cast<std::size_t>(Refusal::kTooFarAhead)] == 2);
  }
  SECTION("unless it is allowed") {
    ImportOptions options;
    options.max_ahead = std::chrono::hours(2);
    CHECK(import_text(store.path(), text, options).stored() == 3);
  }
}

TEST_CASE("every format brings the same samples", "[ingest][import]") {
  const std::int64_t t_ms = kWindow - 9 * kHour;
  const std::string text = GENERATE_COPY(
      as<std::string>(), fmt::format("a{{x=\"1\"}} 1 {0}\na{{x=\"1\"}} 2.5 {1}\n", t_ms, t_ms + 1000),
      fmt::format("# TYPE a gauge\na{{x=\"1\"}} 1 {0}.000\na{{x=\"1\"}} 2.5 {1}\n# EOF\n", t_ms / 1000,
                  t_ms / 1000 + 1),
      fmt::format("{{\"metric\":{{\"__name__\":\"a\",\"x\":\"1\"}},\"values\":[1,2.5],\"timestamps\":[{},{}]}}\n", t_ms,
                  t_ms + 1000),
      fmt::format("metric,x,time,value\na,1,{},1\na,1,{},2.5\n", t_ms, t_ms + 1000));
  const TempFolder store;
  const ImportOutcome outcome = import_text(store.path(), text);
  CHECK(outcome.faults == 0);
  CHECK(outcome.stored() == 2);
  CHECK(content(store.path()) == Lines{fmt::format("a{{x=\"1\"}} {}=1 {}=2.5", t_ms, t_ms + 1000)});
}

TEST_CASE("a store and a block can be imported", "[ingest][import]") {
  const TempFolder from;
  const std::string text = steady("a", kWindow - 50 * kHour, kNow);  // in blocks, and in the log
  (void)import_text(from.path(), text);
  const TempFolder store;
  SECTION("a store") {
    BulkImport import(store.path(), kClock, {});
    import.read_store(from.path());
    CHECK(import.commit().stored() == 302);
    CHECK(content(store.path()) == content(from.path()));
  }
  SECTION("a block") {
    const BlockEntry block = list_blocks(from.path(), kFail).front();
    BulkImport import(store.path(), kClock, {});
    import.read_store(block.folder);
    CHECK(import.commit().stored() == 12);
    CHECK(block_text(store / blocks_of(store.path()).front().ulid) == block_text(block.folder));
  }
  SECTION("itself") {
    BulkImport import(from.path(), kClock, {});
    import.read_store(from.path());
    CHECK(import.commit().stored() == 0);
  }
}

TEST_CASE("little memory makes no difference", "[ingest][import]") {
  std::string text;
  for (int i = 0; i < 400; ++i) {
    text += steady(fmt::format("m{{i=\"{}\"}}", i), kWindow - 29 * kHour, kWindow - 9 * kHour);
  }
  if (GENERATE(false, true)) {  // by time
    Lines rows;
    for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
      rows.emplace_back(rest.substr(0, rest.find('\n') + 1));
    }
    std::ranges::stable_sort(rows, {}, [](const std::string& row) { return row.substr(row.rfind(' ')); });
    text.clear();
    for (const std::string& row : rows) {
      text += row;
    }
  }
  const TempFolder store;
  ImportOptions options;
  options.memory = 100'000;
  options.sync = false;
  const ImportOutcome outcome = import_text(store.path(), text, options);
  CHECK(outcome.in_blocks == 48'000);
  CHECK(outcome.blocks.size() == 11);
  CHECK(content(store.path()) == content_of_text(text));
}

TEST_CASE("an import that was killed leaves nothing behind, and goes on when run again", "[ingest][import]") {
  const TempFolder store;
  const std::string text = steady("a", kWindow - 30 * kHour, kWindow - 20 * kHour);
  SECTION("before its blocks are in place") {
    const ChildOutcome child = run_in_child([&] {
      BulkImport import(store.path(), kClock, {.stop = [reads = 0]() mutable {
                          // The first looks are made while reading, the later ones while blocks are built.
                          return ++reads > 3 && ::raise(SIGKILL) == 0;
                        }});
      const PipedBytes pipe(text);
      import.read_stream(pipe.fd(), "data");
      (void)import.commit();
      return 0;
    });
    CHECK(child.signal == SIGKILL);
    CHECK(blocks_of(store.path()).empty());
    CHECK(list_directory(store / "head/import").size() == 1);
    CHECK(import_text(store.path(), text).in_blocks == 60);
    CHECK(list_directory(store / "head/import").empty());
  }
  SECTION("while they are put in place") {
    (void)import_text(store.path(), text);
    for (const std::size_t i : {1, 3}) {
      REQUIRE(remove_tree(store / blocks_of(store.path())[i].ulid));
    }
    CHECK(import_text(store.path(), text).in_blocks == 24);
  }
  CHECK(content(store.path()) == content_of_text(text));
  CHECK(blocks_of(store.path()).size() == 5);
}

TEST_CASE("an import that is stopped stores nothing", "[ingest][import]") {
  const TempFolder store;
  bool stop = false;
  BulkImport import(store.path(), kClock, {.stop = [&] { return stop; }});
  const PipedBytes pipe(steady("a", kWindow - 30 * kHour, kWindow - 20 * kHour));
  import.read_stream(pipe.fd(), "data");
  stop = true;
  const ImportOutcome outcome = import.commit();
  CHECK(outcome.stopped);
  CHECK(outcome.stored() == 0);
  CHECK(blocks_of(store.path()).empty());
}

TEST_CASE("progress is told", "[ingest][import]") {
  const TempFolder store;
  const std::string text = steady("a", kWindow - 30 * kHour, kWindow - 20 * kHour);
  std::uint64_t bytes = 0;
  ImportOptions options;
  options.on_progress = [&](const ImportProgress& progress) {
    CHECK(progress.source == "data");
    bytes = progress.bytes;
  };
  (void)import_text(store.path(), text, options);
  CHECK(bytes == text.size());
}

}  // namespace
}  // namespace mcore
