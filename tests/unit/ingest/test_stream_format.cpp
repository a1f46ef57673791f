// SPDX-License-Identifier: Apache-2.0
#include "ingest/stream_format.h"

#include <string>

#include "base/error.h"
#include "support/catch.h"

namespace mcore {
namespace {

using enum StreamFormat;

std::string_view bytes(const char* text, std::size_t size) {
  return {text, size};
}
#define BYTES(text) bytes(text, sizeof(text) - 1)

TEST_CASE("the format of a whole stream is found out from its content", "[ingest][format]") {
  struct Case {
    std::string_view text;
    StreamFormat want;
  };
  const Case cases[] = {
      {"", kPrometheusText},
      {"up 1\n", kPrometheusText},
      {"# HELP up Whether.\n# TYPE up gauge\nup{job=\"a\"} 1 1700000000000\n", kPrometheusText},
      {"# TYPE up gauge\nup 1\n# EOF\n", kOpenMetrics},
      {"# EOF", kOpenMetrics},
      {"# TYPE a counter\na_total 1\n", kOpenMetrics},
      {"# TYPE a_total counter\na_total 1\n", kPrometheusText},
      {"# TYPE a unknown\na 1\n", kOpenMetrics},
      {"# TYPE a untyped\na 1\n", kPrometheusText},
      {"# UNIT a_bytes bytes\n", kOpenMetrics},
      {"a 1 1700000000.5\n", kOpenMetrics},
      {"a{x=\"} 1 17.5\"} 1\n", kPrometheusText},
      {"a 1 1700000000\n", kPrometheusText},  // it is over, and there is no "# EOF"
      {"a{x=\" # {\"} 1 1700000000000\n", kPrometheusText},
      {"a_bucket{le=\"1\"} 3 # {trace_id=\"x\"} 0.5\n", kOpenMetrics},
      {"{\"a.b\",x=\"1\"} 1\n", kPrometheusText},
      {"{\"a.b\"} 1\n", kPrometheusText},
      {"{\"metric\":{\"__name__\":\"up\"},\"values\":[1],\"timestamps\":[1]}\n", kJsonLines},
      {" { \"values\" : [1]", kJsonLines},
      {"metric,job,time,value\nup,a,1,1\n", kCsv},
      {"\xEF\xBB\xBFmetric,time,value\r\n", kCsv},
      {"metric,job 1\n", kPrometheusText},
      {BYTES("\x0d\x0a\x02up\x18\x01\x22\x05\x12\x03\x00\x00\x00"), kProtobuf},
      {BYTES("\x04\x0a\x02up"), kProtobuf},
      {BYTES("#\n"), kPrometheusText},
      {BYTES("\n\n\tup 1\n"), kPrometheusText},
      {BYTES("#\n  up 1\nx_0123456789_0123456789_01234567890 1\n"), kPrometheusText},
      {BYTES("\x0b\x22\x00\x22\x08__name__"), kRw2},
      {BYTES("\xac\x02\x22\x00\x22\x08__name__"), kRw2},
      {BYTES("{\"\0"), kRw2},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    FormatDetector detector;
    CHECK(detector.decide(c.text, true, false) == c.want);
  }
}

TEST_CASE("a beginning that leaves the format open is waited for", "[ingest][format]") {
  for (const std::string_view text : {std::string_view("{"), std::string_view("{\"metric\""), std::string_view("metr"),
                                      BYTES("\x0d\x0a\x02u"), BYTES("\x0b"), BYTES("\x0b\x22"), BYTES("\xff\xff")}) {
    CAPTURE(text);
    FormatDetector detector;
    CHECK_FALSE(detector.decide(text, false, true).has_value());
  }
  FormatDetector detector;
  CHECK_FALSE(detector.decide("up 1\n", false, false).has_value());
  CHECK(detector.decide("up 1\nup 2\n", false, true) == kPrometheusText);
}

TEST_CASE("times of ten digits are seconds where nothing speaks against it", "[ingest][format]") {
  CHECK(FormatDetector().decide("a 1 1700000000\n", false, true) == kOpenMetrics);
  CHECK(FormatDetector().decide("# by hand\na 1 1700000000\n", false, true) == kPrometheusText);
  CHECK(FormatDetector().decide("a 1 1700000000\nb 1 1700000000000\n", false, true) == kPrometheusText);
  CHECK(FormatDetector(FormatDetector::Tail::kOther).decide("a 1 1700000000\n", false, true) == kPrometheusText);
  CHECK(FormatDetector(FormatDetector::Tail::kEofLine).decide("a 1 1700000000\n", false, false) == kOpenMetrics);
}

TEST_CASE("binary data of another kind is refused", "[ingest][format]") {
  for (const std::string_view text : {BYTES("\x7f"
                                            "ELF\x02\x01\x01\0\0\0\0"),
                                      BYTES("PK\x03\x04\x0a\0\0\0")}) {
    CHECK_THROWS_AS(FormatDetector().decide(text, true, false), Error);
  }
}

TEST_CASE("each format has its word", "[ingest][format]") {
  CHECK(stream_format_word(kRw2) == "rw2");
  CHECK(stream_format_by_word("openmetrics") == kOpenMetrics);
  CHECK_FALSE(stream_format_by_word("text").has_value());
}

}  // namespace
}  // namespace mcore
