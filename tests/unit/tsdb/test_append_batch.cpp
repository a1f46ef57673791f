// SPDX-License-Identifier: Apache-2.0
#include "tsdb/append_batch.h"

#include <limits>
#include <string>
#include <vector>

#include "base/number_text.h"
#include "support/catch.h"
#include "support/clocked_store.h"
#include "support/test_blocks.h"
#include "support/test_head.h"
#include "tsdb/log_reader.h"

namespace mcore {
namespace {

constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kNow = 100'000;
const double kStale = std::bit_cast<double>(kStaleNanBits);

/// A head with a store's blocks beside it; each batch is a commit.
class Bench {
 public:
  Bench() { std::filesystem::create_directory(folder_.path() + "/store"); }
  AppendRules rules{.newest_t_ms = kNow};
  std::string wal;  // the records of the last batch, by type: "1 2 2" is series, samples, samples
  std::string wbl;
  bool needed_durable_series = false;

  [[nodiscard]] std::string store() const { return folder_.path() + "/store"; }
  AppendOutcome append(const SampleBatch& batch, std::int64_t floor_t_ms = kFirst) {
    HeadWriter head(test_.files(), HeadWriter::Mode::kShared);
    head.begin();
    (void)blocks_.refresh();
    AppendBatch job(test_.files(), head, blocks_, rules);
    job.raise_floor(floor_t_ms);
    job.apply(batch);
    wal = types_of(job.wal());
    wbl = types_of(job.wbl());
    needed_durable_series = job.needs_durable_series();
    head.publish();
    return job.outcome();
  }
  AppendOutcome append(const std::vector<ClockedSample>& samples, std::int64_t floor_t_ms = kFirst) {
    SampleBatch batch;
    fill_batch(batch, samples);
    return append(batch, floor_t_ms);
  }
  /// Deletes from the first series.
  void erase(std::int64_t min_t_ms, std::int64_t max_t_ms) {
    HeadWriter head(test_.files(), HeadWriter::Mode::kShared);
    head.begin();
    head.set_tombstones({{.series = 0, .min_t_ms = min_t_ms, .max_t_ms = max_t_ms}});
    head.publish();
  }
  [[nodiscard]] std::string text() { return test_.text(); }
  [[nodiscard]] HeadFiles& files() { return test_.files(); }

 private:
  static std::string types_of(const AppendRecords& records) {
    std::string types;
    records.each([&](const std::string& record) {
      types += fmt::format("{}{}", types.empty() ? "" : " ", static_cast<int>(record[0]));
    });
    CHECK(records.empty() == types.empty());
    return types;
  }

