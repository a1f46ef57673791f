// SPDX-License-Identifier: Apache-2.0
#include "text/exposition_lint.h"

#include <nlohmann/json.hpp>

#include "support/catch.h"
#include "support/conformance.h"
#include "text/content_type.h"

namespace mcore {
namespace {

/// Rules found, as "line:rule" in order.
std::string rules_of(std::string_view body) {
  std::string out;
  for (const LintFinding& finding : lint_exposition(detect_exposition_format(body), body).findings) {
    out += (out.empty() ? "" : " ") + std::to_string(finding.line) + ":" + finding.rule;
  }
  return out;
}

struct Case {
  std::string_view body;
  std::string_view rules;
};
constexpr Case kCases[] = {
    {"# HELP a_total x\n# TYPE a_total counter\na_total 1\n", ""},
    {"# HELP up x\n# TYPE up gauge\nup{job=\"x\"} 1\n", ""},
    {"", ""},
    {"a 1\n", "1:no-help"},
    {"# HELP a\na 1\n", "1:no-help"},
    {"# HELP a x\n# TYPE a counter\na 1\n", "1:counter-total"},
    {"# HELP a_total x\n# TYPE a_total gauge\na_total 1\n", "1:total-suffix"},
    {"# HELP a_bucket x\n# TYPE a_bucket gauge\na_bucket 1\n", "1:reserved-suffix"},
    {"# HELP a_sum x\n# TYPE a_sum gauge\na_sum 1\n", "1:reserved-suffix"},
    {"# HELP a x\n# TYPE a gauge\na{le=\"1\"} 1\n", "3:reserved-label"},
    {"# HELP a x\n# TYPE a gauge\na{quantile=\"1\"} 1\n", "3:reserved-label"},
    {"# HELP a_gauge x\n# TYPE a_gauge gauge\na_gauge 1\n", "1:type-in-name"},
    {"# HELP a:b x\n# TYPE a:b gauge\na:b 1\n", "1:colon"},
    {"# HELP aB x\n# TYPE aB gauge\naB{cD=\"1\"} 1\naB{cD=\"2\"} 1\n", "1:camel-case 3:camel-case"},
    {"# HELP a_ms x\n# TYPE a_ms gauge\na_ms 1\n", "1:abbreviated-unit"},
    {"# HELP a_minutes x\n# TYPE a_minutes gauge\na_minutes 1\n", "1:base-unit"},
    {"# HELP a_kilobytes x\n# TYPE a_kilobytes gauge\na_kilobytes 1\n", "1:base-unit"},
    {"# HELP a x\na 1\na 2\n", "3:duplicate-series"},
    {"# HELP a x\n# HELP a y\na 1\n", "2:second-help"},
    {"# HELP a x\n# TYPE a gauge\n# TYPE a gauge\na 1\n", "3:second-type"},
    {"# HELP a x\na 1\n# TYPE a gauge\n", "3:type-after-samples"},
    {"#HELP a x\na 1\n", "1:tight-comment 2:no-help"},
    {"# HELP a x\na 1", "2:final-newline"},
    {"# HELP a x\na{x=\"q\\t\"} 1\n", "2:escape"},
    {"# HELP a x\na{x=\"1\n2\"} 1\n", "2:raw-newline"},
    {"# HELP a x\na 1 \n", "2:trailing-blank"},
    {"# HELP a x\na{x=\"1\",x=\"2\"} 1\n", "2:duplicate-label"},
    {"{\"\"} 1\n", "1:no-name"},
    {"# HELP a x\nbad{\na 1\nworse\na{x=\"1\"} 2\n", "2:syntax 4:syntax"},
    {"# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n", ""},
    {"# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_count 2\n",
     "3:bucket-order"},
    {"# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_count 2\n", "3:no-inf-bucket"},
    {"# HELP h x\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_count 3\n", "3:count-mismatch"},
    {"# HELP h x\n# TYPE h histogram\nh_bucket{le=\"x\"} 2\nh_bucket{le=\"+Inf\"} 2\n", "3:bound"},
    {"# HELP s x\n# TYPE s summary\ns{quantile=\"half\"} 2\n", "3:bound"},
    {"# TYPE a counter\n# HELP a x\na_total 1\n# EOF\n", ""},
    {"# TYPE a counter\n# HELP a x\na 1\n# EOF\n", "3:counter-total"},
    {"# TYPE a_total counter\n# HELP a_total x\na_total 1\n# EOF\n", "1:total-suffix 3:counter-total"},
};

TEST_CASE("each rule has its line", "[text][lint]") {
  for (const Case& c : kCases) {
    CAPTURE(c.body);
    CHECK(rules_of(c.body) == c.rules);
  }
}

TEST_CASE("cardinality counts series and the values of their labels", "[text][lint]") {
  const LintReport report =
      lint_exposition(ExpositionFormat::kPrometheusText,
                      "# TYPE h histogram\nh_bucket{le=\"1\",z=\"a\"} 1\nh_bucket{le=\"+Inf\",z=\"a\"} "
                      "1\nh_count{z=\"a\"} 1\nh_sum{z=\"a\"} 1\nx 1\n");
  REQUIRE(report.cardinality.size() == 2);
  CHECK(report.series == 5);
  CHECK(report.cardinality[0].metric == "h");
  CHECK(report.cardinality[0].series == 4);
  CHECK(report.cardinality[0].labels == std::vector<std::pair<std::string, std::uint64_t>>{{"le", 2}, {"z", 1}});
}

TEST_CASE("whatever promtool check metrics finds is found", "[text][lint][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("SKIPPED: the recordings (conformance/expo) are not here");
    return;
  }
  const auto cases = *folder / "expo" / "cases";
  const auto verdicts = nlohmann::json::parse(read_test_file(cases / "verdicts.json"));
  int compared = 0;
  for (const auto& [name, verdict] : verdicts.items()) {
    if (!verdict.contains("promtool_check_metrics")) {
      continue;
    }
    const std::string body = read_test_file(cases / verdict["file"].get<std::string>());
    const bool clean = lint_exposition(ExpositionFormat::kPrometheusText, body).findings.empty();
    INFO(name);
    CHECK(clean == (verdict["promtool_check_metrics"]["exit_code"] == 0));
    ++compared;
  }
  CHECK(compared >= 84);
}

}  // namespace
}  // namespace mcore
