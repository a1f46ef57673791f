// SPDX-License-Identifier: Apache-2.0
#include "net/target_url.h"

#include "support/catch.h"

namespace mcore {
namespace {

using Kind = TargetUrl::Kind;

struct Case {
  std::string_view text;
  Kind kind;
  std::string_view url;
  std::string_view path;
  std::string_view instance;
};
constexpr Case kGood[] = {
    {"localhost:9100", Kind::kHttp, "http://localhost:9100/metrics", "", "localhost:9100"},
    {"localhost", Kind::kHttp, "http://localhost/metrics", "", "localhost"},
    {"db.example", Kind::kHttp, "http://db.example/metrics", "", "db.example"},
    {"db:9187/probe?target=x y", Kind::kHttp, "http://db:9187/probe?target=x%20y", "", "db:9187"},
    {"db:9187?x=1", Kind::kHttp, "http://db:9187/metrics?x=1", "", "db:9187"},
    {"http://db", Kind::kHttp, "http://db/metrics", "", "db"},
    {"http://db/", Kind::kHttp, "http://db/", "", "db"},
    {"https://db:443/m#part", Kind::kHttp, "https://db:443/m", "", "db:443"},
    {"http://me:se:cret@db/m", Kind::kHttp, "http://db/m", "", "db"},
    {"[::1]:9100", Kind::kHttp, "http://[::1]:9100/metrics", "", "[::1]:9100"},
    {"unix:/run/x.sock", Kind::kUnixSocket, "http://localhost/metrics", "/run/x.sock", "/run/x.sock"},
    {"unix:x.sock:/m", Kind::kUnixSocket, "http://localhost/m", "x.sock", "x.sock"},
    {"file:a.prom", Kind::kFile, "", "a.prom", "a.prom"},
    {"file:///var/a.prom", Kind::kFile, "", "/var/a.prom", "/var/a.prom"},
    {"/var/a.prom", Kind::kFile, "", "/var/a.prom", "/var/a.prom"},
    {"./a.prom", Kind::kFile, "", "./a.prom", "./a.prom"},
    {"../a.prom", Kind::kFile, "", "../a.prom", "../a.prom"},
    {"-", Kind::kStdin, "", "", "-"},
};
constexpr std::string_view kBad[] = {"",       "node",  "ftp://x/",   "::1",     "[::1",        "[::1]9",
                                     "host:0", "host:", "host:65536", "host:1x", "http://",     "http://:80",
                                     "unix:",  "file:", "a b.c:1",    "x.y\n:1", "http://a{b}/"};

TEST_CASE("addresses are completed as Prometheus completes them", "[net][target_url]") {
  for (const Case& c : kGood) {
    CAPTURE(c.text);
    const auto target = parse_target_url(c.text);
    REQUIRE(target.ok());
    CHECK(target.value().kind == c.kind);
    CHECK(target.value().url == c.url);
    CHECK(target.value().path == c.path);
    CHECK(target.value().instance == c.instance);
  }
}

TEST_CASE("what is no address is refused", "[net][target_url]") {
  for (const std::string_view text : kBad) {
    CAPTURE(text);
    CHECK_FALSE(parse_target_url(text).ok());
  }
}

TEST_CASE("credentials are taken out of the URL", "[net][target_url]") {
  const auto target = parse_target_url("http://me:se:cret@db/m");
  REQUIRE(target.ok());
  CHECK(target.value().username == "me");
  CHECK(target.value().password == "se:cret");
}

}  // namespace
}  // namespace mcore
