// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_file.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <utility>
#include <vector>

#include "base/error.h"
#include "support/catch.h"
#include "support/child_process.h"

namespace mcore {
namespace {

TEST_CASE("a mapped file shows the file's bytes, also after it is unlinked", "[base][mapped-file]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/f";
  write_test_file(path, "hello");
  const MappedFile file = MappedFile::open(path);
  CHECK(file.bytes() == "hello");
  REQUIRE(::unlink(path.c_str()) == 0);
  CHECK(file.bytes() == "hello");
}

TEST_CASE("an empty file maps to no bytes", "[base][mapped-file]") {
  const TemporaryFolder folder;
  write_test_file(folder.path() + "/f", "");
  CHECK(MappedFile::open(folder.path() + "/f").bytes().empty());
  CHECK(MappedFile().bytes().empty());
}

TEST_CASE("a mapped file moves", "[base][mapped-file]") {
  const TemporaryFolder folder;
  write_test_file(folder.path() + "/a", "aaa");
  write_test_file(folder.path() + "/b", "bb");
  MappedFile a = MappedFile::open(folder.path() + "/a");
  MappedFile b = MappedFile::open(folder.path() + "/b");
  a = std::move(b);
  CHECK(a.bytes() == "bb");
  CHECK(b.bytes().empty());  // NOLINT(bugprone-use-after-move): empty when moved from, says the contract
  const MappedFile c(std::move(a));
  CHECK(c.bytes() == "bb");
  CHECK(a.bytes().empty());  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("what cannot be mapped is an error that names it", "[base][mapped-file]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(MappedFile::open(folder.path() + "/none"),
                    "open: " + folder.path() + "/none: No such file or directory");
  CHECK_THROWS_WITH(MappedFile::open(folder.path()), "map: " + folder.path() + ": No such device");
}

/// Maps the file at `path`, cuts it and reads where it was.
int read_truncated(const std::string& path) {
  const MappedFile file = MappedFile::open(path);
  if (::truncate(path.c_str(), 0) != 0) {
    return 98;
  }
  return file.bytes()[20'000] == 'x' ? 1 : 2;
}

void allow_no_core_file() {
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
}

TEST_CASE("a file truncated under its mapping ends the process with one line and code 3", "[base][mapped-file]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/f";
  write_test_file(path, std::string(40'000, 'x'));
  const ChildOutcome outcome = run_in_child([&] {
    guard_mappings("mstore");
    return read_truncated(path);
  });
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.error_text == "mstore: read mapped file: " + path + ": truncated or unreadable while in use\n");
}

TEST_CASE("the message names the file that was cut among many, and the end of a long path", "[base][mapped-file]") {
  const TemporaryFolder folder;
  std::vector<MappedFile> others;
  for (int i = 0; i < 5; ++i) {
    write_test_file(folder.path() + "/other", std::string(8'192, 'o'));
    others.push_back(MappedFile::open(folder.path() + "/other"));
  }
  others.erase(others.begin() + 1);  // its place in the table is taken anew
  const std::string path = folder.path() + "/" + std::string(230, 'n');
  write_test_file(path, std::string(40'000, 'x'));
  const ChildOutcome outcome = run_in_child([&] {
    guard_mappings("mstore");
    return read_truncated(path);
  });
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.error_text ==
        "mstore: read mapped file: " + std::string(199, 'n') + ": truncated or unreadable while in use\n");
}

TEST_CASE("a mapping beyond the table still ends in an error line", "[base][mapped-file]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/f";
  write_test_file(path, std::string(40'000, 'x'));
  const ChildOutcome outcome = run_in_child([&] {
    guard_mappings("mstore");
    while (remember_mapping(&path, 1, "full") >= 0) {
    }
    return read_truncated(path);
  });
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.error_text == "mstore: read mapped file: : truncated or unreadable while in use\n");
}

TEST_CASE("without guard_mappings the signal does what it always does", "[base][mapped-file]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/f";
  write_test_file(path, std::string(40'000, 'x'));
  const ChildOutcome outcome = run_in_child([&] {
    allow_no_core_file();
    std::signal(SIGBUS, SIG_DFL);  // test frameworks and sanitizers have their own
    return read_truncated(path);
  });
  CHECK(outcome.signal == SIGBUS);
}

}  // namespace
}  // namespace mcore