  TempFolder folder_;
  TestHead test_;
  StoreBlocks blocks_{folder_.path() + "/store", [](const Error& error) { throw Error(error); }};
};

std::uint64_t refused(const AppendOutcome& outcome, Refusal why) {
  return outcome.refused[static_cast<std::size_t>(why)];
}
const std::string& example(const AppendOutcome& outcome, Refusal why) {
  return outcome.example[static_cast<std::size_t>(why)];
}

TEST_CASE("new series are logged before their samples, known ones not again", "[tsdb][append]") {
  Bench bench;
  AppendOutcome outcome = bench.append({{"a", 10, 1}, {"b", 10, 2}});
  CHECK(outcome.samples == 2);
  CHECK(outcome.new_series == 2);
  CHECK(bench.wal == "1 2");
  CHECK(bench.wbl.empty());
  outcome = bench.append({{"b", 20, 3}, {"a", 20, 4}});
  CHECK(outcome.new_series == 0);
  CHECK(bench.wal == "2");
  CHECK(bench.text() == "a 10=1 20=4; b 10=2 20=3; ");
}

TEST_CASE("a sample that is stored already is repeated, another value at its time refused", "[tsdb][append]") {
  const Histogram h1 = test_histogram(1);
  const Histogram h2 = test_histogram(2);
  const Histogram gauge = [] {
    Histogram h = test_histogram(1);
    h.hint = CounterResetHint::kGauge;
    return h;
  }();
  Bench bench;
  SampleBatch batch;
  std::vector<ClockedSample> many;
  for (int i = 1; i <= 600; ++i) {  // more than one slab
    many.push_back({"a", i * 10, 1.0 * (i % 5)});
  }
  bench.append(many);
  bench.append({{"a", 15, 7}, {"h", 10, 0, &h1}, {"h", 5, 0, &h2}, {"zero", 10, 0.0}});

  struct Case {
    ClockedSample sample;
    bool repeated;
    std::string_view example;
  };
  const Case cases[] = {
      {{"a", 6000, 0}, true, ""},
      {{"a", 6000, 1}, false, "a at 1970-01-01T00:00:06Z: 0 is stored, 1 came"},
      {{"a", 10, 1}, true, ""},  // in a slab that is closed
      {{"a", 10, 2}, false, "a at 1970-01-01T00:00:00.010Z: 1 is stored, 2 came"},
      {{"a", 15, 7}, true, ""},  // late itself
      {{"a", 15, 8}, false, "a at 1970-01-01T00:00:00.015Z: 7 is stored, 8 came"},
      {{"h", 10, 0, &h1}, true, ""},
      {{"h", 10, 0, &gauge}, true, ""},  // what is said of resets does not count
      {{"h", 10, 0, &h2}, false, "h at 1970-01-01T00:00:00.010Z: a histogram differs"},
      {{"h", 5, 0, &h2}, true, ""},
      {{"h", 5, 2}, false, "h at 1970-01-01T00:00:00.005Z: a histogram differs"},
      {{"a", 10, 0, &h1}, false, "a at 1970-01-01T00:00:00.010Z: a histogram differs"},
      {{"zero", 10, -0.0}, false, "zero at 1970-01-01T00:00:00.010Z: 0 is stored, -0 came"},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.sample.name << " " << c.sample.t_ms << " " << c.sample.value << " " << c.example) {
      const AppendOutcome outcome = bench.append({c.sample});
      CHECK(outcome.samples == 0);
      CHECK(outcome.repeated == (c.repeated ? 1 : 0));
      CHECK(outcome.refused_total() == (c.repeated ? 0 : 1));
      CHECK(example(outcome, Refusal::kOtherValue) == c.example);
      CHECK(bench.wal.empty());
      CHECK(bench.wbl.empty());
    }
  }
}

TEST_CASE("a batch is compared with itself too", "[tsdb][append]") {
  Bench bench;
  const AppendOutcome outcome = bench.append({{"a", 10, 1}, {"a", 10, 1}, {"a", 10, 2}, {"a", 5, 3}, {"a", 5, 3}});
  CHECK(outcome.samples == 2);
  CHECK(outcome.late == 1);
  CHECK(outcome.repeated == 2);
  CHECK(refused(outcome, Refusal::kOtherValue) == 1);
  CHECK(bench.text() == "a 5=3 10=1; ");
}

TEST_CASE("many late samples of one series are each compared with all of them", "[tsdb][append]") {
  constexpr int kMany = 30'000;
  Bench bench;
  bench.append({{"a", kMany, 0}});
  std::vector<ClockedSample> batch;
  for (int i = kMany - 1; i >= 0; --i) {
    batch.push_back({"a", i, 1.0 * i});
  }
  CHECK(bench.append(batch).late == kMany);
  batch.push_back({"a", 7, -1});
  batch.push_back({"a", -1, 5});
  batch.push_back({"a", -1, 6});
  const AppendOutcome outcome = bench.append(batch);
  CHECK(outcome.repeated == kMany);
  CHECK(refused(outcome, Refusal::kOtherValue) == 2);
  CHECK(outcome.late == 1);
}

TEST_CASE("a late sample is compared with what blocks hold at its time", "[tsdb][append]") {
  Bench bench;
  write_test_block(bench.store(), test_meta('1', 0, 1000), {{"a", {{10, 1}, {20, 2}}}});
  bench.append({{"a", 5000, 9}});
  AppendOutcome outcome = bench.append({{"a", 10, 1}, {"a", 20, 3}, {"a", 30, 4}, {"b", 10, 5}}, 1000);
  CHECK(outcome.repeated == 1);
  CHECK(example(outcome, Refusal::kOtherValue) == "a at 1970-01-01T00:00:00.020Z: 2 is stored, 3 came");
  CHECK(outcome.late == 2);
  CHECK(bench.wal == "1");  // the series b
  CHECK(bench.wbl == "2");
  CHECK(bench.text() == "a 30=4 5000=9; b 10=5; ");
}

TEST_CASE("samples before the floor are late although they are the series' newest", "[tsdb][append]") {
  Bench bench;
  const AppendOutcome outcome = bench.append({{"a", 999, 1}, {"a", 1000, 2}}, 1000);
  CHECK(outcome.samples == 2);
  CHECK(outcome.late == 1);
  CHECK(bench.files().published().floor_t_ms == 1000);
}

TEST_CASE("the rules of time: too far ahead, too old, the earliest of all", "[tsdb][append]") {
  Bench bench;
  bench.append({{"a", kNow, 1}});
  AppendOutcome outcome = bench.append({{"a", kNow + 1, 2}, {"new", kNow + 1, 2}});
  CHECK(refused(outcome, Refusal::kTooFarAhead) == 2);
  CHECK(example(outcome, Refusal::kTooFarAhead) == "a at 1970-01-01T00:01:40.001Z");
  CHECK(outcome.new_series == 0);
  bench.rules.oldest_t_ms = 50'000;
  outcome = bench.append({{"a", 50'000, 3}, {"a", 49'999, 4}});
  CHECK(outcome.late == 1);
  CHECK(refused(outcome, Refusal::kTooOld) == 1);
  bench.rules.oldest_t_ms.reset();
  outcome = bench.append({{"a", kFirst, 5}, {"new", kFirst, 6}});
  CHECK(outcome.late == 2);
  outcome = bench.append({{"a", kFirst, 5}, {"new", kFirst, 7}});
  CHECK(outcome.repeated == 1);
  CHECK(refused(outcome, Refusal::kOtherValue) == 1);
  CHECK(bench.text() == "a -9223372036854775808=5 50000=3 100000=1; new -9223372036854775808=6; ");
}

TEST_CASE("labels and histograms that are none are refused", "[tsdb][append]") {
  const std::string long_value(9U << 20U, 'x');
  SampleBatch batch;
  const auto add = [&](const LabelSet& labels) { batch.add(labels.view()).t_ms = 10; };
  add(LabelSet());
  add(test_label_set({{"a", "1"}, {"a", "2"}}));
  add(test_label_set({{"a", "\xFF"}}));
  add(test_label_set({{"\xFF", "1"}}));
  add(test_label_set({{"", "1"}}));
  add(test_label_set({{"a", long_value}, {"b", long_value}}));
  Histogram wrong = test_histogram(1);
  wrong.count = 5;
  add(test_label_set({{"a", "1"}}));
  batch.set_histogram(wrong);
  Bench bench;
  const AppendOutcome outcome = bench.append(batch);
  CHECK(refused(outcome, Refusal::kBadLabels) == 6);
  CHECK(refused(outcome, Refusal::kBadHistogram) == 1);
  CHECK(example(outcome, Refusal::kBadLabels) == "{} at 1970-01-01T00:00:00.010Z: no labels");
  CHECK(example(outcome, Refusal::kBadHistogram).starts_with("{a=\"1\"} at 1970-01-01T00:00:00.010Z: "));
  CHECK(outcome.samples == 0);
  CHECK(bench.wal.empty());
  CHECK(refusal_text(Refusal::kBadLabels) == "bad labels");
}

TEST_CASE("a stale marker of a histogram series is a histogram", "[tsdb][append]") {
  const Histogram h = test_histogram(1);
  Histogram stale = test_histogram(kStale, true);
  stale.positive_counts.clear();  // its parts do not agree, and do not matter
  Bench bench;
  bench.append({{"h", 10, 0, &h}, {"f", 10, 1}});
  const AppendOutcome outcome = bench.append({{"h", 20, kStale}, {"f", 20, kStale}, {"g", 20, 0, &stale}});
  CHECK(outcome.samples == 3);
  CHECK(bench.wal == "1 2 7 8");
  CHECK(bench.text() == "f 10=1 20=stale; g 20=hstale; h 10=h1 20=hstale; ");
  CHECK(bench.append({{"h", 20, kStale}, {"g", 20, 0, &stale}}).repeated == 2);
}

TEST_CASE("a deleted time takes no samples", "[tsdb][append]") {
  Bench bench;
  bench.append({{"a", 10, 1}, {"b", 10, 1}});
  bench.erase(20, 30);
  const AppendOutcome outcome = bench.append({{"a", 20, 2}, {"a", 30, 2}, {"a", 31, 3}, {"a", 19, 4}, {"b", 20, 5}});
  CHECK(refused(outcome, Refusal::kDeleted) == 2);
  CHECK(example(outcome, Refusal::kDeleted) == "a at 1970-01-01T00:00:00.020Z");
  CHECK(bench.text() == "a 10=1 19=4 31=3; b 10=1 20=5; ");
}

TEST_CASE("late samples wait until the record of their series is on the disk", "[tsdb][append]") {
  Bench bench;
  bench.rules.durable_series = 0;
  bench.append({{"a", 20, 1}});
  CHECK_FALSE(bench.needed_durable_series);
  bench.append({{"a", 10, 1}});
  CHECK(bench.needed_durable_series);
  bench.rules.durable_series = 1;
  bench.append({{"a", 11, 1}});
  CHECK_FALSE(bench.needed_durable_series);
  bench.append({{"b", 50, 1}}, 100);  // a floor makes it late, and a late again
  CHECK(bench.needed_durable_series);
}

TEST_CASE("a block that others brought makes what it endangers late", "[tsdb][append]") {
  const Histogram h = test_histogram(3);
  Bench bench;
  bench.append({{"a", 10, 1}, {"a", 20, 2}, {"a", 2000, 3}, {"b", 30, 4}, {"h", 40, 0, &h}, {"c", 50, 5}});
  write_test_block(bench.store(), test_meta('1', 0, 1000), {{"a", {{20, 2}, {25, 9}}}});
  const AppendOutcome outcome = bench.append(std::vector<ClockedSample>{}, 1000);
  CHECK(outcome.samples == 0);
  CHECK(bench.wbl == "2 7");
  HeadQuerier querier(bench.files(), 1000);
  CHECK(querier_text(querier) == "a 10=1 2000=3; b 30=4; c 50=5; h 40=h3; ");
  bench.append(std::vector<ClockedSample>{}, 1000);
  CHECK(bench.wbl.empty());  // once is enough
}

TEST_CASE("a floor that a cut has raised does not count as covered", "[tsdb][append]") {
  Bench bench;
  bench.append({{"a", 10, 1}});
  HeadWriter head(bench.files(), HeadWriter::Mode::kShared);
  head.begin();
  head.next().floor_t_ms = 5000;
  head.publish();
  bench.append(std::vector<ClockedSample>{}, 1000);
  CHECK(bench.wbl == "2");
  CHECK(bench.files().published().floor_t_ms == 5000);
  CHECK(bench.files().published().in_blocks_t_ms == 1000);
}

TEST_CASE("metadata is logged when it is new or has changed, exemplars with their samples", "[tsdb][append]") {
  SampleBatch batch;
  const auto fill = [&](std::int64_t t_ms, std::string_view help) {
    batch.clear();
    MetricFamily& family = batch.family("a");
    family.type = MetricType::kCounter;
    family.has_type = true;
    family.help = help;
    family.has_help = true;
    BatchSample& sample = batch.add(test_label_set({{kNameLabel, "a"}}).view());
    sample.t_ms = t_ms;
    sample.family = 1;
    batch.add_exemplar({.labels = test_label_set({{"trace_id", "x"}}), .value = 1, .timestamp_ms = {}});
  };
  Bench bench;
  fill(10, "help");
  bench.append(batch);
  CHECK(bench.wal == "1 6 2 4");
  fill(20, "help");
  bench.append(batch);
  CHECK(bench.wal == "2 4");
  fill(20, "other help");
  bench.append(batch);  // repeated: its exemplar is known too
  CHECK(bench.wal == "6");
}

TEST_CASE("a batch that is too much for one record is logged in several", "[tsdb][append]") {
  AppendRecords records;
  const std::string long_value(6U << 20U, 'x');
  const LabelSet labels = test_label_set({{"a", long_value}});
  for (std::uint64_t ref = 1; ref <= 4; ++ref) {
    records.add_series(ref, labels.view());
  }
  for (std::uint64_t i = 0; i < 2'000'000; ++i) {
    records.add_sample(1, static_cast<std::int64_t>(i), 1);
  }
  std::string types;
  std::size_t samples = 0;
  records.each([&](const std::string& record) {
    types += std::to_string(static_cast<int>(record[0])) + " ";
    CHECK(record.size() < (24U << 20U));
    SampleRecordDecoder decoder;
    if (log_record_type(record) == LogRecordType::kSamples) {
      REQUIRE(decoder.decode(LogRecordType::kSamples, log_record_body(record)));
      samples += decoder.samples().size();
    }
  });
  CHECK(types == "1 1 2 2 ");
  CHECK(samples == 2'000'000);
  records.clear();
  CHECK(records.empty());
}

}  // namespace
}  // namespace mcore
