// SPDX-License-Identifier: Apache-2.0
#include "scrape/scrape_pass.h"

#include "support/catch.h"

namespace mcore {
namespace {

constexpr std::int64_t kNowMs = 1'700'000'000'000;
constexpr std::string_view kText = "text/plain; version=0.0.4";

TargetLabels target() {
  TargetLabels labels;
  labels.set("job", "j");
  labels.set("instance", "i");
  return labels;
}

struct Case {
  std::string_view name;
  std::string_view body;
  ScrapeOptions options;
  bool up;
  std::uint64_t scraped;
  std::uint64_t post;
  std::uint64_t added;
};

TEST_CASE("a scrape is taken whole or not at all", "[scrape]") {
  const Case cases[] = {
      {"good", "a 1\nb 2\n", {}, true, 2, 2, 2},
      {"empty", "", {}, true, 0, 0, 0},
      {"half good", "a 1\nb\n", {}, false, 1, 1, 1},
      {"label twice", "a{x=\"1\",x=\"2\"} 1\n", {}, false, 1, 0, 0},
      {"no name", "{\"\"} 1\n", {}, false, 1, 0, 0},
      {"name beyond UTF-8", "{\"a\xff\"} 1\n", {}, false, 1, 0, 0},
      {"dotted name", "{\"a.b\"} 1\n", {}, true, 1, 1, 1},
      {"dotted name, legacy", "{\"a.b\"} 1\n", {.legacy_names = true}, false, 1, 0, 0},
      {"sample limit met", "a 1\nb 2\n", {.sample_limit = 2}, true, 2, 2, 2},
      {"sample limit passed", "a 1\nb 2\nc 3\n", {.sample_limit = 2}, false, 3, 3, 2},
      {"body limit", "a 1\n", {.body_size_limit = 4}, false, 0, 0, 0},
      {"label limit", "a{x=\"1\"} 1\n", {.label_limit = 3}, false, 1, 0, 0},
      {"label limit met", "a{x=\"1\"} 1\n", {.label_limit = 4}, true, 1, 1, 1},
      {"long label name", "a{abcdefghijk=\"1\"} 1\n", {.label_name_length_limit = 10}, false, 1, 0, 0},
      {"long label value", "a{x=\"0123456789\"} 1\n", {.label_value_length_limit = 9}, false, 1, 0, 0},
      {"same series again", "a 1\na 2\n", {}, true, 2, 2, 1},
      {"same series, other times", "a 1 1699999999000\na 2 1699999999001\n", {}, true, 2, 2, 2},
      {"the future", "a 1 1700000600001\nb 1 1700000600000\n", {}, true, 2, 2, 1},
  };
  for (const Case& c : cases) {
    ScrapePass pass(c.options);
    const ScrapeOutcome outcome =
        pass.run({.bytes = c.body, .content_type = kText, .content_encoding = {}, .format = {}}, target(), kNowMs);
    CAPTURE(c.name, outcome.error);
    CHECK(outcome.error.empty() == c.up);
    CHECK(outcome.samples_scraped == c.scraped);
    CHECK(outcome.samples_post_relabeling == c.post);
    CHECK(outcome.series_added == c.added);
    CHECK((c.up || pass.batch().samples().empty()));
  }
}

TEST_CASE("a pass is used again and again", "[scrape]") {
  ScrapePass pass({});
  std::string many;
  for (int i = 0; i < 5'000; ++i) {
    many += "a{i=\"" + std::to_string(i) + "\"} 1\n";
  }
  for (const std::string_view body :
       {std::string_view(many), std::string_view("a 1\n"), std::string_view("bad{\n"), std::string_view(many)}) {
    const ScrapeOutcome outcome =
        pass.run({.bytes = body, .content_type = kText, .content_encoding = {}, .format = {}}, target(), kNowMs);
    CHECK(outcome.duplicates == 0);
    CHECK(pass.batch().samples().size() == (outcome.error.empty() ? outcome.samples_scraped : 0));
  }
}

TEST_CASE("samples without a time get the scrape's", "[scrape]") {
  const auto time_of = [](std::string_view body, ScrapeOptions options) {
    ScrapePass pass(options);
    (void)pass.run({.bytes = body, .content_type = kText, .content_encoding = {}, .format = {}}, target(), kNowMs);
    return pass.batch().samples().at(0).t_ms;
  };
  CHECK(time_of("a 1\n", {}) == kNowMs);
  CHECK(time_of("a 1 5\n", {}) == 5);
  CHECK(time_of("a 1 5\n", {.honor_timestamps = false}) == kNowMs);
}

TEST_CASE("labels of the target win or lose as asked", "[scrape]") {
  const auto labels_after = [](std::string_view body, bool honor) {
    ScrapePass pass({.honor_labels = honor});
    (void)pass.run({.bytes = body, .content_type = kText, .content_encoding = {}, .format = {}}, target(), kNowMs);
    return labels_text(pass.batch().labels(pass.batch().samples().at(0)));
  };
  constexpr std::string_view kConflict = "a{job=\"x\",exported_job=\"y\"} 1\n";
  CHECK(labels_after(kConflict, false) ==
        "a{exported_exported_job=\"x\", exported_job=\"y\", instance=\"i\", job=\"j\"}");
  CHECK(labels_after(kConflict, true) == "a{exported_job=\"y\", instance=\"i\", job=\"x\"}");
  CHECK(labels_after("a{instance=\"\"} 1\n", true) == "a{job=\"j\"}");
  CHECK(labels_after("a{instance=\"\"} 1\n", false) == "a{instance=\"i\", job=\"j\"}");
}

TEST_CASE("exemplars that are too long are dropped, the others sorted", "[scrape]") {
  ScrapePass pass({});
  const std::string body = "a_total 1 # {t=\"" + std::string(127, 'x') + "\"} 1\nb_total 1 # {t=\"" +
                           std::string(128, 'x') + "\"} 1\n# EOF\n";
  const ScrapeOutcome outcome =
      pass.run({.bytes = body, .content_type = "application/openmetrics-text", .content_encoding = {}, .format = {}},
               target(), kNowMs);
  REQUIRE(outcome.error.empty());
  CHECK(pass.batch().exemplars(pass.batch().samples()[0]).size() == 1);
  CHECK(pass.batch().exemplars(pass.batch().samples()[1]).empty());
}

}  // namespace
}  // namespace mcore
