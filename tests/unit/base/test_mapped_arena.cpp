// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_arena.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "base/error.h"
#include "support/catch.h"
#include "support/child_process.h"

namespace mcore {
namespace {

struct stat info_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info;
}

TEST_CASE("an arena begins as zeros on blocks of its own, in whole pages", "[base][arena]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/arena";
  const MappedArena arena = MappedArena::create(path, 5000, {});
  CHECK(arena.size() == 8192);
  CHECK(std::all_of(arena.data(), arena.data() + arena.size(), [](char c) { return c == 0; }));
  const struct stat info = info_of(path);
  CHECK(info.st_size == 8192);
  CHECK(info.st_blocks * 512 >= 8192);
  CHECK(arena.inode() == info.st_ino);
  CHECK(arena.device() == info.st_dev);
}

TEST_CASE("an arena is not created over another, and not opened where there is none", "[base][arena]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/arena";
  CHECK_THROWS_WITH(MappedArena::open(path, false), "open: " + path + ": No such file or directory");
  const MappedArena arena = MappedArena::create(path, 1, {});
  CHECK_THROWS_WITH(MappedArena::create(path, 1, {}), "create: " + path + ": File exists");
}

TEST_CASE("an arena grows by an eighth at least and keeps what it holds", "[base][arena]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/arena";
  MappedArena arena = MappedArena::create(path, 1U << 16U, {});
  std::memcpy(arena.data() + 60'000, "here", 4);
  arena.reserve(1U << 16U);
  CHECK(arena.size() == 65'536);
  arena.reserve((1U << 16U) + 1);
  CHECK(arena.size() == 73'728);
  arena.reserve(1'000'000);
  CHECK(arena.size() == 1'003'520);
  CHECK(info_of(path).st_blocks * 512 >= 1'003'520);
  CHECK(std::memcmp(arena.data() + 60'000, "here", 4) == 0);
  CHECK(arena.data()[1'000'000] == 0);
}

TEST_CASE("who mapped an arena before follows what another added", "[base][arena]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/arena";
  MappedArena writer = MappedArena::create(path, 4096, {});
  for (const bool writable : {false, true}) {
    MappedArena reader = MappedArena::open(path, writable);
    const std::size_t before = writer.size();
    CHECK(reader.follow(before));
    CHECK_FALSE(reader.follow(before + 1));
    // Farther than the address space that a mapping sets aside.
    const std::size_t end = before + (std::size_t{160} << 20U);
    writer.reserve(end);
    writer.data()[end - 1] = 'x';
    REQUIRE(reader.follow(end));
    CHECK(reader.data()[end - 1] == 'x');
    CHECK(reader.size() == writer.size());
  }
}

TEST_CASE("an arena of no bytes is mapped and has none", "[base][arena]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/arena";
  write_test_file(path, "");
  MappedArena arena = MappedArena::open(path, false);
  CHECK(arena.size() == 0);
  CHECK_FALSE(arena.follow(1));
}

TEST_CASE("an arena that was moved from is empty", "[base][arena]") {
  const TemporaryFolder folder;
  MappedArena one = MappedArena::create(folder.path() + "/one", 4096, {});
  one.data()[0] = '1';
  MappedArena other = MappedArena::create(folder.path() + "/other", 8192, {});
  other = std::move(one);
  CHECK(other.size() == 4096);
  CHECK(other.data()[0] == '1');
  CHECK(one.size() == 0);  // NOLINT: what is left is what is looked at
  CHECK(one.data() == nullptr);
}

TEST_CASE("what finds no room is an error, and what was there stays", "[base][arena]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/arena";
  const ChildOutcome outcome = run_in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 1U << 16U, .rlim_max = 1U << 16U};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
      return 1;
    }
    MappedArena arena = MappedArena::create(path, 1U << 15U, {});
    std::memcpy(arena.data() + 30'000, "here", 4);
    try {
      arena.reserve(1U << 17U);
      return 2;
    } catch (const Error& error) {
      if (std::string(error.what()) != "reserve space for: " + path + ": File too large" ||
          error.kind() != ErrorKind::kIo) {
        return 3;
      }
    }
    arena.reserve(1U << 16U);
    return std::memcmp(arena.data() + 30'000, "here", 4) == 0 && arena.size() == (1U << 16U) ? 0 : 4;
  });
  CHECK(outcome.exit_code == 0);
}

}  // namespace
}  // namespace mcore
