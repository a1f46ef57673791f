// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_applier.h"

#include <limits>
#include <string>
#include <vector>

#include "base/number_text.h"
#include "support/catch.h"
#include "support/histogram_samples.h"
#include "support/temp_folder.h"
#include "support/test_head.h"
#include "support/test_logs.h"

namespace mcore {
namespace {

constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
const double kStale = std::bit_cast<double>(kStaleNanBits);

/// A head that is being built from records.
class Replay {
 public:
  explicit Replay(std::int64_t floor_t_ms = kNoTime) { begin(floor_t_ms); }
  Replay(const std::vector<std::string>& wal, const std::vector<std::string>& wbl = {}) {
    begin(kNoTime);
    for (const std::string& record : wal) {
      CHECK(applier_.apply_wal(record));
    }
    for (const std::string& record : wbl) {
      CHECK(applier_.apply_wbl(record));
    }
  }
  [[nodiscard]] LogApplier& applier() noexcept { return applier_; }
  [[nodiscard]] HeadWriter& head() noexcept { return head_; }
  [[nodiscard]] std::string text() {
    applier_.finish();
    head_.publish();
    HeadQuerier querier(files_, kNoTime);
    return querier_text(querier);
  }

 private:
  void begin(std::int64_t floor_t_ms) {
    head_.begin();
    head_.next().floor_t_ms = floor_t_ms;
  }

