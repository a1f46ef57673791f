// SPDX-License-Identifier: Apache-2.0
#include <snappy.h>

#include <bit>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/error.h"
#include "base/number_text.h"
#include "support/catch.h"
#include "support/conformance.h"
#include "support/stream.h"
#include "wire/rw2_reader.h"
#include "wire/rw2_writer.h"

namespace mcore {
namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

const double kStale = std::bit_cast<double>(kStaleNanBits);

LabelSet labels_of(std::initializer_list<Label> list) {
  LabelBuilder builder;
  for (const Label& label : list) {
    builder.add(label.name, label.value);
  }
  return LabelSet(builder.build());
}

/// Each kind of sample that there is.
SampleBatch full_batch() {
  SampleBatch batch;
  const LabelSet up = labels_of({{"__name__", "up"}, {"job", "a"}});
  const LabelSet total = labels_of({{"__name__", "requests_seconds_total"}, {"path", "\xc3\xbc\n\"\\"}});
  const LabelSet latency = labels_of({{"__name__", "latency"}, {"dotted.name", "x"}});
  const auto add = [&batch](const LabelSet& labels, double value, std::int64_t t_ms) -> BatchSample& {
    BatchSample& sample = batch.add(labels.view());
    sample.labels_hash = labels.view().hash();
    sample.value = value;
    sample.t_ms = t_ms;
    return sample;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  const double values[] = {1, -0.0, 0, kStale, std::bit_cast<double>(kNormalNanBits), infinity, -infinity, 0.1};
  for (std::size_t i = 0; i < std::size(values); ++i) {
    add(up, values[i], static_cast<std::int64_t>(i) - 1);
  }
  MetricFamily& counter = batch.family("requests_seconds_total");
  counter.type = MetricType::kCounter;
  counter.has_type = true;
  counter.help = "Time \xe2\x82\xac";
  counter.has_help = true;
  counter.unit = "seconds";
  BatchSample& first = add(total, 1e300, 1'700'000'000'000);
  first.family = 1;
  first.start_t_ms = 1'600'000'000'000;
  batch.add_exemplar({labels_of({{"trace_id", "abc"}}), 0.5, 1'700'000'000'001});
  batch.add_exemplar({labels_of({}), -1, 1'700'000'000'002});
  BatchSample& second = add(total, 1e301, std::numeric_limits<std::int64_t>::max());
  second.family = 1;
  second.start_t_ms = 0;
  MetricFamily& histogram = batch.family("latency");
  histogram.type = MetricType::kHistogram;
  histogram.has_type = true;
  add(latency, 0, 10).family = 2;
  batch.set_histogram({.schema = 3,
                       .zero_threshold = 1e-6,
                       .zero_count = 2,
                       .count = 9,
                       .sum = 2.5,
                       .positive_spans = {{-2, 2}, {1, 1}},
                       .negative_spans = {{0, 1}},
                       .positive_counts = {1, 3, 2},
                       .negative_counts = {1}});
  batch.add_exemplar({labels_of({{"trace_id", "h"}}), 0.7, 9});
  BatchSample& other = add(latency, 0, 20);
  other.family = 2;
  other.start_t_ms = 5;
  batch.set_histogram({.is_float = true,
                       .hint = CounterResetHint::kGauge,
                       .schema = -4,
                       .zero_count = 0.5,
                       .count = 2.25,
                       .sum = -infinity,
                       .positive_spans = {{0, 2}},
                       .positive_counts = {0.5, 1.25}});
  add(latency, 7, 25).family = 2;
  add(latency, 0, 30).family = 2;
  batch.set_histogram({.hint = CounterResetHint::kReset,
                       .schema = kCustomBucketsSchema,
                       .count = 4,
                       .sum = 1,
                       .positive_spans = {{1, 2}},
                       .positive_counts = {3, 1},
                       .custom_values = {0.1, 0.5, 1}});
  add(latency, 0, 40).family = 2;
  batch.set_histogram({.hint = CounterResetHint::kNotReset, .sum = kStale});
  return batch;
}

TEST_CASE("what is written as rw2 reads back the same, bit by bit", "[wire][rw2]") {
  const SampleBatch batch = full_batch();
  const Lines want = batch_lines(batch, true);
  REQUIRE(want.size() == 15);
  CHECK(want[1] == "up{job=\"a\"} -0 @0");
  CHECK(want[8] ==
        "requests_seconds_total{path=\"\xc3\xbc\\n\\\"\\\\\"} 1e+300 @1700000000000 since 1600000000000 # "
        "{trace_id=\"abc\"} 0.5 @1700000000001 # {} -1 @1700000000002 | requests_seconds_total counter \"Time "
        "\xe2\x82\xac\" seconds");
  for (const Rw2Limit limit :
       {Rw2Limit{}, Rw2Limit{.samples = 1, .bytes = 1 << 20}, Rw2Limit{.samples = 4, .bytes = 100}}) {
    Rw2Writer writer(limit);
    writer.add(batch);
    writer.flush();
    const StreamContent got = read_stream(writer.output(), {}, true);
    CHECK(got.faults.empty());
    CHECK(got.samples == want);
    StreamInputOptions small;
    small.batch.samples = 2;
    CHECK(read_stream(writer.output(), small, true).samples == want);
    CHECK(read_stream(writer.output() + writer.output(), {}, true).samples.size() == 2 * want.size());
  }
}

TEST_CASE("requests are bounded and each has its own symbols", "[wire][rw2]") {
  Rw2Writer writer({.samples = 100, .bytes = 1 << 20});
  const LabelSet up = labels_of({{"__name__", "up"}, {"job", "a"}});
  writer.series(up.view(), nullptr);
  for (int i = 0; i < 250; ++i) {
    writer.sample(i, i);
  }
  writer.flush();
  writer.flush();
  std::string_view rest = writer.output();
  std::vector<std::size_t> counts;
  while (!rest.empty()) {
    ByteReader bytes(rest);
    const std::string_view message = bytes.ustr();
    rest.remove_prefix(rest.size() - bytes.left());
    CHECK(message.starts_with(std::string("\x22\0\x22\x08__name__\x22\x02up", 16)));
    Rw2Reader reader(message);
    REQUIRE(reader.next_series());
    std::size_t count = 0;
    while (reader.next_sample()) {
      ++count;
    }
    CHECK_FALSE(reader.next_series());
    counts.push_back(count);
  }
  CHECK(counts == std::vector<std::size_t>{100, 100, 50});
}

/// The number that a decoded view has, whether as a number or as a word.
double number_of(const json& value) {
  if (value.is_number()) {
    return value.get<double>();
  }
  const auto word = value.get<std::string>();
  double number = kStale;
  if (word != "StaleNaN") {
    REQUIRE(parse_float(word, number) == FloatStatus::kOk);
  }
  return number;
}

std::vector<double> counts_of(const json& h, const std::string& side) {
  std::vector<double> counts;
  double last = 0;
  for (const json& delta : h.value(side + "_deltas", json::array())) {
    last += delta.get<double>();
    counts.push_back(last);
  }
  for (const json& count : h.value(side + "_counts", json::array())) {
    counts.push_back(count.get<double>());
  }
  return counts;
}

std::vector<HistogramSpan> spans_of(const json& h, const std::string& side) {
  std::vector<HistogramSpan> spans;
  for (const json& span : h.value(side + "_spans", json::array())) {
    spans.push_back({span.value("offset", 0), span.value("length", 0U)});
  }
  return spans;
}

Histogram histogram_of(const json& h) {
  constexpr CounterResetHint kHints[] = {CounterResetHint::kUnknown, CounterResetHint::kReset,
                                         CounterResetHint::kNotReset, CounterResetHint::kGauge};
  const bool is_float = h.contains("count_float");
  return {.is_float = is_float,
          .hint = kHints[h.value("reset_hint", 0U)],
          .schema = h.value("schema", 0),
          .zero_threshold = h.value("zero_threshold", 0.0),
          .zero_count = h.value(is_float ? "zero_count_float" : "zero_count_int", 0.0),
          .count = h.value(is_float ? "count_float" : "count_int", 0.0),
          .sum = number_of(h.value("sum", json(0.0))),
          .positive_spans = spans_of(h, "positive"),
          .negative_spans = spans_of(h, "negative"),
          .positive_counts = counts_of(h, "positive"),
          .negative_counts = counts_of(h, "negative"),
          .custom_values = h.value("custom_values", std::vector<double>())};
}

/// The batch that a decoded view of a request describes.
void add_view(const json& view, SampleBatch& batch) {
  const json& symbols = view.at("symbols");
  const auto labels_at = [&symbols](const json& refs) {
    LabelBuilder builder;
    std::vector<std::string> texts;
    for (const json& ref : refs) {
      texts.push_back(symbols.at(ref.get<std::size_t>()).get<std::string>());
    }
    for (std::size_t i = 0; i < texts.size(); i += 2) {
      builder.add(texts[i], texts[i + 1]);
    }
    return LabelSet(builder.build());
  };
  for (const json& series : view.at("timeseries")) {
    const LabelSet labels = labels_at(series.at("labels_refs"));
    const auto add_exemplars = [&] {
      for (const json& other : view.at("timeseries")) {
        if (other.at("labels_refs") != series.at("labels_refs")) {
          continue;
        }
        for (const json& e : other.value("exemplars", json::array())) {
          batch.add_exemplar({labels_at(e.value("labels_refs", json::array())), e.value("value", 0.0),
                              e.at("timestamp").get<std::int64_t>()});
        }
      }
    };
    for (const json& sample : series.value("samples", json::array())) {
      BatchSample& added = batch.add(labels.view());
      added.value = number_of(sample.value("value", json(0.0)));
      added.t_ms = sample.at("timestamp").get<std::int64_t>();
      add_exemplars();
    }
    for (const json& h : series.value("histograms", json::array())) {
      batch.add(labels.view()).t_ms = h.at("timestamp").get<std::int64_t>();
      batch.set_histogram(histogram_of(h));
      add_exemplars();
    }
  }
}

std::string delimited(std::string_view message) {
  std::string out;
  append_ustr(out, message);
  return out;
}

TEST_CASE("requests of a real sender read as their decoded views", "[wire][rw2][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no conformance data");
    return;
  }
  std::size_t histograms = 0;
  std::size_t exemplars = 0;
  for (const std::string name : {"v2-00", "v2-01", "v2-02", "v2-03"}) {
    CAPTURE(name);
    const std::string body = read_test_file(*folder / "remote" / "write-sent" / (name + ".snappy"));
    std::string message;
    REQUIRE(snappy::Uncompress(body.data(), body.size(), &message));
    SampleBatch want;
    add_view(json::parse(read_test_file(*folder / "remote" / "write-sent" / (name + ".json"))), want);
    const StreamContent got = read_stream(delimited(message));
    CHECK(got.faults.empty());
    CHECK(got.samples == batch_lines(want));
    for (const BatchSample& sample : want.samples()) {
      histograms += want.histogram(sample) != nullptr ? 1 : 0;
      exemplars += sample.exemplar_count;
    }
  }
  CHECK(histograms == 9);
  CHECK(exemplars == 8);
}

