// SPDX-License-Identifier: Apache-2.0
#include "base/directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "support/catch.h"
#include "support/child_process.h"

namespace mcore {
namespace {

std::string names_in(const std::string& path) {
  std::string out;
  for (const DirectoryEntry& entry : list_directory(path)) {
    out += entry.name + (entry.is_directory ? "/ " : " ");
  }
  return out;
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

/// The umask for as long as it lives.
class UmaskSetting {
 public:
  explicit UmaskSetting(mode_t mask) : old_(::umask(mask)) {}
  ~UmaskSetting() { ::umask(old_); }
  UmaskSetting(const UmaskSetting&) = delete;
  UmaskSetting& operator=(const UmaskSetting&) = delete;

 private:
  mode_t old_;
};

TEST_CASE("list_directory sorts by name and tells folders, links to them too", "[base][directory]") {
  const TemporaryFolder folder;
  CHECK(names_in(folder.path()).empty());
  write_test_file(folder.path() + "/b", "");
  write_test_file(folder.path() + "/.hidden", "");
  REQUIRE(::mkdir((folder.path() + "/a").c_str(), 0755) == 0);
  REQUIRE(::symlink("a", (folder.path() + "/link").c_str()) == 0);
  REQUIRE(::symlink("nowhere", (folder.path() + "/broken").c_str()) == 0);
  CHECK(names_in(folder.path()) == ".hidden a/ b broken link/ ");
}

TEST_CASE("list_directory takes a missing folder as empty only if it may lack", "[base][directory]") {
  const TemporaryFolder folder;
  const std::string none = folder.path() + "/none";
  CHECK(list_directory(none, true).empty());
  CHECK_THROWS_WITH(list_directory(none), "list: " + none + ": No such file or directory");
  write_test_file(none, "");
  CHECK_THROWS_WITH(list_directory(none, true), "list: " + none + ": Not a directory");
}

TEST_CASE("new files follow the directory's permissions, whatever the umask", "[base][directory]") {
  const TemporaryFolder folder;
  const UmaskSetting umask(0077);
  REQUIRE(::chmod(folder.path().c_str(), 02770) == 0);
  const NewFileOwner owner = owner_of_new_files(folder.path());
  CHECK(owner.file_mode == 0660);
  CHECK(owner.folder_mode == 02770);
  CHECK(create_owned_file(folder.path() + "/f", O_WRONLY, owner).is_open());
  CHECK(mode_of(folder.path() + "/f") == 0660);
  create_owned_folder(folder.path() + "/d", owner);
  CHECK(mode_of(folder.path() + "/d") == 02770);
}

TEST_CASE("the owner can always read and write new files", "[base][directory]") {
  const TemporaryFolder folder;
  REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
  const NewFileOwner owner = owner_of_new_files(folder.path());
  CHECK(owner.file_mode == 0644);
  CHECK(owner.folder_mode == 0755);
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  CHECK_THROWS_AS(owner_of_new_files(folder.path() + "/none"), Error);
}

TEST_CASE("root gives new files the directory's owner", "[base][directory]") {
  if (::geteuid() != 0) {
    WARN("not root: who owns new files is not tested");
    return;
  }
  const TemporaryFolder folder;
  REQUIRE(::chown(folder.path().c_str(), 12'345, 54'321) == 0);
  const NewFileOwner owner = owner_of_new_files(folder.path());
  CHECK(owner.sets_owner);
  (void)create_owned_file(folder.path() + "/f", O_WRONLY, owner);
  create_owned_folder(folder.path() + "/d", owner);
  for (const char* const name : {"/f", "/d"}) {
    struct stat info {};
    REQUIRE(::stat((folder.path() + name).c_str(), &info) == 0);
    CHECK(info.st_uid == 12'345);
    CHECK(info.st_gid == 54'321);
  }
}

TEST_CASE("creating what exists leaves a folder alone and opens a file", "[base][directory]") {
  const TemporaryFolder folder;
  const NewFileOwner owner = owner_of_new_files(folder.path());
  create_owned_folder(folder.path() + "/d", owner);
  write_test_file(folder.path() + "/d/f", "x");
  create_owned_folder(folder.path() + "/d", owner);
  CHECK(names_in(folder.path() + "/d") == "f ");
  CHECK(create_owned_file(folder.path() + "/d/f", O_RDWR, owner).is_open());
  CHECK_THROWS_WITH(create_owned_file(folder.path() + "/d/f", O_RDWR | O_EXCL, owner),
                    "create: " + folder.path() + "/d/f: File exists");
  CHECK_THROWS_AS(create_owned_folder(folder.path() + "/none/d", owner), Error);
}

TEST_CASE("remove_tree takes everything, and follows no link", "[base][directory]") {
  const TemporaryFolder folder;
  const std::string kept = folder.path() + "/kept";
  const std::string gone = folder.path() + "/gone";
  REQUIRE(::mkdir(kept.c_str(), 0755) == 0);
  write_test_file(kept + "/f", "x");
  REQUIRE(::mkdir(gone.c_str(), 0755) == 0);
  REQUIRE(::mkdir((gone + "/deep").c_str(), 0755) == 0);
  write_test_file(gone + "/deep/f", "x");
  REQUIRE(::symlink(kept.c_str(), (gone + "/link").c_str()) == 0);
  CHECK(remove_tree(gone));
  CHECK_FALSE(path_exists(gone));
  CHECK(path_exists(kept + "/f"));
  CHECK(remove_tree(gone));  // nothing there is nothing left
  CHECK(remove_tree(kept + "/f"));
  CHECK_FALSE(path_exists(kept + "/f"));
}

TEST_CASE("sync_directory wants a folder", "[base][directory]") {
  const TemporaryFolder folder;
  CHECK_NOTHROW(sync_directory(folder.path()));
  write_test_file(folder.path() + "/f", "");
  CHECK_THROWS_AS(sync_directory(folder.path() + "/f"), Error);
  CHECK_THROWS_AS(sync_directory(folder.path() + "/none"), Error);
}

TEST_CASE("boot_id is the same word each time", "[base][directory]") {
  CHECK(boot_id() == boot_id());
  CHECK(boot_id().find('\n') == std::string::npos);
}

}  // namespace
}  // namespace mcore
