// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "base/number_text.h"
#include "support/catch.h"
#include "text/exposition_reader.h"

namespace mcore {
namespace {

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
