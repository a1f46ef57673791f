// SPDX-License-Identifier: Apache-2.0
#include "net/target_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/utf8.h"

namespace mcore {
namespace {

constexpr std::string_view kDefaultPath = "/metrics";

Error refuse(std::string_view text, std::string_view why) {
  return Error(ErrorKind::kUsage, "read address", in_quotes(text), why);
}

bool is_port(std::string_view text) noexcept {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() && port > 0 && port <= 65'535;
}

/// Why `host[:port]` is not one, or nothing.
std::string_view host_fault(std::string_view host) noexcept {
  std::string_view name = host;
  std::string_view port;
  bool has_port = false;
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos) {
      return "the '[' of an IPv6 address is not closed";
    }
    name = host.substr(1, close - 1);
    const std::string_view rest = host.substr(close + 1);
    has_port = !rest.empty();
    if (has_port && rest[0] != ':') {
      return "a port comes after ']' with a colon";
    }
    port = has_port ? rest.substr(1) : rest;
  } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    name = host.substr(0, colon);
    port = host.substr(colon + 1);
    has_port = true;
    if (port.find(':') != std::string_view::npos) {
      return "an IPv6 address is written in brackets, as in [::1]:9100";
    }
  }
  if (name.empty()) {
    return "the host is missing";
  }
  const bool is_ipv6 = host.starts_with('[');
  const auto belongs = [is_ipv6](char c) {
    const auto byte = static_cast<unsigned char>(c);
    const bool alphanumeric =
        byte >= 0x80 || (byte >= '0' && byte <= '9') || ((byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z');
    return alphanumeric || c == '.' || c == '-' || c == '_' || (is_ipv6 && (c == ':' || c == '%'));
  };
  if (!std::ranges::all_of(name, belongs)) {
    return "the host has a character that no host's name has";
  }
  return has_port && !is_port(port) ? "the port is not a number from 1 to 65535" : std::string_view();
}

/// Path and query with spaces and bytes beyond ASCII as %XX.
std::string encoded(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F) {
      out += fmt::format("%{:02X}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

/// Everything behind the scheme: [user[:password]@]host[:port][/path][?query].
Result<TargetUrl> parse_http(std::string_view text, std::string_view scheme, std::string_view rest) {
  TargetUrl target;
  rest = rest.substr(0, rest.find('#'));
  const std::size_t path_at = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, path_at);
  std::string_view path = path_at == std::string_view::npos ? std::string_view() : rest.substr(path_at);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    const std::size_t colon = user.find(':');
    target.username = user.substr(0, colon);
    target.password = colon == std::string_view::npos ? std::string_view() : user.substr(colon + 1);
    authority.remove_prefix(at + 1);
  }
  if (const std::string_view fault = host_fault(authority); !fault.empty()) {
    return refuse(text, fault);
  }
  const std::string completed = path.empty()            ? std::string(kDefaultPath)
                                : path.starts_with('?') ? std::string(kDefaultPath) + std::string(path)
                                                        : std::string(path);
  target.url = fmt::format("{}://{}{}", scheme, authority, encoded(completed));
  target.instance = authority;
  return target;
}

/// unix:SOCKET or unix:SOCKET:/path.
Result<TargetUrl> parse_unix(std::string_view text, std::string_view rest) {
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
  }
  const std::size_t colon = rest.find(":/");
  TargetUrl target;
  target.kind = TargetUrl::Kind::kUnixSocket;
  target.path = rest.substr(0, colon);
  if (target.path.empty()) {
    return refuse(text, "the path of the socket is missing");
  }
  const std::string_view path = colon == std::string_view::npos ? kDefaultPath : rest.substr(colon + 1);
  target.url = fmt::format("http://localhost{}", encoded(path));
  target.instance = target.path;
  return target;
}

Result<TargetUrl> parse_file(std::string_view text, std::string_view path) {
  if (path.empty()) {
    return refuse(text, "the path of the file is missing");
  }
  TargetUrl target;
  target.kind = TargetUrl::Kind::kFile;
  target.path = path;
  target.instance = path;
  return target;
}

}  // namespace

Result<TargetUrl> parse_target_url(std::string_view text) {
  if (text == "-") {
    TargetUrl target;
    target.kind = TargetUrl::Kind::kStdin;
    target.instance = "-";
    return target;
  }
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
    return refuse(text, "an address has no control characters");
  }
  if (text.starts_with('/') || text.starts_with("./") || text.starts_with("../")) {
    return parse_file(text, text);
  }
  if (text.starts_with("file:")) {
    const std::string_view path = text.substr(5);
    return parse_file(text, path.starts_with("///") ? path.substr(2) : path);
  }
  if (text.starts_with("unix:")) {
    return parse_unix(text, text.substr(5));
  }
  if (const std::size_t scheme_end = text.find("://"); scheme_end != std::string_view::npos) {
    const std::string_view scheme = text.substr(0, scheme_end);
    if (scheme != "http" && scheme != "https") {
      return refuse(text, fmt::format("unknown scheme {}; there are http, https, unix and file", in_quotes(scheme)));
    }
    return parse_http(text, scheme, text.substr(scheme_end + 3));
  }
  if (text != "localhost" && text.find_first_of(".:/") == std::string_view::npos) {
    return refuse(text, "no address: an address has a '.', ':' or '/'");
  }
  return parse_http(text, "http", text);
}

}  // namespace mcore
