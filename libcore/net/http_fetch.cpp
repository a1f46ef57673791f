// SPDX-License-Identifier: Apache-2.0
#include "net/http_fetch.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "base/error.h"
#include "net/curl_library.h"

namespace mcore {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kMostRedirects = 10;
constexpr long kReceiveBufferBytes = 16 << 10;  // bodies are small and many: curl's 16 KB, not more
constexpr int kPollMs = 100;                    // how late an interruption may be noticed

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// Scheme, host and port of a URL: where credentials belong.
std::string_view origin_of(std::string_view url) {
  const std::size_t authority = url.find("://");
  return authority == std::string_view::npos ? url : url.substr(0, url.find_first_of("/?#", authority + 3));
}

std::string duration_text(std::chrono::milliseconds time) {
  return time.count() % 1000 == 0 ? fmt::format("{}s", time.count() / 1000) : fmt::format("{}ms", time.count());
}

}  // namespace

class HttpFetcher::Impl {
 public:
  Impl(HttpClientOptions options, std::size_t concurrency)
      : curl_(CurlLibrary::load()),
        options_(std::move(options)),
        multi_(curl_.multi_init()),
        slots_(std::max<std::size_t>(concurrency, 1)) {
    if (multi_ == nullptr) {
      throw Error(ErrorKind::kIo, "start libcurl", "", "out of memory");
    }
  }
  ~Impl() {
    for (Slot& slot : slots_) {
      release(slot);
      if (slot.easy != nullptr) {
        curl_.easy_cleanup(slot.easy);
      }
    }
    curl_.multi_cleanup(multi_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void run(const std::vector<HttpRequest>& requests, const std::function<void(std::size_t, HttpResponse&&)>& done,
           const std::function<bool()>& stop);

 private:
  /// One transfer at a time: a handle that is used again and what its callbacks write to.
  struct Slot {
    void* easy = nullptr;
    curl_slist* headers = nullptr;
    const HttpRequest* request = nullptr;  // null when idle
    std::size_t index = 0;
    std::string url;
    int redirects = 0;
    bool body_too_large = false;
    Clock::time_point started;
    HttpResponse response;
    std::array<char, CURL_ERROR_SIZE> error_text{};
  };

  template <typename Value>
  void set(const Slot& slot, CURLoption option, Value value) const {
    curl_.easy_setopt(slot.easy, option, value);
  }
  void set_text(const Slot& slot, CURLoption option, const std::string& text) const {
    if (!text.empty()) {
      curl_.easy_setopt(slot.easy, option, text.c_str());
    }
  }

  void start(Slot& slot, const HttpRequest& request, std::size_t index);
  void begin_transfer(Slot& slot);
  void set_client(Slot& slot, bool same_origin) const;
  void set_headers(Slot& slot, bool same_origin) const;
  void release(Slot& slot);
  /// Whether the answer sends us on, and the transfer to there has begun.
  bool follow_redirect(Slot& slot, int code);
  void finish(Slot& slot, int code);
  [[nodiscard]] std::string failure(const Slot& slot, int code) const;

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user);

  const CurlLibrary& curl_;
  HttpClientOptions options_;
  void* multi_;
  std::vector<Slot> slots_;
};

void HttpFetcher::Impl::run(const std::vector<HttpRequest>& requests,
                            const std::function<void(std::size_t, HttpResponse&&)>& done,
                            const std::function<bool()>& stop) {
  std::size_t next = 0;
  std::size_t busy = 0;
  bool interrupted = false;
  const auto end = [&](Slot& slot) {
    HttpResponse response = std::move(slot.response);
    const std::size_t index = slot.index;
    release(slot);
    --busy;
    done(index, std::move(response));
  };
  while (busy > 0 || next < requests.size()) {
    interrupted = interrupted || (stop && stop());
    for (Slot& slot : slots_) {
      if (interrupted && slot.request != nullptr) {
        slot.response.error = "interrupted";
        end(slot);
      } else if (!interrupted && slot.request == nullptr && next < requests.size()) {
        ++busy;
        start(slot, requests[next], next);
        ++next;
      }
    }
    for (; interrupted && next < requests.size(); ++next) {
      HttpResponse response;
      response.error = "interrupted";
      done(next, std::move(response));
    }
    int running = 0;
    curl_.multi_perform(multi_, &running);
    int left = 0;
    bool any_ended = false;
    while (CURLMsg* const message = curl_.multi_info_read(multi_, &left)) {
      char* user = nullptr;
      curl_.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
      Slot& slot = *reinterpret_cast<Slot*>(user);
      const int code = message->data.result;  // the message is gone once its handle is removed
      any_ended = true;
      if (!follow_redirect(slot, code)) {
        finish(slot, code);
        end(slot);
      }
    }
    if (!any_ended && busy > 0) {
      curl_.multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
    }
  }
}

void HttpFetcher::Impl::start(Slot& slot, const HttpRequest& request, std::size_t index) {
  slot.request = &request;
  slot.index = index;
  slot.url = request.url;
  slot.redirects = 0;
  slot.response = {};
  slot.response.started = std::chrono::system_clock::now();
  slot.started = Clock::now();
  if (slot.easy == nullptr) {
    slot.easy = curl_.easy_init();
    if (slot.easy == nullptr) {
      throw Error(ErrorKind::kIo, "start request", request.url, "out of memory");
    }
  }
  begin_transfer(slot);
}

void HttpFetcher::Impl::begin_transfer(Slot& slot) {
  const HttpRequest& request = *slot.request;
  const bool same_origin = origin_of(slot.url) == origin_of(request.url);
  slot.body_too_large = false;
  slot.error_text.fill('\0');
  slot.response.content_type.clear();
  slot.response.content_encoding.clear();
  slot.response.body.clear();
  curl_.easy_reset(slot.easy);
  set(slot, CURLOPT_PRIVATE, static_cast<void*>(&slot));
  set(slot, CURLOPT_URL, slot.url.c_str());
  set(slot, CURLOPT_NOSIGNAL, 1L);
  set(slot, CURLOPT_PROTOCOLS_STR, "http,https");
  set(slot, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
  set(slot, CURLOPT_FORBID_REUSE, 1L);  // targets differ: a kept connection only holds memory
  set(slot, CURLOPT_ERRORBUFFER, slot.error_text.data());
  set(slot, CURLOPT_WRITEFUNCTION, &Impl::on_body);
  set(slot, CURLOPT_WRITEDATA, static_cast<void*>(&slot));
  set(slot, CURLOPT_HEADERFUNCTION, &Impl::on_header);
  set(slot, CURLOPT_HEADERDATA, static_cast<void*>(&slot));
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - slot.started);
  set(slot, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>((request.timeout - passed).count(), 1)));
  if (same_origin) {
    set_text(slot, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket);
  }
  set_client(slot, same_origin);
  set_headers(slot, same_origin);
  curl_.multi_add_handle(multi_, slot.easy);
}

