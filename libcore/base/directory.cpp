// SPDX-License-Identifier: Apache-2.0
#include "base/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/error.h"

namespace mcore {
namespace {

[[noreturn]] void fail(std::string_view what, const std::string& path) {
  throw Error(ErrorKind::kIo, what, path, errno_text(errno));
}

void give(int fd, const std::string& path, mode_t mode, const NewFileOwner& owner) {
  // The umask of whoever runs the tool must not lock the others of the group out.
  if (::fchmod(fd, mode) != 0) {
    fail("set permissions of", path);
  }
  if (owner.sets_owner) {
    // Only root can give the user away; the group can be given by its members. Neither is worth a failure.
    if (::fchown(fd, owner.user, owner.group) != 0) {
      (void)(::fchown(fd, static_cast<uid_t>(-1), owner.group) == 0);
    }
  }
}

bool is_folder(const std::string& parent, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN && entry.d_type != DT_LNK) {
    return entry.d_type == DT_DIR;
  }
  struct stat info {};
  return ::stat((parent + "/" + entry.d_name).c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

std::vector<DirectoryEntry> list_directory(const std::string& path, bool may_lack) {
  std::vector<DirectoryEntry> entries;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (folder == nullptr) {
    if (may_lack && errno == ENOENT) {
      return entries;
    }
    fail("list", path);
  }
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(folder.get());
    if (entry == nullptr) {
      break;
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      entries.push_back({std::string(name), is_folder(path, *entry)});
    }
  }
  if (errno != 0) {
    fail("list", path);
  }
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

void sync_directory(const std::string& path) {
  const Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) != 0) {
    fail("sync", path);
  }
}

NewFileOwner owner_of_new_files(const std::string& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) {
    fail("look at", directory);
  }
  NewFileOwner owner;
  owner.user = info.st_uid;
  owner.group = info.st_gid;
  owner.file_mode = info.st_mode & 0666U;
  owner.file_mode |= 0600U;
  owner.folder_mode = (info.st_mode & 07777U) | 0700U;
  owner.sets_owner = ::geteuid() == 0 || ::getegid() != info.st_gid;
  return owner;
}

Fd create_owned_file(const std::string& path, int flags, const NewFileOwner& owner) {
  Fd file(::open(path.c_str(), flags | O_CREAT | O_CLOEXEC, owner.file_mode));
  if (!file.is_open()) {
    fail("create", path);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) == 0 && info.st_uid == ::geteuid()) {
    give(file.get(), path, owner.file_mode, owner);
  }
  return file;
}

void create_owned_folder(const std::string& path, const NewFileOwner& owner) {
  if (::mkdir(path.c_str(), owner.folder_mode) != 0) {
    if (errno == EEXIST) {
      return;
    }
    fail("create folder", path);
  }
  const Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) {
    fail("open folder", path);
  }
  give(folder.get(), path, owner.folder_mode, owner);
}

bool remove_tree(const std::string& path) noexcept {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) {
    return true;
  }
  try {
    for (const DirectoryEntry& entry : list_directory(path, true)) {
      remove_tree(path + "/" + entry.name);
    }
  } catch (const Error&) {
    return false;
  }
  return ::rmdir(path.c_str()) == 0 || errno == ENOENT;
}

bool path_exists(const std::string& path) noexcept {
  return ::access(path.c_str(), F_OK) == 0;
}

std::uint64_t tree_bytes(const std::string& path) noexcept {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return 0;
  }
  if (!S_ISDIR(info.st_mode)) {
    return static_cast<std::uint64_t>(info.st_size);
  }
  std::uint64_t bytes = 0;
  try {
    for (const DirectoryEntry& entry : list_directory(path, true)) {
      bytes += tree_bytes(path + "/" + entry.name);
    }
  } catch (const Error&) {
    return bytes;
  }
  return bytes;
}

std::string boot_id() {
  const Fd file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::array<char, 64> text{};
  const ssize_t got = file.is_open() ? ::read(file.get(), text.data(), text.size()) : 0;
  std::string id(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  id.resize(std::min(id.size(), id.find_last_not_of("\n") + 1));
  return id;
}

}  // namespace mcore
