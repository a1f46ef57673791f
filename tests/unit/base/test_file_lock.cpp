// SPDX-License-Identifier: Apache-2.0
#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/error.h"
#include "support/catch.h"
#include "support/child_process.h"

namespace mcore {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a lock is had by one at a time, and the file is made where it lacks", "[base][lock]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/lock";
  auto first = FileLock::try_lock(path, {});
  REQUIRE(first.has_value());
  CHECK(first->is_held());
  CHECK(path_exists(path));
  CHECK_FALSE(FileLock::try_lock(path, {}).has_value());
  CHECK_FALSE(FileLock::lock_within(path, {}, 0ms).has_value());
  CHECK_FALSE(FileLock::lock_within(path, {}, 1ms).has_value());
  first->unlock();
  CHECK_FALSE(first->is_held());
  CHECK(FileLock::try_lock(path, {}).has_value());
}

TEST_CASE("what holds no lock gives none up", "[base][lock]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/lock";
  FileLock lock;
  CHECK_FALSE(lock.is_held());
  lock.unlock();
  lock = std::move(FileLock::try_lock(path, {}).value());
  CHECK(lock.is_held());
  FileLock other = std::move(lock);
  CHECK_FALSE(lock.is_held());  // NOLINT: what is left is what is looked at
  lock.unlock();
  CHECK_FALSE(FileLock::try_lock(path, {}).has_value());
  other = FileLock();
  CHECK(FileLock::try_lock(path, {}).has_value());
}

TEST_CASE("a lock on a file that was unlinked keeps nobody out", "[base][lock]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/lock";
  const auto old = FileLock::try_lock(path, {});
  REQUIRE(old.has_value());
  REQUIRE(::unlink(path.c_str()) == 0);  // as a server does when it ends
  const auto now = FileLock::try_lock(path, {});
  REQUIRE(now.has_value());
  CHECK_FALSE(FileLock::try_lock(path, {}).has_value());
}

TEST_CASE("who waits gets the lock when it is given up", "[base][lock]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/lock";
  for (const auto timeout : {std::chrono::milliseconds(60'000), std::chrono::milliseconds(-1)}) {
    auto first = FileLock::try_lock(path, {});
    REQUIRE(first.has_value());
    std::thread other([&] { first->unlock(); });
    const auto second = FileLock::lock_within(path, {}, timeout);
    other.join();
    REQUIRE(second.has_value());
    CHECK_FALSE(FileLock::try_lock(path, {}).has_value());
  }
}

TEST_CASE("who waits for a lock on a file that is unlinked meanwhile locks the new one", "[base][lock]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/lock";
  auto first = FileLock::try_lock(path, {});
  REQUIRE(first.has_value());
  std::thread other([&] {
    (void)::unlink(path.c_str());
    first->unlock();
  });
  const auto second = FileLock::lock_within(path, {}, 60s);
  other.join();
  REQUIRE(second.has_value());
  CHECK(path_exists(path));
  CHECK_FALSE(FileLock::try_lock(path, {}).has_value());
}

TEST_CASE("a process that ends leaves no lock behind", "[base][lock]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/lock";
  const ChildOutcome child = run_in_child([&] {
    auto lock = FileLock::try_lock(path, {});
    return lock.has_value() ? (::kill(::getpid(), SIGKILL), 1) : 2;
  });
  CHECK(child.signal == SIGKILL);
  CHECK(FileLock::try_lock(path, {}).has_value());
}

TEST_CASE("unlocking counts although a forked child has the file open", "[base][lock]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/lock";
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  auto lock = FileLock::try_lock(path, {});
  REQUIRE(lock.has_value());
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    char end = 0;
    ::close(ends[1]);
    (void)!::read(ends[0], &end, 1);
    ::_exit(0);
  }
  lock->unlock();
  CHECK(FileLock::try_lock(path, {}).has_value());
  ::close(ends[1]);
  CHECK(::waitpid(child, nullptr, 0) == child);
  ::close(ends[0]);
}

TEST_CASE("the holder of a lock is named", "[base][lock]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/lock";
  CHECK(describe_lock_holder(path).empty());
  const auto lock = FileLock::try_lock(path, {});
  REQUIRE(lock.has_value());
  CHECK(describe_lock_holder(path) == "unit_base (process " + std::to_string(::getpid()) + ")");
}

TEST_CASE("a lock where no file can be is an error", "[base][lock]") {
  CHECK_THROWS_WITH(FileLock::try_lock("/proc/none/lock", {}), "create: /proc/none/lock: No such file or directory");
  CHECK_THROWS_WITH(FileLock::lock_within("/proc/none/lock", {}, -1ms),
                    "create: /proc/none/lock: No such file or directory");
}

}  // namespace
}  // namespace mcore