  TempFolder folder_;
  HeadFiles files_ = HeadFiles::create(folder_ / "1", 1, {});
  HeadWriter head_{files_, HeadWriter::Mode::kBuilding};
  LogApplier applier_{head_};
};

TEST_CASE("records are replayed by a server's rules", "[tsdb][head]") {
  struct Case {
    std::string_view name;
    std::vector<std::string> wal;
    std::vector<std::string> wbl;
    std::string_view want;
  };
  const std::string ab = series_record({{1, "a"}, {2, "b"}});
  const Case cases[] = {
      {"nothing", {}, {}, ""},
      {"samples behind their series",
       {ab, samples_record({{1, 10, 1}, {2, 10, 2}, {1, 20, 3}})},
       {},
       "a 10=1 20=3; b 10=2; "},
      {"samples before their series are dropped",
       {samples_record({{1, 10, 1}}), ab, samples_record({{1, 20, 2}})},
       {},
       "a 20=2; "},
      {"what is not newer is dropped",
       {ab, samples_record({{1, 20, 1}, {1, 20, 2}, {1, 10, 3}, {1, 30, 4}})},
       {},
       "a 20=1 30=4; "},
      {"late samples of any age",
       {ab, samples_record({{1, 20, 1}})},
       {samples_record({{1, 10, 2}, {2, kFirst, 3}})},
       "a 10=2 20=1; b -9223372036854775808=3; "},
      {"of late samples at one time the first counts", {ab}, {samples_record({{1, 10, 2}, {1, 10, 3}})}, "a 10=2; "},
      {"a late sample displaces one in order",
       {ab, samples_record({{1, 10, 1}})},
       {samples_record({{1, 10, 2}})},
       "a 10=2; "},
      {"late samples of unknown series are dropped", {ab}, {samples_record({{3, 10, 2}})}, ""},
      {"a second record for the labels is an alias and discards nothing",
       {ab, samples_record({{1, 10, 1}}), series_record({{7, "a"}}), samples_record({{7, 20, 2}, {1, 30, 3}})},
       {samples_record({{7, 5, 4}})},
       "a 5=4 10=1 20=2 30=3; "},
      {"the same record again changes nothing",
       {ab, samples_record({{1, 10, 1}}), ab, samples_record({{1, 20, 2}})},
       {},
       "a 10=1 20=2; "},
      {"a ref that is taken makes no second series",
       {series_record({{1, "a"}, {1, "b"}}), samples_record({{1, 10, 1}})},
       {},
       "a 10=1; "},
      {"ref 0 names no series", {series_record({{0, "a"}}), samples_record({{0, 10, 1}})}, {}, ""},
      {"large refs are series like others",
       {series_record({{UINT64_MAX, "a"}, {std::uint64_t{1} << 40U, "b"}}),
        samples_record({{UINT64_MAX, 10, 1}, {std::uint64_t{1} << 40U, 10, 2}})},
       {},
       "a 10=1; b 10=2; "},
      {"times at the ends",
       {ab, samples_record({{1, kFirst, 1}, {1, kFirst + 1, 2}, {1, kLast, 3}})},
       {},
       "a -9223372036854775807=2 9223372036854775807=3; "},
      {"a tombstone hides what comes later too",
       {ab, samples_record({{1, 10, 1}, {1, 20, 2}}), tombstone_record(1, 20, 30),
        samples_record({{1, 30, 3}, {1, 40, 4}})},
       {samples_record({{1, 25, 5}, {1, 5, 6}})},
       "a 5=6 10=1 40=4; "},
      {"a tombstone from the beginning of time is one like others",
       {ab, samples_record({{1, 10, 1}, {1, 20, 2}}), tombstone_record(1, kFirst, 10)},
       {},
       "a 20=2; "},
      {"a tombstone that ends before it begins hides nothing",
       {ab, samples_record({{1, 10, 1}, {1, 20, 2}}), tombstone_record(1, 30, 20)},
       {},
       "a 10=1 20=2; "},
      {"a tombstone over all time takes the series out",
       {ab, samples_record({{1, 10, 1}, {2, 10, 1}}), tombstone_record(1, kFirst, kLast), samples_record({{1, 20, 2}}),
        series_record({{9, "a"}}), samples_record({{9, 5, 3}})},
       {},
       "a 5=3; b 10=1; "},
      {"and its ref may be that of a new one",
       {ab, samples_record({{1, 10, 1}}), tombstone_record(1, kFirst, kLast), ab, samples_record({{1, 5, 3}})},
       {},
       "a 5=3; "},
      {"histograms",
       {ab, histogram_record(1, 10, test_histogram(1)), histogram_record(1, 20, test_histogram(2, true))},
       {histogram_record(1, 15, test_histogram(3))},
       "a 10=h1 15=h3 20=h2; "},
      {"a float stale marker behind a histogram is a histogram's",
       {ab, histogram_record(1, 10, test_histogram(1)), samples_record({{1, 20, kStale}, {2, 20, kStale}})},
       {},
       "a 10=h1 20=hstale; b 20=stale; "},
      {"markers, exemplars, unknown and empty records are passed over",
       {ab, exemplar_record(1, 5), std::string("\x7F???"), "", samples_record({{1, 10, 1}})},
       {marker_record(1), series_record({{3, "c"}}), samples_record({{1, 5, 2}, {3, 5, 2}})},
       "a 5=2 10=1; "},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      CHECK(Replay(c.wal, c.wbl).text() == c.want);
    }
  }
}

TEST_CASE("what a replay drops is counted", "[tsdb][head]") {
  Replay replay(100);
  REQUIRE(replay.applier().apply_wal(series_record({{1, "a"}})));
  REQUIRE(replay.applier().apply_wal(samples_record({{1, 99, 1}, {1, 100, 2}, {1, 100, 3}, {1, 101, 4}, {5, 100, 5}})));
  REQUIRE(replay.applier().apply_wbl(samples_record({{1, 1, 6}, {6, 1, 7}})));
  const LogApplyCounts counts = replay.applier().counts();
  CHECK(counts.series == 1);
  CHECK(counts.samples == 3);
  CHECK(counts.before_floor == 1);
  CHECK(counts.out_of_order == 1);
  CHECK(counts.unknown_refs == 2);
  CHECK(replay.text() == "a 1=6 100=2 101=4; ");
}

TEST_CASE("a ref that anything in a log has is not given away again", "[tsdb][head]") {
  LabelBuilder twice;
  twice.add("x", "1");
  twice.add("x", "2");
  std::string broken;
  begin_record(broken, LogRecordType::kSeries);
  append_series(broken, 40, twice.build());
  std::string bare;
  begin_record(bare, LogRecordType::kSeries);
  append_series(bare, 41, {});
  struct Case {
    std::string record;
    bool in_wbl;
    std::uint64_t want_next_ref;
  };
  const Case cases[] = {
      {series_record({{30, "b"}}), false, 31},
      {series_record({{31, "a"}}), false, 32},  // an alias
      {samples_record({{32, 1, 1}}), false, 33},
      {samples_record({{33, 1, 1}}), true, 34},
      {histogram_record(34, 1, test_histogram(1)), false, 35},
      {histogram_record(35, 1, test_histogram(1)), true, 36},
      {tombstone_record(36, 1, 2), false, 37},
      {exemplar_record(37, 1), false, 38},
      {metadata_record(38, MetricType::kGauge, "help"), false, 39},
      {marker_record(39), true, 40},
      {broken, false, 41},
      {bare, false, 42},
      {samples_record({{std::uint64_t{1} << 40U, 1, 1}}), false, 2},
      {samples_record({{UINT64_MAX, 1, 1}}), true, 2},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.want_next_ref) {
      Replay replay;
      REQUIRE(replay.applier().apply_wal(series_record({{1, "a"}})));
      CHECK((c.in_wbl ? replay.applier().apply_wbl(c.record) : replay.applier().apply_wal(c.record)));
      CHECK(replay.head().next().next_ref == c.want_next_ref);
    }
  }
}

