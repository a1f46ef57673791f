// SPDX-License-Identifier: Apache-2.0
// What is written in each format, and that StreamInput reads it back as what was given.
#include "ingest/stream_output.h"

#include <bit>
#include <limits>

#include "base/number_text.h"
#include "support/catch.h"
#include "support/stream.h"

namespace mcore {
namespace {

using enum StreamFormat;
using Lines = std::vector<std::string>;

const double kStale = std::bit_cast<double>(kStaleNanBits);

/// A store's worth of kinds: floats of all sorts, classic and native histograms, a summary.
struct StoredSeries {
  LabelSet labels;
  std::uint32_t family = 0;  // index + 1
  SeriesSamples samples;
};
struct Stored {
  std::vector<MetricFamily> families;
  std::vector<StoredSeries> series;
};

LabelSet labels_of(std::initializer_list<Label> list) {
  LabelBuilder builder;
  for (const Label& label : list) {
    builder.add(label.name, label.value);
  }
  return LabelSet(builder.build());
}

Stored stored(bool floats_only) {
  const double infinity = std::numeric_limits<double>::infinity();
  Stored all;
  const auto family = [&all](std::string name, std::string help, MetricType type) {
    MetricFamily& made = all.families.emplace_back();
    made.name = std::move(name);
    made.help = std::move(help);
    made.has_help = true;
    made.type = type;
    made.has_type = true;
  };
  family("a_total", "Counts \\ and\nmore.", MetricType::kCounter);
  family("h", "Sizes.", MetricType::kHistogram);
  family("s", "Times.", MetricType::kSummary);
  const auto add = [&all](LabelSet labels, std::uint32_t of, std::vector<std::int64_t> t_ms,
                          std::vector<double> value) {
    all.series.push_back({std::move(labels), of, {.t_ms = std::move(t_ms), .value = std::move(value)}});
  };
  add(labels_of({{"__name__", "a_total"}, {"x", "q\"b\\\n,\xc3\xbc"}}), 1, {1, 2, 1'700'000'000'123},
      {0.1, -0.0, 1e300});
  add(labels_of({{"__name__", "g"}}), 0, {-5, 3, 7}, {infinity, -infinity, std::bit_cast<double>(kNormalNanBits)});
  add(labels_of({{"__name__", "h_bucket"}, {"le", "+Inf"}}), 2, {1000, 2000}, {3, 4});
  add(labels_of({{"__name__", "h_bucket"}, {"le", "0.5"}}), 2, {1000, 2000}, {1, 2});
  add(labels_of({{"__name__", "h_count"}}), 2, {1000, 2000}, {3, 4});
  add(labels_of({{"__name__", "h_sum"}}), 2, {1000, 2000}, {2.5, 3.5});
  add(labels_of({{"__name__", "s"}, {"quantile", "0.5"}}), 3, {1000, 2000}, {1, 2});
  if (floats_only) {
    return all;
  }
  add(labels_of({{"__name__", "gone"}}), 0, {1000, 2000}, {1, kStale});
  StoredSeries native{labels_of({{"__name__", "n"}}), 0, {}};
  native.samples.t_ms = {2000};
  native.samples.value = {5};
  native.samples.histogram_t_ms = {1000, 3000};
  native.samples.histogram = {{.schema = 1, .count = 3, .sum = 1, .positive_spans = {{0, 1}}, .positive_counts = {3}},
                              {.schema = kCustomBucketsSchema,
                               .count = 2,
                               .sum = 1,
                               .positive_spans = {{0, 1}},
                               .positive_counts = {2},
                               .custom_values = {1}}};
  all.series.push_back(std::move(native));
  return all;
}

std::string written(StreamFormat format, const Stored& all, StreamOutputOptions options = {},
                    ExpositionLosses* losses = nullptr) {
  const auto output = make_stream_output(format, std::move(options));
  for (const StoredSeries& one : all.series) {
    output->begin_series(one.labels.view(), one.family == 0 ? nullptr : &all.families[one.family - 1]);
    output->samples(one.samples);
  }
  output->finish();
  if (losses != nullptr) {
    *losses = output->losses();
  }
  return output->output();
}

const Lines kFloats = {
    "a_total{x=\"q\\\"b\\\\\\n,\xc3\xbc\"} 0.1 @1",
    "a_total{x=\"q\\\"b\\\\\\n,\xc3\xbc\"} -0 @2",
    "a_total{x=\"q\\\"b\\\\\\n,\xc3\xbc\"} 1e+300 @1700000000123",
    "g +Inf @-5",
    "g -Inf @3",
    "g NaN @7",
    "h_bucket{le=\"+Inf\"} 3 @1000",
    "h_bucket{le=\"+Inf\"} 4 @2000",
    "h_bucket{le=\"0.5\"} 1 @1000",
    "h_bucket{le=\"0.5\"} 2 @2000",
    "h_count 3 @1000",
    "h_count 4 @2000",
    "h_sum 2.5 @1000",
    "h_sum 3.5 @2000",
    "s{quantile=\"0.5\"} 1 @1000",
    "s{quantile=\"0.5\"} 2 @2000",
};

Lines sorted(Lines lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST_CASE("floats written in any format read back the same", "[ingest][output]") {
  Stored all = stored(true);
  for (const StreamFormat format : {kRw2, kJsonLines, kCsv, kOpenMetrics, kProtobuf}) {
    CAPTURE(stream_format_word(format));
    ExpositionLosses losses;
    const StreamContent got = read_stream(written(format, all, {.csv_labels = {"le", "quantile", "x"}}, &losses));
    CHECK(got.faults.empty());
    CHECK(sorted(got.samples) == sorted(kFloats));
    CHECK(losses.any() == (format == kProtobuf));
  }
  all.series[1].samples.t_ms[0] = 5;  // the text format has no times before 1970
  Lines want = kFloats;
  want[3] = "g +Inf @5";
  CHECK(read_stream(written(kPrometheusText, all)).samples == want);
}

TEST_CASE("rw2 carries everything", "[ingest][output]") {
  ExpositionLosses losses;
  const StreamContent got = read_stream(written(kRw2, stored(false), {}, &losses), {}, true);
  CHECK(got.faults.empty());
  CHECK_FALSE(losses.any());
  REQUIRE(got.samples.size() == kFloats.size() + 5);
  CHECK(got.samples[0] == kFloats[0] + " | a_total counter \"Counts \\ and\nmore.\"");
  CHECK(got.samples[10] == kFloats[10] + " | h histogram \"Sizes.\"");
  const Lines tail(got.samples.end() - 5, got.samples.end());
  CHECK(tail == Lines{"gone 1 @1000", "gone stale @2000",
                      "n histogram schema 1 zero 0/0 count 3 sum 1 hint 0 +[0+1] 3 @1000", "n 5 @2000",
                      "n histogram schema -53 zero 0/0 count 2 sum 1 hint 0 +[0+1] 2 <=1 @3000"});
}

TEST_CASE("what the other formats cannot carry is counted", "[ingest][output]") {
  struct Case {
    StreamFormat format;
    std::uint64_t histograms;
    std::uint64_t stale;
    std::uint64_t types;
    std::uint64_t labels;
  };
  constexpr Case kCases[] = {{kPrometheusText, 2, 1, 0, 0},
                             {kOpenMetrics, 2, 1, 0, 0},
                             {kProtobuf, 1, 1, 5, 0},
                             {kJsonLines, 2, 1, 0, 0},
                             {kCsv, 2, 1, 0, 2}};
  for (const Case& c : kCases) {
    CAPTURE(stream_format_word(c.format));
    ExpositionLosses losses;
    (void)written(c.format, stored(false), {.csv_labels = {"x", "quantile"}}, &losses);
    CHECK(losses.native_histograms == c.histograms);
    CHECK(losses.stale_markers == c.stale);
    CHECK(losses.types == c.types);
    CHECK(losses.labels == c.labels);
    CHECK(losses.exemplars == 0);
  }
}

TEST_CASE("the text format is written series by series, a family's metadata once", "[ingest][output]") {
  const Stored all = stored(true);
  const std::string text = written(kPrometheusText, all);
  CHECK(
      text.starts_with("# HELP a_total Counts \\\\ and\\nmore.\n# TYPE a_total counter\n"
                       "a_total{x=\"q\\\"b\\\\\\n,\xc3\xbc\"} 0.1 1\n"));
  CHECK(text.find("# TYPE h histogram\nh_bucket{le=\"+Inf\"} 3 1000\nh_bucket{le=\"+Inf\"} 4 2000\n"
                  "h_bucket{le=\"0.5\"} 1 1000\n") != std::string::npos);
  CHECK(written(kPrometheusText, all, {.timestamps = false}).find("h_count 3\nh_count 4\n") != std::string::npos);
}

TEST_CASE("a batch is written with its exemplars and starts, or they are counted", "[ingest][output]") {
  SampleBatch batch;
  MetricFamily& family = batch.family("a_total");
  family.type = MetricType::kCounter;
  family.has_type = true;
  BatchSample& sample = batch.add(labels_of({{"__name__", "a_total"}}).view());
  sample.value = 1;
  sample.t_ms = 1'700'000'000'000;
  sample.start_t_ms = 1'600'000'000'000;
  sample.family = 1;
  batch.add_exemplar({labels_of({{"trace_id", "x"}}), 0.5, 1'700'000'000'000});
  struct Case {
    StreamFormat format;
    std::uint64_t exemplars;
    std::uint64_t starts;
    Lines lines;
  };
  const std::string plain = "a_total 1 @1700000000000";
  const std::string exemplar = " # {trace_id=\"x\"} 0.5 @1700000000000";
  const Case cases[] = {{kPrometheusText, 1, 1, {plain}},
                        {kOpenMetrics, 0, 0, {plain + exemplar, "a_created 1.6e+09 @1000"}},
                        {kProtobuf, 0, 0, {plain + " since 1600000000000" + exemplar}},
                        {kRw2, 0, 0, {plain + " since 1600000000000" + exemplar}},
                        {kJsonLines, 1, 1, {plain}},
                        {kCsv, 1, 1, {plain}}};
  for (const Case& c : cases) {
    CAPTURE(stream_format_word(c.format));
    const auto output = make_stream_output(c.format);
    output->add(batch);
    output->finish();
    CHECK(output->losses().exemplars == c.exemplars);
    CHECK(output->losses().start_timestamps == c.starts);
    CHECK(read_stream(output->output()).samples == c.lines);
  }
}

TEST_CASE("exemplars go with the first sample that is not before them, or the last", "[ingest][output]") {
  LabelBuilder builder;
  const auto exemplar = [&](std::string_view trace, std::int64_t t_ms) {
    builder.clear();
    builder.add("trace", trace);
    return Exemplar{.labels = LabelSet(builder.build()), .value = 1, .timestamp_ms = t_ms};
  };
  const std::vector<Exemplar> exemplars{exemplar("a", 500), exemplar("b", 1000), exemplar("c", 1001),
                                        exemplar("d", 9000)};
  SeriesSamples samples;
  samples.t_ms = {1000, 2000, 3000};
  samples.value = {1, 2, 3};
  const auto out = make_stream_output(StreamFormat::kRw2);
  builder.clear();
  builder.add(kNameLabel, "a");
  out->begin_series(builder.build(), nullptr);
  out->samples(samples, exemplars);
  out->finish();
  CHECK(read_stream(out->output()).samples ==
        std::vector<std::string>{"a 1 @1000 # {trace=\"a\"} 1 @500 # {trace=\"b\"} 1 @1000",
                                 "a 2 @2000 # {trace=\"c\"} 1 @1001", "a 3 @3000 # {trace=\"d\"} 1 @9000"});
}

}  // namespace
}  // namespace mcore
