// SPDX-License-Identifier: Apache-2.0
// A library for LD_PRELOAD that makes the file calls of a program fail, kill it, or be written down.
//
// Calls on files below $FAULT_DIR (an absolute path) are numbered from 1 in each process: open and creat that may
// create a file, write (all variants), fsync, fdatasync, rename, truncate, fallocate, unlink, rmdir, mkdir, link,
// symlink.
//
//   FAULT_CALLS=a,b       number only these calls (write fsync rename truncate reserve unlink mkdir open link)
//   FAULT_TRACE=FILE      a line for each: number, call, path, length
//   FAULT_KILL_AT=N       SIGKILL at call N; FAULT_KILL_WHEN=before (default), after, half (half of the bytes written)
//   FAULT_STOP_AT=N       SIGSTOP before call N
//   FAULT_FAIL_AT=N       call N fails with FAULT_ERRNO (ENOSPC, EIO, EDQUOT; default EIO), and FAULT_FAIL_COUNT-1 (0:
//   all)
//                         after it; FAULT_FAIL_HALF=1: a write fails when half of its bytes are there
//   FAULT_SHORT=1         write writes half of what it was asked to (at least a byte)
//   FAULT_FSYNC_DELAY_MS  each fsync takes that much longer
//   FAULT_BOOT_ID=TEXT    what /proc/sys/kernel/random/boot_id holds
//   FAULT_LOG=FILE        a journal of what was done, in one order for all processes, bytes included; the form is that
//   of
//                         JournalEntry below, then the path, the second path, and what was written
//
// What is done through a mapping is not seen.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

struct JournalEntry {
  char call[8];          // padded with zeros
  std::int64_t result;   // as the call returned it; -1 for a failure
  std::uint64_t inode;   // of the file, 0 if there is none
  std::uint64_t offset;  // of a write; the new size of truncate and fallocate
  std::uint32_t size;    // of the bytes behind the paths
  std::uint16_t path;    // their lengths
  std::uint16_t path2;
  std::uint32_t process;
  std::uint32_t flags;  // 1: open created the file
};
static_assert(sizeof(JournalEntry) == 48);

/// The next definition of a function of the C library.
template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

using OpenAt = int(int, const char*, int, ...);
using PwriteFunction = ssize_t(int, const void*, size_t, off_t);
using WriteFunction = ssize_t(int, const void*, size_t);
using DescriptorFunction = int(int);
using PathFunction = int(const char*);

ssize_t real_write(int fd, const void* data, size_t size) {
  static auto* const function = real<WriteFunction>("write");
  return function(fd, data, size);
}

int real_open(const char* path, int flags, mode_t mode) {
  static auto* const function = real<OpenAt>("openat");
  return function(AT_FDCWD, path, flags, mode);
}

