// SPDX-License-Identifier: Apache-2.0
#include "net/http_fetch.h"

#include <unistd.h>

#include <atomic>

#include "support/catch.h"
#include "support/http_stub.h"

namespace mcore {
namespace {

HttpResponse get(const HttpRequest& request, const HttpClientOptions& options = {}) {
  HttpResponse answer;
  HttpFetcher fetcher(options, 4);
  fetcher.run({request}, [&](std::size_t, HttpResponse&& response) { answer = std::move(response); });
  return answer;
}

HttpRequest request_to(const std::string& url, std::size_t limit = 0) {
  HttpRequest request;
  request.url = url;
  request.timeout = std::chrono::seconds(20);
  request.body_limit = limit;
  return request;
}

TEST_CASE("an answer comes with status, headers and body", "[net][http_fetch]") {
  const HttpStub stub;
  const HttpResponse ok = get(request_to(stub.url("/metrics")));
  CHECK(ok.error.empty());
  CHECK(ok.status == 200);
  CHECK(ok.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(ok.body == "# TYPE stub_ok gauge\nstub_ok 1\n");
  CHECK(ok.duration.count() > 0);
  const HttpResponse broken = get(request_to(stub.url("/status/500")));
  CHECK(broken.error.empty());
  CHECK(broken.status == 500);
  CHECK(broken.status_text == "Internal Server Error");
  CHECK(get(request_to(stub.url("/gzip"))).content_encoding == "gzip");
}

TEST_CASE("every way to fail has its words and ends in time", "[net][http_fetch]") {
  const HttpStub stub;
  struct Case {
    std::string path;
    std::string_view error;
  };
  const Case cases[] = {
      {"/stall", "timed out after 300ms"},
      {"/stall-body", "timed out after 300ms"},
      {"/drip", "timed out after 300ms"},
      {"/cut", "the connection was closed without an answer"},
      {"/cut-body", "the connection was closed in the middle of the body"},
      {"/loop", "more than 10 redirects"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.path);
    HttpRequest request = request_to(stub.url(c.path));
    if (c.error.starts_with("timed out")) {
      request.timeout = std::chrono::milliseconds(300);
    }
    const HttpResponse response = get(request);
    CHECK(response.error == c.error);
    CHECK(response.duration < std::chrono::seconds(10));
  }
  CHECK(get(request_to("http://127.0.0.1:1/")).error == "connection refused");
  CHECK_FALSE(get(request_to("http://no-such-host.invalid/")).error.empty());
  CHECK(get(request_to(stub.url("/short"))).body.size() == 31);
}

TEST_CASE("a body over the limit is cut off while it comes", "[net][http_fetch]") {
  const HttpStub stub;
  const HttpResponse response = get(request_to(stub.url("/size/2000"), 1000));
  CHECK(response.error == "the body is larger than the limit of 1000 bytes");
  CHECK(response.body.size() <= 1000);
  CHECK(get(request_to(stub.url("/metrics"), 31)).error.empty());
}

TEST_CASE("credentials are sent, and only to their own origin", "[net][http_fetch]") {
  const HttpStub stub;
  const HttpStub other;
  HttpClientOptions basic;
  basic.username = "me";
  basic.password = "secret";
  basic.headers = {{"X-Secret", "42"}};
  CHECK(get(request_to(stub.url("/basic")), basic).status == 200);
  CHECK(get(request_to(stub.url("/redirect/basic")), basic).status == 200);
  const std::string away = std::to_string(other.port());
  CHECK(get(request_to(stub.url("/away/" + away + "/basic")), basic).status == 401);
  const HttpResponse seen = get(request_to(stub.url("/away/" + away + "/headers")), basic);
  CHECK(seen.status == 200);
  CHECK(seen.body.find("X-Secret") == std::string::npos);
  CHECK(seen.body.find("Authorization") == std::string::npos);
  CHECK(get(request_to(stub.url("/headers")), basic).body.find("X-Secret") != std::string::npos);

  HttpClientOptions bearer;
  bearer.bearer_token = "token";
  CHECK(get(request_to(stub.url("/bearer")), bearer).status == 200);
  CHECK(get(request_to(stub.url("/away/" + away + "/bearer")), bearer).status == 401);

  HttpRequest own = request_to(stub.url("/basic"));
  own.username = "me";
  own.password = "secret";
  CHECK(get(own).status == 200);
}

TEST_CASE("a redirect is an answer where it is not to be followed", "[net][http_fetch]") {
  const HttpStub stub;
  HttpClientOptions options;
  options.follow_redirects = false;
  CHECK(get(request_to(stub.url("/redirect/metrics")), options).status == 302);
  CHECK(get(request_to(stub.url("/redirect/metrics"))).status == 200);
}

TEST_CASE("a header of the user replaces ours", "[net][http_fetch]") {
  const HttpStub stub;
  HttpRequest request = request_to(stub.url("/headers"));
  request.headers = {{"Accept", "text/plain"}, {"Accept-Encoding", "gzip"}};
  HttpClientOptions options;
  options.headers = {{"accept", "mine"}};
  options.user_agent = "metricutils";
  const std::string body = get(request, options).body;
  CHECK(body.find("name=\"accept\",value=\"mine\"") != std::string::npos);
  CHECK(body.find("value=\"text/plain\"") == std::string::npos);
  CHECK(body.find("name=\"Accept-Encoding\",value=\"gzip\"") != std::string::npos);
  CHECK(body.find("name=\"User-Agent\",value=\"metricutils\"") != std::string::npos);
}

TEST_CASE("HTTP runs over a Unix socket", "[net][http_fetch]") {
  const std::string path = "/tmp/metricutils-test-" + std::to_string(::getpid()) + ".sock";
  {
    const HttpStub stub(path);
    HttpRequest request = request_to("http://localhost/metrics");
    request.unix_socket = path;
    CHECK(get(request).status == 200);
  }
  ::unlink(path.c_str());
}

TEST_CASE("many requests run side by side, never more than allowed", "[net][http_fetch]") {
  const HttpStub stub;
  std::vector<HttpRequest> requests(200, request_to(stub.url("/size/20")));
  for (HttpRequest& request : requests) {
    request.timeout = std::chrono::seconds(20);
  }
  std::vector<int> seen(requests.size(), 0);
  HttpFetcher fetcher({}, 8);
  fetcher.run(requests,
              [&](std::size_t index, HttpResponse&& response) { seen[index] += response.status == 200 ? 1 : 100; });
  CHECK(seen == std::vector<int>(requests.size(), 1));
  // The server may still be closing a connection when its slot opens the next one.
  CHECK(stub.most_connections() <= 16);
}

TEST_CASE("an interruption ends all that runs and waits", "[net][http_fetch]") {
  const HttpStub stub;
  std::vector<HttpRequest> requests(20, request_to(stub.url("/stall")));
  for (HttpRequest& request : requests) {
    request.timeout = std::chrono::seconds(60);
  }
  int interrupted = 0;
  HttpFetcher fetcher({}, 4);
  int asked = 0;
  fetcher.run(
      requests, [&](std::size_t, HttpResponse&& response) { interrupted += response.error == "interrupted" ? 1 : 0; },
      [&] { return ++asked > 3; });
  CHECK(interrupted == 20);
}

}  // namespace
}  // namespace mcore
