// SPDX-License-Identifier: Apache-2.0
#include "text/content_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/utf8.h"

namespace mcore {
namespace {

struct ProtocolRow {
  ScrapeProtocol protocol;
  std::string_view name;
  std::string_view header;
  ExpositionFormat format;
  bool names_escaping;  // only the forms that know quoted names negotiate how to escape them
};

constexpr ProtocolRow kProtocols[] = {
    {ScrapeProtocol::kPrometheusProto, "PrometheusProto",
     "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
     ExpositionFormat::kProtobuf, false},
    {ScrapeProtocol::kOpenMetricsText1_0_0, "OpenMetricsText1.0.0", "application/openmetrics-text;version=1.0.0",
     ExpositionFormat::kOpenMetrics, true},
    {ScrapeProtocol::kOpenMetricsText0_0_1, "OpenMetricsText0.0.1", "application/openmetrics-text;version=0.0.1",
     ExpositionFormat::kOpenMetrics, false},
    {ScrapeProtocol::kPrometheusText1_0_0, "PrometheusText1.0.0", "text/plain;version=1.0.0",
     ExpositionFormat::kPrometheusText, true},
    {ScrapeProtocol::kPrometheusText0_0_4, "PrometheusText0.0.4", "text/plain;version=0.0.4",
     ExpositionFormat::kPrometheusText, false},
};

const ProtocolRow& row_of(ScrapeProtocol protocol) noexcept {
  return *std::ranges::find(kProtocols, protocol, &ProtocolRow::protocol);
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

/// The media type in lower case, empty if the header is none. Parameters do not choose the format.
std::string media_type(std::string_view header) {
  std::string_view type = header.substr(0, header.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) {
    type.remove_suffix(1);
  }
  while (!type.empty() && (type.front() == ' ' || type.front() == '\t')) {
    type.remove_prefix(1);
  }
  const std::size_t slash = type.find('/');
  const bool good = slash == std::string_view::npos
                        ? is_token(type)
                        : is_token(type.substr(0, slash)) && is_token(type.substr(slash + 1));
  if (!good) {
    return {};
  }
  std::string lower(type);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

}  // namespace

std::optional<ScrapeProtocol> scrape_protocol_by_name(std::string_view name) noexcept {
  const auto* row = std::ranges::find(kProtocols, name, &ProtocolRow::name);
  return row == std::end(kProtocols) ? std::nullopt : std::optional(row->protocol);
}

std::string_view scrape_protocol_name(ScrapeProtocol protocol) noexcept {
  return row_of(protocol).name;
}

ExpositionFormat scrape_protocol_format(ScrapeProtocol protocol) noexcept {
  return row_of(protocol).format;
}

std::span<const ScrapeProtocol> default_scrape_protocols(bool native_histograms) noexcept {
  static constexpr std::array kAll = {ScrapeProtocol::kPrometheusProto, ScrapeProtocol::kOpenMetricsText1_0_0,
                                      ScrapeProtocol::kOpenMetricsText0_0_1, ScrapeProtocol::kPrometheusText1_0_0,
                                      ScrapeProtocol::kPrometheusText0_0_4};
  return std::span(kAll).subspan(native_histograms ? 0 : 1);
}

std::string accept_header(std::span<const ScrapeProtocol> protocols, std::string_view escaping) {
  std::string header;
  std::size_t weight = std::size(kProtocols) + 1;
  for (const ScrapeProtocol protocol : protocols) {
    const ProtocolRow& row = row_of(protocol);
    header += row.header;
    if (row.names_escaping) {
      header += fmt::format(";escaping={}", escaping);
    }
    header += fmt::format(";q=0.{},", weight--);
  }
  return header + fmt::format("*/*;q=0.{}", weight);
}

Result<ExpositionFormat> format_of_content_type(std::string_view content_type, std::optional<ScrapeProtocol> fallback) {
  const std::string type = media_type(content_type);
  if (type == "text/plain") {
    return ExpositionFormat::kPrometheusText;
  }
  if (type == "application/openmetrics-text") {
    return ExpositionFormat::kOpenMetrics;
  }
  if (type == "application/vnd.google.protobuf") {
    return ExpositionFormat::kProtobuf;
  }
  if (fallback.has_value()) {
    return scrape_protocol_format(*fallback);
  }
  constexpr std::string_view kHint = "; --fallback-scrape-protocol PrometheusText0.0.4 reads it all the same";
  std::string why = fmt::format("unsupported Content-Type {}", in_quotes(content_type));
  if (content_type.empty()) {
    why = "the answer has no Content-Type";
  } else if (type.empty()) {
    why = fmt::format("cannot parse Content-Type {}", in_quotes(content_type));
  }
  return Error(ErrorKind::kSyntax, "", "", why + std::string(kHint));
}

ExpositionFormat detect_exposition_format(std::string_view body) noexcept {
  // A varint (the message's length), then field 1 as bytes: the family's name. No text has 0x0A behind such a start but
  // one whose first line has a single character.
  std::size_t at = 0;
  std::uint64_t length = 0;
  while (at < body.size() && at < 5) {
    const auto byte = static_cast<unsigned char>(body[at]);
    length |= static_cast<std::uint64_t>(byte & 0x7FU) << (7 * at);
    ++at;
    if (byte < 0x80) {
      break;
    }
  }
  const bool is_message = at + 1 < body.size() && body[at] == '\n' && length >= 3 && length <= body.size() - at &&
                          static_cast<unsigned char>(body[at + 1]) < length;
  if (is_message && !body.starts_with("#\n")) {
    return ExpositionFormat::kProtobuf;
  }
  const std::string_view tail = body.ends_with('\n') ? body.substr(0, body.size() - 1) : body;
  return tail == "# EOF" || tail.ends_with("\n# EOF") ? ExpositionFormat::kOpenMetrics
                                                      : ExpositionFormat::kPrometheusText;
}

}  // namespace mcore