std::string_view env(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

long env_number(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? 0 : std::strtol(value, nullptr, 10);
}

struct Settings {
  std::string folder{env("FAULT_DIR")};
  std::string calls{env("FAULT_CALLS")};
  std::string kill_when{env("FAULT_KILL_WHEN")};
  std::string boot{env("FAULT_BOOT_ID")};
  long kill_at = env_number("FAULT_KILL_AT");
  long stop_at = env_number("FAULT_STOP_AT");
  long fail_at = env_number("FAULT_FAIL_AT");
  long fail_count = std::getenv("FAULT_FAIL_COUNT") != nullptr ? env_number("FAULT_FAIL_COUNT") : 1;
  bool fails_half = env_number("FAULT_FAIL_HALF") != 0;
  int error = EIO;
  bool writes_short = env_number("FAULT_SHORT") != 0;
  long fsync_delay_ms = env_number("FAULT_FSYNC_DELAY_MS");
  int trace = -1;
  int journal = -1;

  Settings() {
    const std::string_view name = env("FAULT_ERRNO");
    error = name == "ENOSPC" ? ENOSPC : name == "EDQUOT" ? EDQUOT : EIO;
    constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    if (const char* const path = std::getenv("FAULT_TRACE"); path != nullptr) {
      trace = real_open(path, kFlags, 0666);
    }
    if (const char* const path = std::getenv("FAULT_LOG"); path != nullptr) {
      journal = real_open(path, kFlags, 0666);
    }
  }
};

// Never destroyed: programs call us until their very end.
const Settings& settings() {
  static const Settings& kept = *new Settings;
  return kept;
}

std::atomic<long> g_calls{0};

/// One call that is watched: numbers it, lets it fail or dies, writes it down.
class Watched {
 public:
  Watched(std::string_view call, std::string path, std::size_t length) : call_(call), path_(std::move(path)) {
    const Settings& set = settings();
    is_ours_ = !set.folder.empty() && path_.compare(0, set.folder.size(), set.folder) == 0 &&
               (path_.size() == set.folder.size() || path_[set.folder.size()] == '/');
    if (is_ours_ && set.journal >= 0) {
      ::flock(set.journal, LOCK_EX);  // the order of the journal is the order of the calls
    }
    if (!is_ours_ || !is_numbered(set.calls)) {
      return;
    }
    number_ = ++g_calls;
    if (set.trace >= 0) {
      char line[4500];
      const int size = std::snprintf(line, sizeof line, "%ld %.*s %s %zu\n", number_, static_cast<int>(call_.size()),
                                     call_.data(), path_.c_str(), length);
      (void)(real_write(set.trace, line, static_cast<size_t>(size)) == size);
    }
    if (number_ == set.stop_at) {
      ::raise(SIGSTOP);
    }
    if (number_ == set.kill_at && set.kill_when != "after" && !(set.kill_when == "half" && call_ == "write")) {
      ::raise(SIGKILL);
    }
  }
  ~Watched() {
    const Settings& set = settings();
    if (!is_ours_) {
      return;
    }
    const int error = errno;
    if (set.journal >= 0) {
      ::flock(set.journal, LOCK_UN);
    }
    if (number_ > 0 && number_ == set.kill_at && set.kill_when == "after") {
      ::raise(SIGKILL);
    }
    errno = error;
  }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  [[nodiscard]] bool fails() const {
    const Settings& set = settings();
    const bool is_it = number_ > 0 && set.fail_at > 0 && number_ >= set.fail_at &&
                       (set.fail_count == 0 || number_ < set.fail_at + set.fail_count);
    if (is_it) {
      errno = set.error;
    }
    return is_it;
  }
  /// How much of a write is done.
  [[nodiscard]] std::size_t allowed(std::size_t size) const {
    const Settings& set = settings();
    const bool dies = number_ > 0 && number_ == set.kill_at && set.kill_when == "half";
    const bool is_half = is_ours_ && (set.writes_short || dies || (set.fails_half && fails()));
    return is_half && size > 1 ? size / 2 : size;
  }
  /// Whether a half write is where it ends.
  void die_half() const {
    if (number_ > 0 && number_ == settings().kill_at && settings().kill_when == "half") {
      ::raise(SIGKILL);
    }
  }
  [[nodiscard]] bool is_ours() const { return is_ours_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  void write_down(std::int64_t result, std::uint64_t inode, std::uint64_t offset, std::string_view bytes,
                  std::string_view path2 = {}, std::uint32_t flags = 0) const {
    const int journal = settings().journal;
    if (!is_ours_ || journal < 0) {
      return;
    }
    const int error = errno;
    JournalEntry entry{};
    std::memcpy(entry.call, call_.data(), std::min(call_.size(), sizeof entry.call));
    entry.result = result;
    entry.inode = inode;
    entry.offset = offset;
    entry.size = static_cast<std::uint32_t>(bytes.size());
    entry.path = static_cast<std::uint16_t>(path_.size());
    entry.path2 = static_cast<std::uint16_t>(path2.size());
    entry.process = static_cast<std::uint32_t>(::getpid());
    entry.flags = flags;
    std::string all(reinterpret_cast<const char*>(&entry), sizeof entry);
    all += path_;
    all += path2;
    all += bytes;
    (void)(real_write(journal, all.data(), all.size()) == static_cast<ssize_t>(all.size()));
    errno = error;
  }

 private:
  [[nodiscard]] bool is_numbered(const std::string& calls) const {
    return calls.empty() || ("," + calls + ",").find("," + std::string(call_) + ",") != std::string::npos;
  }

  std::string_view call_;
  std::string path_;
  bool is_ours_ = false;
  long number_ = 0;  // 0: not one that is numbered
};

std::string path_of(int fd) {
  if (settings().folder.empty()) {
    return {};
  }
  const int error = errno;
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  char path[4200];
  const ssize_t size = ::readlink(link, path, sizeof path);
  errno = error;
  return {path, size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::string absolute(int folder, const char* path) {
  if (path[0] == '/' || settings().folder.empty()) {
    return path;
  }
  if (folder != AT_FDCWD) {
    return path_of(folder) + "/" + path;
  }
  char current[4200];
  return std::string(::getcwd(current, sizeof current) != nullptr ? current : "") + "/" + path;
}

std::uint64_t inode_of(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

std::uint64_t inode_of(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

int open_watched(int folder, const char* path, int flags, mode_t mode) {
  static auto* const function = real<OpenAt>("openat");
  const Settings& set = settings();
  if (!set.boot.empty() && std::strcmp(path, "/proc/sys/kernel/random/boot_id") == 0) {
    const int fd = ::memfd_create("boot_id", MFD_CLOEXEC);
    (void)(real_write(fd, set.boot.data(), set.boot.size()) >= 0 && ::lseek(fd, 0, SEEK_SET) == 0);
    return fd;
  }
  if ((flags & (O_CREAT | O_TRUNC)) == 0) {
    return function(folder, path, flags, mode);
  }
  const Watched call("open", absolute(folder, path), 0);
  if (call.fails()) {
    return -1;
  }
  const bool is_new = call.is_ours() && inode_of(call.path()) == 0;
  const int fd = function(folder, path, flags, mode);
  call.write_down(fd < 0 ? -1 : 0, fd < 0 ? 0 : inode_of(fd), 0, {}, {},
                  (is_new ? 1U : 0U) | ((flags & O_TRUNC) != 0 ? 2U : 0U));
  return fd;
}

/// `offset` below 0: at the file's position.
ssize_t write_watched(int fd, const char* data, size_t size, off_t offset) {
  static auto* const at = real<PwriteFunction>("pwrite");
  if (settings().folder.empty()) {
    return offset < 0 ? real_write(fd, data, size) : at(fd, data, size, offset);
  }
  const Watched call("write", path_of(fd), size);
  const std::size_t part = call.allowed(size);
  if (call.fails() && (part == size || !settings().fails_half)) {
    call.write_down(-1, inode_of(fd), 0, {});
    errno = settings().error;
    return -1;
  }
  const bool appends = offset < 0 && (::fcntl(fd, F_GETFL) & O_APPEND) != 0;
  const off_t start = offset >= 0 || !call.is_ours() ? offset : ::lseek(fd, 0, appends ? SEEK_END : SEEK_CUR);
  const ssize_t done = offset < 0 ? real_write(fd, data, part) : at(fd, data, part, offset);
  call.write_down(done, call.is_ours() ? inode_of(fd) : 0, static_cast<std::uint64_t>(start),
                  {data, done > 0 ? static_cast<std::size_t>(done) : 0});
  call.die_half();
  if (call.fails()) {
    return -1;
  }
  return done;
}

template <typename Real>
int sync_watched(int fd, const Real& function) {
  const Watched call("fsync", path_of(fd), 0);
  if (call.is_ours() && settings().fsync_delay_ms > 0) {
    ::usleep(static_cast<useconds_t>(settings().fsync_delay_ms) * 1000);
  }
  const int result = call.fails() ? -1 : function(fd);
  call.write_down(result, call.is_ours() ? inode_of(fd) : 0, 0, {});
  return result;
}

/// A call on a path, and perhaps a second one.
template <typename Real>
int path_watched(std::string_view name, std::string path, const std::string& path2, const Real& function) {
  const Watched call(name, std::move(path), 0);
  const std::uint64_t inode = call.is_ours() ? inode_of(call.path()) : 0;
  const int result = call.fails() ? -1 : function();
  const int error = errno;
  call.write_down(result, inode != 0 || !call.is_ours() ? inode : inode_of(call.path()), 0, {}, path2);
  errno = error;
  return result;
}

/// A call that changes the size of a file.
template <typename Real>
int size_watched(std::string_view name, std::string path, off_t size, const Real& function) {
  const Watched call(name, std::move(path), static_cast<std::size_t>(size));
  const int result = call.fails() ? -1 : function();
  call.write_down(result, call.is_ours() ? inode_of(call.path()) : 0, static_cast<std::uint64_t>(size), {});
  return result;
}

mode_t mode_argument(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

// The names of the C library, as programs import them; the variants with 64 are the same functions here.
extern "C" {
#define EXPORT __attribute__((visibility("default")))

EXPORT int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_argument(flags, arguments);
  va_end(arguments);
  return open_watched(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_argument(flags, arguments);
  va_end(arguments);
  return open_watched(AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_argument(flags, arguments);
  va_end(arguments);
  return open_watched(folder, path, flags, mode);
}

EXPORT int openat64(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_argument(flags, arguments);
  va_end(arguments);
  return open_watched(folder, path, flags, mode);
}

EXPORT int creat(const char* path, mode_t mode) {
  return open_watched(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT ssize_t write(int fd, const void* data, size_t size) {
  return write_watched(fd, static_cast<const char*>(data), size, -1);
}

EXPORT ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return write_watched(fd, static_cast<const char*>(data), size, offset);
}

EXPORT ssize_t pwrite64(int fd, const void* data, size_t size, off_t offset) {
  return write_watched(fd, static_cast<const char*>(data), size, offset);
}

EXPORT ssize_t writev(int fd, const struct iovec* parts, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  }
  return write_watched(fd, all.data(), all.size(), -1);
}

EXPORT int fsync(int fd) {
  static auto* const function = real<DescriptorFunction>("fsync");
  return sync_watched(fd, function);
}

EXPORT int fdatasync(int fd) {
  static auto* const function = real<DescriptorFunction>("fdatasync");
  return sync_watched(fd, function);
}

EXPORT int rename(const char* from, const char* to) {
  static auto* const function = real<int(const char*, const char*)>("rename");
  return path_watched("rename", absolute(AT_FDCWD, from), absolute(AT_FDCWD, to), [&] { return function(from, to); });
}

EXPORT int link(const char* from, const char* to) {
  static auto* const function = real<int(const char*, const char*)>("link");
  return path_watched("link", absolute(AT_FDCWD, from), absolute(AT_FDCWD, to), [&] { return function(from, to); });
}

EXPORT int unlink(const char* path) {
  static auto* const function = real<PathFunction>("unlink");
  return path_watched("unlink", absolute(AT_FDCWD, path), {}, [&] { return function(path); });
}

EXPORT int unlinkat(int folder, const char* path, int flags) {
  static auto* const function = real<int(int, const char*, int)>("unlinkat");
  return path_watched("unlink", absolute(folder, path), {}, [&] { return function(folder, path, flags); });
}

EXPORT int rmdir(const char* path) {
  static auto* const function = real<PathFunction>("rmdir");
  return path_watched("unlink", absolute(AT_FDCWD, path), {}, [&] { return function(path); });
}

EXPORT int mkdir(const char* path, mode_t mode) {
  static auto* const function = real<int(const char*, mode_t)>("mkdir");
  return path_watched("mkdir", absolute(AT_FDCWD, path), {}, [&] { return function(path, mode); });
}

EXPORT int ftruncate(int fd, off_t size) {
  static auto* const function = real<int(int, off_t)>("ftruncate");
  return size_watched("truncate", path_of(fd), size, [&] { return function(fd, size); });
}

EXPORT int ftruncate64(int fd, off_t size) {
  return ftruncate(fd, size);
}

EXPORT int truncate(const char* path, off_t size) {
  static auto* const function = real<int(const char*, off_t)>("truncate");
  return size_watched("truncate", absolute(AT_FDCWD, path), size, [&] { return function(path, size); });
}

EXPORT int truncate64(const char* path, off_t size) {
  return truncate(path, size);
}

EXPORT int posix_fallocate(int fd, off_t offset, off_t size) {
  static auto* const function = real<int(int, off_t, off_t)>("posix_fallocate");
  int error = 0;  // it returns it
  const int result = size_watched("reserve", path_of(fd), offset + size, [&] {
    error = function(fd, offset, size);
    return error == 0 ? 0 : -1;
  });
  return result == 0 ? 0 : error != 0 ? error : settings().error;
}

EXPORT int posix_fallocate64(int fd, off_t offset, off_t size) {
  return posix_fallocate(fd, offset, size);
}

EXPORT int fallocate(int fd, int mode, off_t offset, off_t size) {
  static auto* const function = real<int(int, int, off_t, off_t)>("fallocate");
  return size_watched("reserve", path_of(fd), offset + size, [&] { return function(fd, mode, offset, size); });
}
}