TEST_CASE("metadata of a real sender comes with its samples", "[wire][rw2][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no conformance data");
    return;
  }
  const std::string body = read_test_file(*folder / "remote" / "write-sent" / "v2-00.snappy");
  std::string message;
  REQUIRE(snappy::Uncompress(body.data(), body.size(), &message));
  const StreamContent got = read_stream(delimited(message), {}, true);
  const auto line = std::find_if(got.samples.begin(), got.samples.end(),
                                 [](const std::string& text) { return text.starts_with("rpc_latency_seconds{"); });
  REQUIRE(line != got.samples.end());
  CHECK(line->ends_with(" | rpc_latency_seconds histogram \"Native and classic.\" seconds"));
}

TEST_CASE("bad requests of the recordings are refused, the good rest of them is kept", "[wire][rw2][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no conformance data");
    return;
  }
  struct Case {
    std::string name;
    std::size_t samples;
    std::string fault;  // empty: none
  };
  const Case cases[] = {
      {"v2-simple", 1, ""},
      {"v2-hist-exemplar", 1, ""},
      {"v2-both", 2, ""},
      {"v2-unsorted-refs", 1, ""},
      {"v2-first-symbol-not-empty", 1, ""},
      {"v2-no-samples", 0, ""},
      {"v2-bad-ref", 0, "byte 0: reference to symbol 1, but the request has 1"},
      {"v2-odd-refs", 0, "byte 0: 3 references to label names and values: they must come in pairs"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const std::string body = read_test_file(*folder / "remote" / "write-received" / (c.name + ".bin"));
    std::string message;
    REQUIRE(snappy::Uncompress(body.data(), body.size(), &message));
    StreamInputOptions options;
    options.format = StreamFormat::kRw2;
    const StreamContent got = read_stream(delimited(message), options);
    CHECK(got.samples.size() == c.samples);
    CHECK(got.faults == (c.fault.empty() ? Lines{} : Lines{c.fault}));
  }
}

