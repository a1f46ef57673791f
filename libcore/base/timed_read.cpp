// SPDX-License-Identifier: Apache-2.0
#include "base/timed_read.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "base/error.h"

namespace mcore {
namespace {

[[noreturn]] void fail(std::string_view name, int number) {
  throw Error(ErrorKind::kIo, "read", name, errno_text(number));
}

/// Whether read() will not block: bytes, the end or an error are there.
bool poll_for(int fd, int timeout_ms, std::string_view name) {
  struct pollfd asked {};
  asked.fd = fd;
  asked.events = POLLIN;
  const int ready = ::poll(&asked, 1, timeout_ms);
  if (ready < 0 && errno != EINTR) {
    fail(name, errno);
  }
  return ready > 0;
}

}  // namespace

TimedRead read_within(int fd, std::span<char> room, std::chrono::milliseconds patience, std::string_view name) {
  TimedRead outcome;
  if (!poll_for(fd, 0, name)) {
    outcome.waited = true;
    const int timeout_ms =
        patience.count() < 0
            ? -1
            : static_cast<int>(std::min<std::int64_t>(patience.count(), std::numeric_limits<int>::max()));
    if (timeout_ms == 0 || !poll_for(fd, timeout_ms, name)) {
      return outcome;
    }
  }
  const ssize_t got = ::read(fd, room.data(), room.size());
  if (got < 0) {
    if (errno == EINTR || errno == EAGAIN) {
      return outcome;
    }
    fail(name, errno);
  }
  outcome.state = got == 0 ? TimedRead::State::kEnd : TimedRead::State::kBytes;
  outcome.size = static_cast<std::size_t>(got);
  return outcome;
}

}  // namespace mcore
