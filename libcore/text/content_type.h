// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/exposition_reader.h"

namespace mcore {

/// What a scraper can ask for, under the names of the configuration key `scrape_protocols` (feature list X-01..X-05).
enum class ScrapeProtocol : std::uint8_t {
  kPrometheusProto,
  kOpenMetricsText1_0_0,
  kOpenMetricsText0_0_1,
  kPrometheusText1_0_0,
  kPrometheusText0_0_4,
};

/// "PrometheusText0.0.4" and the like, letter by letter; nothing for any other word.
[[nodiscard]] std::optional<ScrapeProtocol> scrape_protocol_by_name(std::string_view name) noexcept;
[[nodiscard]] std::string_view scrape_protocol_name(ScrapeProtocol protocol) noexcept;
[[nodiscard]] ExpositionFormat scrape_protocol_format(ScrapeProtocol protocol) noexcept;

/// Prometheus' order of preference, without protobuf and with it in front (for native histograms).
[[nodiscard]] std::span<const ScrapeProtocol> default_scrape_protocols(bool native_histograms) noexcept;

/// The Accept header for an order of preference: falling weights, `escaping=` on the 1.0.0 text forms, then "*/*".
[[nodiscard]] std::string accept_header(std::span<const ScrapeProtocol> protocols,
                                        std::string_view escaping = "allow-utf-8");

/// The format that a Content-Type header announces. A blank, unparsable or unknown one is an Error, unless there is a
/// fallback (feature list X-13). `content_type` is empty when the header is absent.
[[nodiscard]] Result<ExpositionFormat> format_of_content_type(std::string_view content_type,
                                                              std::optional<ScrapeProtocol> fallback);

/// The format of a body that comes without a header: protobuf if it begins as a delimited MetricFamily does,
/// OpenMetrics if it ends in `# EOF`, else Prometheus text.
[[nodiscard]] ExpositionFormat detect_exposition_format(std::string_view body) noexcept;

}  // namespace mcore