std::string field(unsigned number, std::string_view bytes) {
  std::string out;
  append_uvarint(out, number << 3U | 2U);
  append_ustr(out, bytes);
  return out;
}

TEST_CASE("a series that cannot be read is left out, the ones behind it are read", "[wire][rw2]") {
  const std::string symbols = field(4, "") + field(4, "__name__") + field(4, "a") + field(4, "b\xff") + field(4, "x");
  const std::string sample = field(2, std::string("\x10\x05", 2));
  const std::string good = field(5, field(1, "\x01\x02") + sample);
  struct Case {
    std::string series;
    std::string fault;
  };
  const Case cases[] = {
      {field(5, field(1, "\x01\x09") + sample), "reference to symbol 9, but the request has 5"},
      {field(5, field(1, "\x01\x03") + sample), "label text \"b\\xff\" is not valid UTF-8"},
      {field(5, field(1, "\x04\x02") + sample), "the sample has no metric name"},
      {field(5, field(1, "\x01\x02\x01\x02") + sample), "label name \"__name__\" is not unique in \"a\""},
      {field(5, field(1, std::string("\x01\x02\0\x02", 4)) + sample), "\"\" is no label name"},
      {field(5, field(1, "\x01\x02") + "\x10\x01"), "a field of the message has the wrong type"},
      {field(5, field(1, "\x01\x02") + field(2, "\x09")), "the message is damaged or cut off"},
      {field(5, field(1, "\x01\x02") + field(3, "\x08\x03")),
       "histogram of a: 0 observations found in buckets, but the count field is 3"},
      {field(5, field(1, "\x01\x02") + field(4, "\x18\x03")),
       ""},  // exemplars alone: they go to the samples beside them
  };
  for (const Case& c : cases) {
    CAPTURE(c.fault);
    const StreamContent got = read_stream(delimited(symbols + c.series + good));
    CHECK(got.faults == (c.fault.empty() ? Lines{} : Lines{"byte 0: " + c.fault}));
    CHECK(got.samples == Lines{c.fault.empty() ? "a 0 @5 # {} 0 @3" : "a 0 @5"});
  }
}

