// SPDX-License-Identifier: Apache-2.0
// What a writer writes, and that it reads back as what was given.
#include <fmt/format.h>

#include <limits>
#include <set>

#include "base/number_text.h"
#include "support/catch.h"
#include "text/exposition_reader.h"
#include "text/exposition_writer.h"

namespace mcore {
namespace {

using enum ExpositionFormat;

constexpr std::string_view kBody =
    "# HELP a_total What \\\\ it \\n counts.\n# TYPE a_total counter\na_total{x=\"q\\\"b\\\\n\\nl\"} 1.5e+10 "
    "1700000000123\n"
    "a_total{x=\"2\"} 7\n"
    "# TYPE h histogram\nh_bucket{le=\"0.5\",z=\"1\"} 1\nh_bucket{le=\"+Inf\",z=\"1\"} 3\nh_sum{z=\"1\"} 4.25\n"
    "h_count{z=\"1\"} 3\nh_bucket{le=\"+Inf\",z=\"2\"} 0\nh_sum{z=\"2\"} 0\nh_count{z=\"2\"} 0\n"
    "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns{quantile=\"0.99\"} NaN\ns_sum 2\ns_count 3\n"
    "# TYPE g gauge\ng -0\ng{n=\"inf\"} -Inf\n"
    "{\"dotted.name\",\"l.b\"=\"\xc3\xbc\"} 5\n"
    "untyped 6 1700000000000\n";

/// Every sample that a body has, one line each.
std::multiset<std::string> samples_of(ExpositionFormat format, std::string_view body) {
  std::multiset<std::string> lines;
  LabelBuilder builder;
  const auto reader = make_exposition_reader(format, body);
  for (ExpositionEntry entry = reader->next(); entry != ExpositionEntry::kEnd; entry = reader->next()) {
    if (entry == ExpositionEntry::kError) {
      lines.insert("error " + reader->error().text());
      break;
    }
    if (entry == ExpositionEntry::kSample || entry == ExpositionEntry::kHistogram) {
      builder.clear();
      reader->labels(builder);
      std::string line = labels_text(builder.build());
      line += entry == ExpositionEntry::kSample ? " " + float_text(reader->value())
                                                : fmt::format(" histogram {} {} {}", reader->histogram().schema,
                                                              reader->histogram().count, reader->histogram().sum);
      Exemplar exemplar;
      while (reader->next_exemplar(exemplar)) {
        line += " # " + labels_text(exemplar.labels.view()) + " " + float_text(exemplar.value);
        line += exemplar.timestamp_ms ? fmt::format(" @{}", *exemplar.timestamp_ms) : "";
      }
      line += reader->timestamp_ms() ? fmt::format(" @{}", *reader->timestamp_ms()) : "";
      line += reader->start_timestamp_ms() ? fmt::format(" since {}", *reader->start_timestamp_ms()) : "";
      lines.insert(line);
    }
  }
  return lines;
}

/// Reads a body and writes it in another format.
std::string rewritten(ExpositionFormat from, std::string_view body, ExpositionFormat to,
                      ExpositionLosses* losses = nullptr) {
  const auto reader = make_exposition_reader(from, body);
  const auto writer = make_exposition_writer(to);
  LabelBuilder builder;
  FamilyMetadata family;
  std::string name;
  std::string help;
  std::string unit;
  for (ExpositionEntry entry = reader->next(); entry != ExpositionEntry::kEnd; entry = reader->next()) {
    REQUIRE(entry != ExpositionEntry::kError);
    if (entry == ExpositionEntry::kType || entry == ExpositionEntry::kHelp || entry == ExpositionEntry::kUnit) {
      if (reader->family_name() != name) {
        family = {};
        name = reader->family_name();
        help.clear();
        unit.clear();
      }
      help = entry == ExpositionEntry::kHelp ? std::string(reader->help()) : help;
      unit = entry == ExpositionEntry::kUnit ? std::string(reader->unit()) : unit;
      family.type = entry == ExpositionEntry::kType ? reader->type() : family.type;
      family.has_type |= entry == ExpositionEntry::kType;
      family.has_help |= entry == ExpositionEntry::kHelp;
      family.name = name;
      family.help = help;
      family.unit = unit;
    } else if (entry != ExpositionEntry::kComment) {
      builder.clear();
      reader->labels(builder);
      std::vector<Exemplar> exemplars;
      Exemplar exemplar;
      while (reader->next_exemplar(exemplar)) {
        exemplars.push_back(exemplar);
      }
      if (!name.empty()) {
        writer->family(family);
      }
      writer->sample({.labels = builder.build(),
                      .value = reader->value(),
                      .histogram = entry == ExpositionEntry::kHistogram ? &reader->histogram() : nullptr,
                      .timestamp_ms = reader->timestamp_ms(),
                      .start_timestamp_ms = reader->start_timestamp_ms(),
                      .exemplars = exemplars});
    }
  }
  writer->finish();
  if (losses != nullptr) {
    *losses = writer->losses();
  }
  return writer->output();
}

TEST_CASE("what is written in any format reads back the same", "[text][writers]") {
  const auto want = samples_of(kPrometheusText, kBody);
  REQUIRE(want.size() == 17);
  for (const ExpositionFormat to : {kPrometheusText, kOpenMetrics, kProtobuf}) {
    CAPTURE(static_cast<int>(to));
    CHECK(samples_of(to, rewritten(kPrometheusText, kBody, to)) == want);
  }
}

TEST_CASE("the text format is written as its own reader's model has it", "[text][writers]") {
  CHECK(rewritten(kPrometheusText, kBody.substr(0, kBody.find("# TYPE h")), kPrometheusText) ==
        "# HELP a_total What \\\\ it \\n counts.\n# TYPE a_total counter\n"
        "a_total{x=\"q\\\"b\\\\n\\nl\"} 1.5e+10 1700000000123\na_total{x=\"2\"} 7\n");
  CHECK(rewritten(kPrometheusText, "{\"a.b\",x=\"1\"} 1\n", kPrometheusText) == "{\"a.b\",x=\"1\"} 1\n");
}

TEST_CASE("OpenMetrics is written with the names that it asks for", "[text][writers]") {
  CHECK(rewritten(kPrometheusText, "# HELP a_total x\n# TYPE a_total counter\na_total 1 1700000000120\n",
                  kOpenMetrics) == "# TYPE a counter\n# HELP a x\na_total 1 1700000000.12\n# EOF\n");
  CHECK(rewritten(kPrometheusText, "# TYPE a counter\na 1\n", kOpenMetrics) == "# TYPE a unknown\na 1\n# EOF\n");
  CHECK(rewritten(kOpenMetrics, "# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1 -0.5\n# EOF\n",
                  kOpenMetrics) == "# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1 -0.5\n# EOF\n");
  CHECK(rewritten(kPrometheusText, "", kOpenMetrics) == "# EOF\n");
}

TEST_CASE("families that come again are kept together in OpenMetrics", "[text][writers]") {
  CHECK(rewritten(kPrometheusText, "# TYPE a gauge\na{x=\"1\"} 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\na{x=\"2\"} 1\n",
                  kOpenMetrics) == "# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 1\n# TYPE b gauge\nb 1\n# EOF\n");
}

TEST_CASE("exemplars survive where the format has them and are counted where not", "[text][writers]") {
  constexpr std::string_view kWithExemplars =
      "# TYPE a counter\na_total 1 # {t=\"x\"} 0.5 1700000000.5\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1 # {} 2\n"
      "h_sum 2\nh_count 1\n# EOF\n";
  const auto want = samples_of(kOpenMetrics, kWithExemplars);
  ExpositionLosses losses;
  CHECK(samples_of(kOpenMetrics, rewritten(kOpenMetrics, kWithExemplars, kOpenMetrics, &losses)) == want);
  CHECK_FALSE(losses.any());
  CHECK(samples_of(kProtobuf, rewritten(kOpenMetrics, kWithExemplars, kProtobuf, &losses)) == want);
  CHECK_FALSE(losses.any());
  (void)rewritten(kOpenMetrics, kWithExemplars, kPrometheusText, &losses);
  CHECK(losses.exemplars == 2);
}

Histogram sample_histogram(bool is_float) {
  Histogram h;
  h.is_float = is_float;
  h.schema = 3;
  h.zero_threshold = 0.001;
  h.zero_count = is_float ? 0.5 : 1;
  h.count = is_float ? 6.0 : 7;
  h.sum = 12.5;
  h.positive_spans = {{-2, 2}, {3, 1}};
  h.positive_counts = is_float ? std::vector<double>{1.5, 2, 1} : std::vector<double>{1, 3, 1};
  h.negative_spans = {{0, 1}};
  h.negative_counts = {1};
  return h;
}

TEST_CASE("native histograms go through protobuf unchanged", "[text][writers]") {
  LabelBuilder builder;
  for (const bool is_float : {false, true}) {
    for (const bool is_empty : {false, true}) {
      Histogram want = sample_histogram(is_float);
      if (is_empty) {
        want = Histogram();
        want.schema = 2;
      }
      want.hint = CounterResetHint::kGauge;
      builder.clear();
      builder.add(kNameLabel, "h");
      builder.add("x", "1");
      const auto writer = make_exposition_writer(kProtobuf);
      writer->sample({.labels = builder.build(),
                      .histogram = &want,
                      .timestamp_ms = 5,
                      .start_timestamp_ms = -1500,
                      .exemplars = {}});
      writer->finish();
      const auto reader = make_exposition_reader(kProtobuf, writer->output());
      ExpositionEntry entry = reader->next();
      while (entry != ExpositionEntry::kHistogram && entry != ExpositionEntry::kEnd) {
        REQUIRE(entry != ExpositionEntry::kError);
        entry = reader->next();
      }
      CAPTURE(is_float, is_empty);
      REQUIRE(entry == ExpositionEntry::kHistogram);
      const Histogram& got = reader->histogram();
      CHECK(got.schema == want.schema);
      CHECK(got.count == want.count);
      CHECK(got.sum == want.sum);
      CHECK(got.zero_count == want.zero_count);
      CHECK(got.zero_threshold == want.zero_threshold);
      CHECK(got.positive_spans == want.positive_spans);
      CHECK(got.positive_counts == want.positive_counts);
      CHECK(got.negative_spans == want.negative_spans);
      CHECK(got.negative_counts == want.negative_counts);
      CHECK(got.hint == CounterResetHint::kGauge);
      CHECK(reader->timestamp_ms() == 5);
      CHECK(reader->start_timestamp_ms() == -1500);
      CHECK(reader->next() == ExpositionEntry::kEnd);
    }
  }
}

TEST_CASE("a text format leaves native histograms out and counts them", "[text][writers]") {
  const Histogram h = sample_histogram(false);
  LabelBuilder builder;
  builder.add(kNameLabel, "h");
  const LabelSet labels(builder.build());
  for (const ExpositionFormat format : {kPrometheusText, kOpenMetrics}) {
    const auto writer = make_exposition_writer(format);
    writer->sample(
        {.labels = labels.view(), .histogram = &h, .timestamp_ms = {}, .start_timestamp_ms = {}, .exemplars = {}});
    writer->finish();
    CHECK(writer->losses().native_histograms == 1);
    CHECK(writer->output().find('h') == std::string::npos);
  }
}

TEST_CASE("OpenMetrics may be flushed where families are whole", "[text][writer]") {
  const auto writer = make_exposition_writer(kOpenMetrics);
  LabelBuilder builder;
  const auto add = [&](std::string_view name, double value) {
    builder.clear();
    builder.add(kNameLabel, name);
    writer->sample({.labels = builder.build(),
                    .value = value,
                    .timestamp_ms = std::nullopt,
                    .start_timestamp_ms = std::nullopt,
                    .exemplars = {}});
  };
  add("a", 1);
  CHECK(writer->output().empty());
  writer->flush();
  CHECK(writer->output() == "# TYPE a unknown\na 1\n");
  writer->output().clear();
  add("b", 2);
  writer->finish();
  CHECK(writer->output() == "# TYPE b unknown\nb 2\n# EOF\n");
}

}  // namespace
}  // namespace mcore
