// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "base/fd.h"

namespace mcore {

/// An HTTP server on 127.0.0.1 that answers well, badly and not at all, for tests of clients.
///
/// Shape: the path chooses the answer:
///   /metrics           a small exposition                    /size/N         N series
///   /status/N          status N                              /type/NAME      the Content-Type none, empty, json, om or
///   proto /stall             takes the request, never answers      /stall-body     half a body, then nothing /cut
///   closes without an answer              /cut-body       closes in the middle of the body /short             a body
///   longer than Content-Length     /drip           a byte every 20 ms /gzip              gzip /gzip-lie       says
///   gzip, is not /bomb              gzip of 256 MiB of newlines            /gzip-cut       half a gzip /redirect/PATH
///   302 to /PATH here                      /away/PORT/PATH 302 to another port /loop              302 to itself
///   /headers        the request's headers as metrics /basic             401 unless user "me", password "secret"
///   /bearer       401 unless token "token"
/// Lifetime: the destructor stops it and waits for its threads.
/// Threads:  one a connection.
class HttpStub {
 public:
  /// Listens on a free port, or on a Unix socket at `path` where that is not empty.
  explicit HttpStub(const std::string& path = {});
  ~HttpStub();
  HttpStub(const HttpStub&) = delete;
  HttpStub& operator=(const HttpStub&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// "http://127.0.0.1:PORT" and the path.
  [[nodiscard]] std::string url(const std::string& path) const;
  /// The most connections that were open at a time.
  [[nodiscard]] int most_connections() const noexcept { return most_; }

 private:
  void accept_loop();
  void serve(Fd connection);

  Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> open_{0};
  std::atomic<int> most_{0};
  std::thread acceptor_;
};

}  // namespace mcore
