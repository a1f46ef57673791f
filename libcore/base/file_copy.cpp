// SPDX-License-Identifier: Apache-2.0
#include "base/file_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/fd.h"

namespace mcore {
namespace {

constexpr std::uint64_t kStep = 8 << 20U;  // so often somebody is asked whether to go on
constexpr std::size_t kBufferSize = 1 << 20U;

[[noreturn]] void fail(std::string_view what, const std::string& path) {
  throw Error(ErrorKind::kIo, what, path, errno_text(errno));
}

/// Copies some bytes at `offset` of both files; how many, 0 at the end of the source.
std::uint64_t copy_by_hand(int from, const std::string& from_path, std::uint64_t offset, std::uint64_t size, int to,
                           const std::string& to_path) {
  std::vector<char> buffer(std::min<std::uint64_t>(kBufferSize, size));
  const ssize_t got = ::pread(from, buffer.data(), buffer.size(), static_cast<off_t>(offset));
  if (got < 0) {
    fail("read", from_path);
  }
  if (const int error = write_all(to, {buffer.data(), static_cast<std::size_t>(got)}); error != 0) {
    errno = error;
    fail("write", to_path);
  }
  return static_cast<std::uint64_t>(got);
}

class Copy {
 public:
  Copy(int from, const std::string& from_path, int to, const std::string& to_path)
      : from_(from), from_path_(from_path), to_(to), to_path_(to_path) {}

  std::uint64_t step(std::uint64_t offset, std::uint64_t size) {
    while (in_kernel_) {
      auto at = static_cast<off_t>(offset);
      const ssize_t copied = ::copy_file_range(from_, &at, to_, nullptr, std::min(size, kStep), 0);
      if (copied > 0) {
        return static_cast<std::uint64_t>(copied);
      }
      if (copied < 0 && errno == EINTR) {
        continue;
      }
      if (copied < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO)) {
        fail("copy", from_path_);
      }
      in_kernel_ = false;  // file systems say in many ways that they cannot, a copy of nothing among them
    }
    return copy_by_hand(from_, from_path_, offset, size, to_, to_path_);
  }

 private:
  int from_;
  const std::string& from_path_;
  int to_;
  const std::string& to_path_;
  bool in_kernel_ = true;
};

}  // namespace

bool copy_file(int from, const std::string& from_path, std::uint64_t size, const std::string& to,
               const NewFileOwner& owner, const CopyProgress& progress) {
  const Fd file = create_owned_file(to, O_WRONLY | O_EXCL, owner);
  Copy copy(from, from_path, file.get(), to);
  for (std::uint64_t done = 0; done < size;) {
    const std::uint64_t copied = copy.step(done, size - done);
    if (copied == 0) {
      throw Error(ErrorKind::kIo, "copy", from_path, fmt::format("it ends at byte {}, want {}", done, size));
    }
    done += copied;
    if (progress && !progress(copied)) {
      return false;
    }
  }
  if (::fsync(file.get()) != 0) {
    fail("sync", to);
  }
  return true;
}

bool link_file(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) {
    return true;
  }
  // EPERM: no links there, or a file of another user's where the system protects those.
  if (errno == EXDEV || errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP || errno == EACCES) {
    return false;
  }
  fail("link", from);
}

std::uint64_t file_size(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    fail("look at", path);
  }
  return static_cast<std::uint64_t>(info.st_size);
}

void rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    fail("rename", from);
  }
}

}  // namespace mcore
