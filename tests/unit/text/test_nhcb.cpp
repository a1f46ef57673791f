// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "base/number_text.h"
#include "support/catch.h"
#include "text/exposition_reader.h"
#include "text/nhcb_converter.h"

namespace mcore {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST_CASE("cumulative buckets become custom ones", "[text][nhcb]") {
  NhcbConverter converter;
  converter.set_bucket(2, 1);
  converter.set_bucket(1, 1);  // in any order
  converter.set_bucket(kInf, 3);
  converter.set_bucket(kInf, 9);  // again: does not count
  converter.set_sum(4.5);
  converter.set_count(3);
  const auto h = converter.convert();
  REQUIRE(h.has_value());
  CHECK(h->schema == kCustomBucketsSchema);
  CHECK(h->custom_values == std::vector<double>{1, 2});
  CHECK(h->count == 3);
  CHECK(h->sum == 4.5);
  CHECK_FALSE(h->is_float);
  CHECK(h->positive_counts == std::vector<double>{1, 0, 2});
}

TEST_CASE("what makes no histogram yields nothing", "[text][nhcb]") {
  struct Case {
    std::string_view name;
    void (*fill)(NhcbConverter&);
  };
  const Case cases[] = {
      {"falling counts", [](NhcbConverter& c) { c.set_bucket(1, 5), c.set_bucket(2, 3); }},
      {"a falling count between", [](NhcbConverter& c) { c.set_bucket(1, 2), c.set_bucket(3, 4), c.set_bucket(2, 5); }},
      {"negative count", [](NhcbConverter& c) { c.set_bucket(1, -1); }},
      {"negative total", [](NhcbConverter& c) { c.set_count(-1); }},
      {"NaN bound", [](NhcbConverter& c) { c.set_bucket(std::numeric_limits<double>::quiet_NaN(), 1); }},
      {"count is not the last bucket's", [](NhcbConverter& c) { c.set_bucket(kInf, 3), c.set_count(4); }},
  };
  for (const Case& c : cases) {
    NhcbConverter converter;
    c.fill(converter);
    CAPTURE(c.name);
    CHECK_FALSE(converter.convert().has_value());
  }
}

std::string joined(std::string_view body, bool keep) {
  const auto reader = make_exposition_reader(ExpositionFormat::kPrometheusText, body,
                                             {.keep_classic_histograms = keep, .convert_classic_to_nhcb = true});
  std::string out;
  LabelBuilder builder;
  for (ExpositionEntry entry = reader->next(); entry != ExpositionEntry::kEnd; entry = reader->next()) {
    REQUIRE(entry != ExpositionEntry::kError);
    if (entry == ExpositionEntry::kSample || entry == ExpositionEntry::kHistogram) {
      builder.clear();
      reader->labels(builder);
      const bool native = entry == ExpositionEntry::kHistogram;
      out += labels_text(builder.build()) + (native ? " histogram " : " ") +
             float_text(native ? reader->histogram().count : reader->value()) + "\n";
    }
  }
  return out;
}

TEST_CASE("neighbouring series of one histogram are joined, others pass", "[text][nhcb]") {
  constexpr std::string_view kBody =
      "# TYPE h histogram\nh_bucket{le=\"1\",z=\"a\"} 1\nh_bucket{le=\"+Inf\",z=\"a\"} 2\nh_sum{z=\"a\"} "
      "3\nh_count{z=\"a\"} 2\n"
      "h_bucket{le=\"+Inf\",z=\"b\"} 5\nh_count{z=\"b\"} 5\n# TYPE g gauge\ng_bucket{le=\"1\"} 7\ng 8\n";
  CHECK(joined(kBody, false) == "h{z=\"a\"} histogram 2\nh{z=\"b\"} histogram 5\ng_bucket{le=\"1\"} 7\ng 8\n");
  CHECK(joined(kBody, true) ==
        "h_bucket{le=\"1.0\", z=\"a\"} 1\nh_bucket{le=\"+Inf\", z=\"a\"} 2\nh_sum{z=\"a\"} 3\nh_count{z=\"a\"} 2\n"
        "h{z=\"a\"} histogram 2\nh_bucket{le=\"+Inf\", z=\"b\"} 5\nh_count{z=\"b\"} 5\nh{z=\"b\"} histogram 5\n"
        "g_bucket{le=\"1\"} 7\ng 8\n");
  CHECK(joined("# TYPE h histogram\nh_bucket{le=\"1\"} 5\nh_bucket{le=\"2\"} 3\nother 1\n", false) == "other 1\n");
}

}  // namespace
}  // namespace mcore
