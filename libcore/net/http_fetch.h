// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mcore {

/// TLS, proxy and credentials of an HTTP client. Files are read when the request is made; empty means none.
struct HttpClientOptions {
  std::string username;  // basic auth, with `password`
  std::string password;
  std::string bearer_token;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  bool insecure_skip_verify = false;
  std::string proxy_url;  // empty: the environment's (http_proxy, https_proxy, no_proxy)
  std::vector<std::pair<std::string, std::string>> headers;  // name, value; a name of ours replaces ours
  bool follow_redirects = true;  // credentials and custom headers never follow to another host, port or scheme
  std::string user_agent;
};

/// One GET to make.
struct HttpRequest {
  std::string url;          // http or https, without credentials
  std::string unix_socket;  // path of a socket to talk to instead of the URL's host
  std::string username;     // of this URL alone, before the client's
  std::string password;
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds timeout{10'000};
  std::size_t body_limit = 0;  // bytes as transferred; 0: no limit
};

/// How one request ended.
struct HttpResponse {
  /// Empty when a whole answer came, whatever its status; else one line that says what went wrong: "connection
  /// refused", "timed out after 10s", "body larger than 1 MiB".
  std::string error;
  int status = 0;
  std::string status_text;              // as the server sent it: "Internal Server Error"
  std::string content_type;             // empty when absent
  std::string content_encoding;         // lower case, empty when absent
  std::string body;                     // as transferred, not decoded
  std::chrono::nanoseconds duration{};  // from the start of the request to the last byte
  std::chrono::system_clock::time_point started;
};

/// Makes many requests at once over one libcurl multi loop.
///
/// libcurl and what hangs on it are loaded when the first fetcher is made, not when the program starts: a process that
/// never asks the network never pays for them.
///
/// Lifetime: options are copied. Bodies live until `done` returns.
/// Errors:   the constructor throws Error (kIo) when libcurl cannot be loaded; a failed request is a response.
/// Threads:  one fetcher per thread.
/// Cost:     at most `concurrency` requests and bodies at a time; about 40 us of CPU each on loopback.
class HttpFetcher {
 public:
  HttpFetcher(HttpClientOptions options, std::size_t concurrency);
  ~HttpFetcher();
  HttpFetcher(const HttpFetcher&) = delete;
  HttpFetcher& operator=(const HttpFetcher&) = delete;

  /// Makes all requests and calls `done` once for each, in the order they end, with its index. Returns when all have
  /// ended, or soon after `stop` (may be null) starts to return true: the rest is then called with error "interrupted".
  void run(const std::vector<HttpRequest>& requests, const std::function<void(std::size_t, HttpResponse&&)>& done,
           const std::function<bool()>& stop = nullptr);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mcore