void HttpFetcher::Impl::set_client(Slot& slot, bool same_origin) const {
  set_text(slot, CURLOPT_USERAGENT, options_.user_agent);
  set_text(slot, CURLOPT_CAINFO, options_.ca_file);
  set_text(slot, CURLOPT_PROXY, options_.proxy_url);
  if (options_.insecure_skip_verify) {
    set(slot, CURLOPT_SSL_VERIFYPEER, 0L);
    set(slot, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!same_origin) {
    return;  // credentials stay at home
  }
  set_text(slot, CURLOPT_SSLCERT, options_.cert_file);
  set_text(slot, CURLOPT_SSLKEY, options_.key_file);
  const HttpRequest& request = *slot.request;
  const std::string& username = request.username.empty() ? options_.username : request.username;
  const std::string& password = request.username.empty() ? options_.password : request.password;
  if (!username.empty() || !password.empty()) {
    set(slot, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(slot, CURLOPT_USERNAME, username.c_str());
    set(slot, CURLOPT_PASSWORD, password.c_str());
  } else if (!options_.bearer_token.empty()) {
    set(slot, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    set(slot, CURLOPT_XOAUTH2_BEARER, options_.bearer_token.c_str());
  }
}

void HttpFetcher::Impl::set_headers(Slot& slot, bool same_origin) const {
  curl_.slist_free_all(slot.headers);
  slot.headers = nullptr;
  const auto add = [&](const std::string& name, const std::string& value) {
    slot.headers = curl_.slist_append(
        slot.headers, value.empty() ? fmt::format("{};", name).c_str() : fmt::format("{}: {}", name, value).c_str());
  };
  const auto replaced = [&](const std::string& name) {
    return std::ranges::any_of(options_.headers, [&](const auto& own) { return lower(own.first) == lower(name); });
  };
  for (const auto& [name, value] : slot.request->headers) {
    if (!same_origin || !replaced(name)) {
      add(name, value);
    }
  }
  for (const auto& [name, value] : options_.headers) {
    if (same_origin) {
      add(name, value);
    }
  }
  set(slot, CURLOPT_HTTPHEADER, slot.headers);
}

void HttpFetcher::Impl::release(Slot& slot) {
  if (slot.request != nullptr) {
    curl_.multi_remove_handle(multi_, slot.easy);
    slot.request = nullptr;
  }
  curl_.slist_free_all(slot.headers);
  slot.headers = nullptr;
}

bool HttpFetcher::Impl::follow_redirect(Slot& slot, int code) {
  char* location = nullptr;
  if (code != CURLE_OK || !options_.follow_redirects) {
    return false;
  }
  curl_.easy_getinfo(slot.easy, CURLINFO_REDIRECT_URL, &location);
  if (location == nullptr) {
    return false;
  }
  std::string next = location;  // the handle's memory: gone with the next transfer
  if (++slot.redirects > kMostRedirects) {
    slot.response.error = fmt::format("more than {} redirects", kMostRedirects);
    return false;
  }
  if (!next.starts_with("http://") && !next.starts_with("https://")) {
    slot.response.error = "redirected to something that is not http or https";
    return false;
  }
  curl_.multi_remove_handle(multi_, slot.easy);
  slot.url = std::move(next);
  begin_transfer(slot);
  return true;
}

void HttpFetcher::Impl::finish(Slot& slot, int code) {
  HttpResponse& response = slot.response;
  response.duration = Clock::now() - slot.started;
  long status = 0;
  curl_.easy_getinfo(slot.easy, CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  if (response.error.empty() && code != CURLE_OK) {
    response.error = failure(slot, code);
  }
}

std::string HttpFetcher::Impl::failure(const Slot& slot, int code) const {
  long system_error = 0;
  curl_.easy_getinfo(slot.easy, CURLINFO_OS_ERRNO, &system_error);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return "timed out after " + duration_text(slot.request->timeout);
    case CURLE_WRITE_ERROR:
      if (slot.body_too_large) {
        return fmt::format("the body is larger than the limit of {} bytes", slot.request->body_limit);
      }
      break;
    case CURLE_COULDNT_CONNECT:
      if (system_error != 0) {
        return lower(errno_text(static_cast<int>(system_error)));
      }
      break;
    case CURLE_COULDNT_RESOLVE_HOST:
      return "could not resolve the host's name";
    case CURLE_PARTIAL_FILE:
      return "the connection was closed in the middle of the body";
    case CURLE_GOT_NOTHING:
      return "the connection was closed without an answer";
    default:
      break;
  }
  const std::string_view detail = trimmed(slot.error_text.data());
  return std::string(detail.empty() ? std::string_view(curl_.easy_strerror(code)) : detail);
}

std::size_t HttpFetcher::Impl::on_body(char* data, std::size_t size, std::size_t count, void* user) {
  Slot& slot = *static_cast<Slot*>(user);
  const std::size_t limit = slot.request->body_limit;
  if (limit != 0 && slot.response.body.size() + size * count > limit) {
    slot.body_too_large = true;
    return 0;
  }
  slot.response.body.append(data, size * count);
  return size * count;
}

std::size_t HttpFetcher::Impl::on_header(char* data, std::size_t size, std::size_t count, void* user) {
  Slot& slot = *static_cast<Slot*>(user);
  const std::string_view line = trimmed({data, size * count});
  if (line.starts_with("HTTP/")) {  // a new answer: an interim one's headers do not count
    const std::size_t code = line.find(' ');
    const std::size_t text = code == std::string_view::npos ? code : line.find(' ', code + 1);
    slot.response.status_text = text == std::string_view::npos ? std::string_view() : line.substr(text + 1);
    slot.response.content_type.clear();
    slot.response.content_encoding.clear();
    return size * count;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return size * count;
  }
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "content-type") {
    slot.response.content_type = value;
  } else if (name == "content-encoding") {
    slot.response.content_encoding = lower(value);
  }
  return size * count;
}

HttpFetcher::HttpFetcher(HttpClientOptions options, std::size_t concurrency)
    : impl_(std::make_unique<Impl>(std::move(options), concurrency)) {}
HttpFetcher::~HttpFetcher() = default;

void HttpFetcher::run(const std::vector<HttpRequest>& requests,
                      const std::function<void(std::size_t, HttpResponse&&)>& done, const std::function<bool()>& stop) {
  impl_->run(requests, done, stop);
}

}  // namespace mcore
