// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mcore {

/// Where a target's exposition comes from.
struct TargetUrl {
  enum class Kind { kHttp, kUnixSocket, kFile, kStdin };
  Kind kind = Kind::kHttp;
  std::string url;       // kHttp and kUnixSocket: the whole URL to ask, credentials taken out
  std::string path;      // kUnixSocket: the socket; kFile: the file
  std::string username;  // from http://user:password@host/
  std::string password;
  std::string
      instance;  // the label: host:port as Prometheus has it (given, no port added), the socket's or file's path, "-"
};

/// Completes an address as Prometheus would: `localhost:9100` and `db.example` are http://…/metrics, `[::1]:9100` too,
/// a URL with path stays, one without gets /metrics; `unix:/run/x.sock` and `unix:/run/x.sock:/path` talk HTTP over a
/// socket; `file:PATH`, `/path`, `./path` read a file; `-` standard input. A bare word without '.', ':' or '/' is no
/// address (localhost is). The instance of an http URL is its host and port as written; the default port is not added.
[[nodiscard]] Result<TargetUrl> parse_target_url(std::string_view text);

}  // namespace mcore