TEST_CASE("a damaged request is left out, the next one is read", "[wire][rw2]") {
  Rw2Writer writer;
  writer.add(full_batch());
  writer.flush();
  const std::string good = writer.output();
  const StreamContent got = read_stream(good + delimited(std::string("\x22\0\x22\x7f", 4)) + good + good.substr(0, 50));
  CHECK(got.samples.size() == 30);
  CHECK(got.faults == Lines{"byte " + std::to_string(good.size()) + ": the message is damaged or cut off",
                            "byte " + std::to_string(2 * good.size() + 5) +
                                ": the last message is cut off after 50 bytes; its writer seems to have died"});
  StreamInputOptions options;
  options.format = StreamFormat::kRw2;
  CHECK(read_stream(std::string("\xff\xff\xff\xff\x7f", 5), options).faults ==
        Lines{"byte 0: a message of more than 33554432 bytes: the stream is damaged"});
  CHECK_THROWS_AS(Rw2Reader("\x22\x05"), Error);
}

TEST_CASE("exemplars without samples of their series are reported", "[wire][rw2]") {
  const std::string message = field(4, "") + field(4, "__name__") + field(4, "a") +
                              field(5, field(1, "\x01\x02") + field(4, "\x18\x03") + field(4, "\x18\x04"));
  const StreamContent got = read_stream(delimited(message));
  CHECK(got.faults == Lines{"byte 0: 2 exemplars without a sample of their series beside them"});
}

TEST_CASE("a family's name is the metric's without what its type appends", "[wire][rw2]") {
  CHECK(rw2_family_name("a_bucket", MetricType::kHistogram) == "a");
  CHECK(rw2_family_name("a_bucket", MetricType::kGauge) == "a_bucket");
  CHECK(rw2_family_name("a_sum", MetricType::kSummary) == "a");
  CHECK(rw2_family_name("a_total", MetricType::kCounter) == "a_total");
  CHECK(rw2_family_name("_sum", MetricType::kSummary) == "_sum");
}

}  // namespace
}  // namespace mcore
