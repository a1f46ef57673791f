// SPDX-License-Identifier: Apache-2.0
#include "text/content_type.h"

#include "support/catch.h"

namespace mcore {
namespace {

TEST_CASE("the Accept header is Prometheus'", "[text][content_type]") {
  CHECK(accept_header(default_scrape_protocols(true)) ==
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
        "application/openmetrics-text;version=0.0.1;q=0.4,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1");
  CHECK(accept_header(default_scrape_protocols(false)).starts_with("application/openmetrics-text;version=1.0.0;"));
}

TEST_CASE("scrape protocols go by their configuration names", "[text][content_type]") {
  for (const ScrapeProtocol protocol : default_scrape_protocols(true)) {
    CHECK(scrape_protocol_by_name(scrape_protocol_name(protocol)) == protocol);
  }
  CHECK_FALSE(scrape_protocol_by_name("prometheustext0.0.4").has_value());
}

TEST_CASE("the Content-Type chooses the format", "[text][content_type]") {
  struct Case {
    std::string_view header;
    std::optional<ExpositionFormat> want;
  };
  using enum ExpositionFormat;
  constexpr Case kCases[] = {
      {"text/plain; version=0.0.4; charset=utf-8", kPrometheusText},
      {"text/plain", kPrometheusText},
      {"TEXT/PLAIN; VERSION=0.0.4", kPrometheusText},
      {"text/plain; version=9.9.9", kPrometheusText},
      {"application/openmetrics-text", kOpenMetrics},
      {"application/vnd.google.protobuf; proto=foo.Bar", kProtobuf},
      {"", std::nullopt},
      {";;;", std::nullopt},
      {"application/json", std::nullopt},
      {"text/html; charset=utf-8", std::nullopt},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.header);
    const auto format = format_of_content_type(c.header, std::nullopt);
    REQUIRE(format.ok() == c.want.has_value());
    if (format.ok()) {
      CHECK(format.value() == *c.want);
    }
    const auto fallback = format_of_content_type(c.header, ScrapeProtocol::kPrometheusText0_0_4);
    REQUIRE(fallback.ok());
    CHECK(fallback.value() == c.want.value_or(kPrometheusText));
  }
}

}  // namespace
}  // namespace mcore
