// SPDX-License-Identifier: Apache-2.0
#include "model/sample_batch.h"

#include "support/catch.h"

namespace mcore {
namespace {

TEST_CASE("family_of_metric takes the suffixes of a type's parts away", "[model][family]") {
  struct Case {
    std::string_view metric;
    MetricType type;
    std::string_view want;
  };
  using enum MetricType;
  constexpr Case kCases[] = {
      {"h_bucket", kHistogram, "h"},
      {"h_sum", kHistogram, "h"},
      {"h_count", kHistogram, "h"},
      {"h", kHistogram, "h"},
      {"_sum", kHistogram, "_sum"},  // nothing would be left
      {"g_gcount", kGaugeHistogram, "g"},
      {"s", kSummary, "s"},
      {"s_count", kSummary, "s"},
      {"s_bucket", kSummary, "s_bucket"},
      {"r_total", kCounter, "r_total"},
      {"r_created", kCounter, "r_total"},
      {"queue_count", kGauge, "queue_count"},
      {"x_sum", kUnknown, "x_sum"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.metric << " " << metric_type_word(c.type)) {
      CHECK(family_of_metric(c.metric, c.type) == c.want);
    }
  }
}

TEST_CASE("a sample of a batch may be given other labels", "[model][batch]") {
  SampleBatch batch;
  LabelBuilder builder;
  builder.add(kNameLabel, "a");
  batch.add(builder.build()).value = 1;
  builder.add("job", "b");
  batch.set_labels(batch.samples()[0], builder.build());
  CHECK(labels_text(batch.labels(batch.samples()[0])) == "a{job=\"b\"}");
  CHECK(batch.samples()[0].labels_hash == batch.labels(batch.samples()[0]).hash());
  CHECK(batch.samples()[0].value == 1);
}

}  // namespace
}  // namespace mcore
