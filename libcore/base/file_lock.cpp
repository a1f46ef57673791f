// SPDX-License-Identifier: Apache-2.0
#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>

#include "base/error.h"

namespace mcore {
namespace {

enum class Attempt : std::uint8_t { kGot, kTaken, kReplaced };

bool is_named(int fd, const std::string& path) noexcept {
  struct stat held {};
  struct stat named {};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
         held.st_ino == named.st_ino;
}

/// Locks an open file; kReplaced if the path names another one by now: whoever releases a lock may unlink it.
Attempt attempt(int fd, const std::string& path, bool waits) {
  while (::flock(fd, LOCK_EX | (waits ? 0 : LOCK_NB)) != 0) {
    if (errno == EWOULDBLOCK) {
      return Attempt::kTaken;
    }
    if (errno != EINTR) {
      throw Error(ErrorKind::kIo, "lock", path, errno_text(errno));
    }
  }
  return is_named(fd, path) ? Attempt::kGot : Attempt::kReplaced;
}

/// What the waiting thread and the one that may give up share.
struct Waiting {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  bool given_up = false;
  Fd file;
  std::optional<Error> failure;
};

void wait_for_lock(const std::shared_ptr<Waiting>& waiting, const std::string& path, const NewFileOwner& owner) {
  Fd file;
  std::optional<Error> failure;
  try {
    do {
      file = create_owned_file(path, O_RDWR, owner);
    } while (attempt(file.get(), path, true) != Attempt::kGot);
  } catch (const Error& error) {
    failure = error;
  }
  const std::lock_guard guard(waiting->mutex);
  waiting->done = true;
  if (!waiting->given_up) {  // else the lock is let go here
    waiting->file = std::move(file);
    waiting->failure = std::move(failure);
  }
  waiting->changed.notify_one();
}

}  // namespace

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this != &other) {
    unlock();
    file_ = std::move(other.file_);
  }
  return *this;
}

// Closing alone would leave the lock with a child that was forked meanwhile and has not come to its exec yet.
void FileLock::unlock() noexcept {
  if (file_.is_open()) {
    ::flock(file_.get(), LOCK_UN);
    file_ = Fd();
  }
}

std::optional<FileLock> FileLock::try_lock(const std::string& path, const NewFileOwner& owner) {
  for (;;) {
    Fd file = create_owned_file(path, O_RDWR, owner);
    switch (attempt(file.get(), path, false)) {
      case Attempt::kGot:
        return FileLock(std::move(file));
      case Attempt::kTaken:
        return std::nullopt;
      case Attempt::kReplaced:
        break;
    }
  }
}

// flock has no time limit, polling loses one's place in the queue, and a signal would be felt by the whole process: a
// thread waits, and lets go of what it gets when nobody wants it any more.
std::optional<FileLock> FileLock::lock_within(const std::string& path, const NewFileOwner& owner,
                                              std::chrono::milliseconds timeout) {
  std::optional<FileLock> lock = try_lock(path, owner);
  if (lock.has_value() || timeout == std::chrono::milliseconds::zero()) {
    return lock;
  }
  const auto waiting = std::make_shared<Waiting>();
  std::thread([waiting, path, owner] { wait_for_lock(waiting, path, owner); }).detach();
  std::unique_lock guard(waiting->mutex);
  const auto is_done = [&] { return waiting->done; };
  if (timeout < std::chrono::milliseconds::zero()) {
    waiting->changed.wait(guard, is_done);
  } else if (!waiting->changed.wait_for(guard, timeout, is_done)) {
    waiting->given_up = true;
    return std::nullopt;
  }
  if (waiting->failure.has_value()) {
    throw Error(*waiting->failure);
  }
  return FileLock(std::move(waiting->file));
}

bool FileLock::is_in_place(const std::string& path) const noexcept {
  return is_named(file_.get(), path);
}

std::string describe_lock_holder(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return {};
  }
  std::ifstream locks("/proc/locks");
  std::string line;
  while (std::getline(locks, line)) {
    std::istringstream words(line);
    std::string number;
    std::string type;
    std::string mode;
    std::string access;
    std::string process;
    std::string file;
    words >> number >> type;
    if (type == "->") {  // one that waits
      continue;
    }
    words >> mode >> access >> process >> file;
    if (type != "FLOCK" || file.substr(file.rfind(':') + 1) != std::to_string(info.st_ino)) {
      continue;
    }
    std::ifstream stat("/proc/" + process + "/stat");
    std::string text;
    std::getline(stat, text);
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 2 >= text.size()) {
      return "process " + process;
    }
    const bool stopped = text[close + 2] == 'T' || text[close + 2] == 't';
    return text.substr(open + 1, close - open - 1) + " (process " + process + (stopped ? ", stopped)" : ")");
  }
  return {};
}

}  // namespace mcore