TEST_CASE("a label given twice, even one with an empty name, makes no series", "[tsdb][head]") {
  for (const std::string_view name : {"x", ""}) {
    std::string record;
    begin_record(record, LogRecordType::kSeries);
    append_be64(record, 1);
    append_uvarint(record, 2);
    for (const std::string_view text : {name, std::string_view("1"), name, std::string_view("2")}) {
      append_ustr(record, text);
    }
    CAPTURE(name);
    CHECK(Replay({record, samples_record({{1, 10, 1}})}).text().empty());
  }
}

TEST_CASE("labels that are not sorted, or empty, make the series that they mean", "[tsdb][head]") {
  std::string record;
  begin_record(record, LogRecordType::kSeries);
  append_be64(record, 1);
  append_uvarint(record, 3);
  for (const std::string_view text : {"b", "2", "a", "1", "c", ""}) {
    append_ustr(record, text);
  }
  Replay replay({record, samples_record({{1, 10, 1}})});
  CHECK(replay.text() == "{a=\"1\", b=\"2\"} 10=1; ");
}

TEST_CASE("a label set of 16 MiB is passed over with its samples", "[tsdb][head]") {
  const std::string long_value(9U << 20U, 'x');
  std::string record;
  begin_record(record, LogRecordType::kSeries);
  append_series(record, 1, test_label_set({{"a", long_value}, {"b", long_value}}).view());
  append_series(record, 2, test_label_set({{"a", "1"}}).view());
  Replay replay({record, samples_record({{1, 10, 1}, {2, 10, 2}})});
  CHECK(replay.head().next().next_ref == 3);
  CHECK(replay.text() == "{a=\"1\"} 10=2; ");
}

TEST_CASE("a histogram whose spans and buckets disagree is dropped", "[tsdb][head]") {
  Histogram wrong = test_histogram(1);
  wrong.positive_counts.push_back(1);
  Replay replay({series_record({{1, "a"}}), histogram_record(1, 10, wrong), histogram_record(1, 20, test_histogram(2))},
                {histogram_record(1, 5, wrong)});
  CHECK(replay.text() == "a 20=h2; ");
}

TEST_CASE("a record that does not decode is said, and what stood before counts", "[tsdb][head]") {
  const std::string whole = samples_record({{1, 10, 1}, {1, 20, 2}});
  Replay replay;
  REQUIRE(replay.applier().apply_wal(series_record({{1, "a"}})));
  CHECK_FALSE(replay.applier().apply_wal(std::string_view(whole).substr(0, whole.size() - 1)));
  for (const std::string& record :
       {series_record({{2, "b"}}), histogram_record(1, 30, test_histogram(1)), tombstone_record(1, 10, 10),
        metadata_record(1, MetricType::kGauge, "help"), exemplar_record(1, 10)}) {
    CHECK_FALSE(replay.applier().apply_wal(std::string_view(record).substr(0, record.size() - 1)));
  }
  const std::string marker = marker_record(1);
  CHECK_FALSE(replay.applier().apply_wbl(std::string_view(marker).substr(0, marker.size() - 1)));
  CHECK(replay.text() == "a 10=1; ");
}

TEST_CASE("metadata is the latest of its series", "[tsdb][head]") {
  Replay replay({series_record({{1, "a"}}), metadata_record(1, MetricType::kGauge, "old"),
                 metadata_record(1, MetricType::kCounter, "new"), metadata_record(9, MetricType::kGauge, "nobody's")});
  const std::uint32_t id = replay.head().state(0).metadata;
  CHECK(id == replay.head().metadata_id(MetricType::kCounter, "", "new"));
}

}  // namespace
}  // namespace mcore
