// SPDX-License-Identifier: Apache-2.0
#include "base/detached_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "base/fd.h"
#include "base/file_lock.h"
#include "support/catch.h"
#include "support/child_process.h"

namespace mcore {
namespace {

constexpr const char* kReportTo = "METRICUTILS_TEST_DETACHED";

std::string link_text(const std::string& path) {
  std::array<char, 256> text{};
  const ssize_t size = ::readlink(path.c_str(), text.data(), text.size());
  return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

/// What the test below starts: this very program with this case alone.
TEST_CASE("a detached process says what it finds itself in", "[.report]") {
  const char* const fifo = std::getenv(kReportTo);
  REQUIRE(fifo != nullptr);
  std::string report = link_text("/proc/self/cwd");
  for (const char* const stream : {"0", "1", "2"}) {
    report += " " + link_text(std::string("/proc/self/fd/") + stream);
  }
  for (int fd = STDERR_FILENO + 1; fd < 64; ++fd) {
    report += ::fcntl(fd, F_GETFD) >= 0 ? " open" : "";
  }
  report += ::getsid(0) == ::getpid() ? " leader" : " member";
  report += " " + std::to_string(::getsid(0));
  const Fd out(::open(fifo, O_WRONLY | O_CLOEXEC));
  REQUIRE(::write(out.get(), report.data(), report.size()) == static_cast<ssize_t>(report.size()));
}

TEST_CASE("a detached process has a session of its own, no files and the root folder", "[base][detached]") {
  const TemporaryFolder folder;
  const std::string fifo = folder.path() + "/report";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const Fd in(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(in.is_open());
  REQUIRE(::setenv(kReportTo, fifo.c_str(), 1) == 0);
  const Fd inherited(::open("/dev/null", O_RDONLY));  // not closed on exec: somebody else's library might do so
  REQUIRE(start_detached({"unit_base", "[.report]"}));
  ::unsetenv(kReportTo);

  constexpr int kPatienceMs = 60'000;
  pollfd waiting{.fd = in.get(), .events = POLLIN, .revents = 0};
  REQUIRE(::poll(&waiting, 1, kPatienceMs) == 1);
  std::array<char, 1024> text{};
  const ssize_t size = ::read(in.get(), text.data(), text.size());
  REQUIRE(size > 0);
  const std::string report(text.data(), static_cast<std::size_t>(size));
  INFO(report);
  CHECK(report.starts_with("/ /dev/null /dev/null /dev/null member "));
  CHECK(report.find(" open") == std::string::npos);
  CHECK_FALSE(report.ends_with(" " + std::to_string(::getsid(0))));
}

}  // namespace
}  // namespace mcore
