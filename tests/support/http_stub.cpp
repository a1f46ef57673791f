// SPDX-License-Identifier: Apache-2.0
#include "support/http_stub.h"

#include <arpa/inet.h>
#include <libdeflate.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace mcore {
namespace {

constexpr std::string_view kBody = "# TYPE stub_ok gauge\nstub_ok 1\n";
constexpr std::string_view kText = "text/plain; version=0.0.4; charset=utf-8";

std::string gzipped(const std::string& text) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
  std::string out(libdeflate_gzip_compress_bound(compressor, text.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

/// One connection: what was asked and how to answer.
struct Exchange {
  int fd;
  const std::atomic<bool>& stopping;
  std::string request;

  void send_bytes(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void send_head(int status, std::string_view reason, std::string_view type, std::size_t length,
                 std::string_view more = {}) const {
    std::string head = "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason) + "\r\nConnection: close\r\n";
    head += type.empty() ? "" : "Content-Type: " + std::string(type) + "\r\n";
    head += "Content-Length: " + std::to_string(length) + "\r\n" + std::string(more) + "\r\n";
    send_bytes(head);
  }
  void answer(std::string_view body, std::string_view type = kText, std::string_view more = {}) const {
    send_head(200, "OK", type, body.size(), more);
    send_bytes(body);
  }
  /// Until the other side leaves or the server stops.
  void wait_forever() const {
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    char byte = 0;
    while (!stopping) {
      if (::poll(&ready, 1, 20) > 0 && ::recv(fd, &byte, 1, 0) <= 0) {
        return;
      }
    }
  }
  [[nodiscard]] bool has(std::string_view header_line) const { return request.find(header_line) != std::string::npos; }
};

std::string many_series(int count) {
  std::string body = "# HELP stub_series A series of the stub.\n# TYPE stub_series gauge\n";
  for (int i = 0; i < count; ++i) {
    body +=
        "stub_series{device=\"device-" + std::to_string(i) + "\",mode=\"idle\"} " + std::to_string(i * 7919) + ".25\n";
  }
  return body;
}

/// The request's headers, one series each.
std::string header_metrics(const std::string& request) {
  std::string body;
  std::size_t at = request.find("\r\n") + 2;
  for (std::size_t end = request.find("\r\n", at); end != std::string::npos && end > at;
       end = request.find("\r\n", at)) {
    const std::string line = request.substr(at, end - at);
    const std::size_t colon = line.find(": ");
    body += "stub_header{name=\"" + line.substr(0, colon) + "\",value=\"" + line.substr(colon + 2) + "\"} 1\n";
    at = end + 2;
  }
  return body;
}

void answer_type(const Exchange& exchange, const std::string& name) {
  if (name == "none") {
    exchange.answer(kBody, "");
  } else if (name == "empty") {
    exchange.answer(kBody, "", "Content-Type:\r\n");
  } else if (name == "json") {
    exchange.answer("{}", "application/json");
  } else if (name == "om") {
    exchange.answer("# TYPE a counter\na_total 1\n# EOF\n", "application/openmetrics-text; version=1.0.0");
  } else {
    exchange.answer(kBody, name);
  }
}

bool answer_broken(const Exchange& exchange, const std::string& path) {
  if (path == "/stall") {
    exchange.wait_forever();
  } else if (path == "/stall-body") {
    exchange.send_head(200, "OK", kText, 1000);
    exchange.send_bytes(kBody);
    exchange.wait_forever();
  } else if (path == "/cut-body") {
    exchange.send_head(200, "OK", kText, 1000);
    exchange.send_bytes(kBody);
  } else if (path == "/short") {
    exchange.send_head(200, "OK", kText, kBody.size());
    exchange.send_bytes(std::string(kBody) + "more that was not promised\n");
  } else if (path == "/drip") {
    exchange.send_head(200, "OK", kText, kBody.size());
    for (const char c : kBody) {
      exchange.send_bytes({&c, 1});
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  } else if (path != "/cut") {
    return false;
  }
  return true;
}

bool answer_zipped(const Exchange& exchange, const std::string& path) {
  constexpr std::string_view kEncoding = "Content-Encoding: gzip\r\n";
  if (path == "/gzip") {
    exchange.answer(gzipped(std::string(kBody)), kText, kEncoding);
  } else if (path == "/gzip-cut") {
    const std::string whole = gzipped(many_series(100));
    exchange.answer(whole.substr(0, whole.size() / 2), kText, kEncoding);
  } else if (path == "/gzip-lie") {
    exchange.answer(kBody, kText, kEncoding);
  } else if (path == "/bomb") {
    static const std::string bomb = gzipped(std::string(std::size_t{256} << 20U, '\n'));
    exchange.answer(bomb, kText, kEncoding);
  } else {
    return false;
  }
  return true;
}

bool answer_guarded(const Exchange& exchange, const std::string& path) {
  const bool basic = path == "/basic";
  if (!basic && path != "/bearer") {
    return false;
  }
  if (exchange.has(basic ? "Authorization: Basic bWU6c2VjcmV0\r\n" : "Authorization: Bearer token\r\n")) {
    exchange.answer(kBody);
  } else {
    exchange.send_head(401, "Unauthorized", "text/plain", 0);
  }
  return true;
}

void redirect(const Exchange& exchange, const std::string& location) {
  exchange.send_head(302, "Found", "", 0, "Location: " + location + "\r\n");
}

void answer(const Exchange& exchange, const std::string& path) {
  if (answer_broken(exchange, path) || answer_zipped(exchange, path) || answer_guarded(exchange, path)) {
    return;
  }
  if (path.starts_with("/size/")) {
    exchange.answer(many_series(std::stoi(path.substr(6))));
  } else if (path.starts_with("/status/")) {
    const int status = std::stoi(path.substr(8));
    exchange.send_head(status, status == 500 ? "Internal Server Error" : "Other", kText,
                       status == 204 ? 0 : kBody.size());
    exchange.send_bytes(status == 204 ? std::string_view() : kBody);
  } else if (path.starts_with("/type/")) {
    answer_type(exchange, path.substr(6));
  } else if (path.starts_with("/redirect/")) {
    redirect(exchange, path.substr(9));
  } else if (path.starts_with("/away/")) {
    redirect(exchange, "http://127.0.0.1:" + path.substr(6));
  } else if (path == "/loop") {
    redirect(exchange, "/loop");
  } else if (path == "/headers") {
    exchange.answer(header_metrics(exchange.request));
  } else if (path == "/metrics") {
    exchange.answer(kBody);
  } else {
    exchange.send_head(404, "Not Found", "text/plain", 0);
  }
}

}  // namespace

HttpStub::HttpStub(const std::string& path) {
  sockaddr_in address{};
  sockaddr_un local{};
  sockaddr* name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (path.empty()) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    local.sun_family = AF_UNIX;
    path.copy(local.sun_path, sizeof local.sun_path - 1);
    name = reinterpret_cast<sockaddr*>(&local);
    size = sizeof local;
  }
  listener_ = Fd(::socket(path.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(listener_.get(), name, size) != 0 || ::listen(listener_.get(), 512) != 0) {
    throw std::runtime_error("http stub: cannot listen");
  }
  if (path.empty()) {
    ::getsockname(listener_.get(), name, &size);
    port_ = ntohs(address.sin_port);
  }
  acceptor_ = std::thread([this] { accept_loop(); });
}

HttpStub::~HttpStub() {
  stopping_ = true;
  acceptor_.join();
}

std::string HttpStub::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

void HttpStub::accept_loop() {
  std::vector<std::thread> threads;
  pollfd ready{.fd = listener_.get(), .events = POLLIN, .revents = 0};
  while (!stopping_) {
    if (::poll(&ready, 1, 20) <= 0) {
      continue;
    }
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      const int now = ++open_;
      most_ = std::max<int>(most_, now);
      threads.emplace_back([this, fd] { serve(Fd(fd)); });
    }
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

void HttpStub::serve(Fd connection) {
  Exchange exchange{.fd = connection.get(), .stopping = stopping_, .request = {}};
  char block[4096];
  while (exchange.request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = ::recv(connection.get(), block, sizeof block, 0);
    if (got <= 0) {
      break;
    }
    exchange.request.append(block, static_cast<std::size_t>(got));
  }
  const std::size_t start = exchange.request.find(' ');
  const std::size_t end = exchange.request.find_first_of(" ?", start + 1);
  if (start != std::string::npos && end != std::string::npos) {
    answer(exchange, exchange.request.substr(start + 1, end - start - 1));
  }
  --open_;
  ::shutdown(connection.get(), SHUT_WR);
}

}  // namespace mcore
