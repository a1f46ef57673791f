// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/error.h"

namespace mcore {

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".XXXXXX") {
  fd_ = Fd(::mkstemp(temporary_.data()));
  if (!fd_.is_open()) {
    temporary_.clear();
    fail("create file");
  }
  // mkstemp makes a private file; give it what a new file of this process has.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  (void)::fchmod(fd_.get(), 0666 & ~mask);
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
  }
}

void AtomicFile::fail(std::string_view what) const {
  throw Error(ErrorKind::kIo, what, path_, errno_text(errno));
}

void AtomicFile::write(std::string_view bytes) {
  if (const int error = write_all(fd_.get(), bytes); error != 0) {
    errno = error;
    fail("write file");
  }
}

void AtomicFile::commit() {
  if (::fsync(fd_.get()) != 0) {
    fail("sync file");
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    fail("rename file");
  }
  temporary_.clear();
  const std::size_t slash = path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path_.substr(0, slash);
  const Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.get()) != 0) {
    fail("sync folder of");
  }
}

int write_all(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return errno;
    }
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return 0;
}

std::string read_file(const std::string& path) {
  const bool is_stdin = path == "-";
  const Fd file(is_stdin ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    throw Error(ErrorKind::kIo, "read", path, errno_text(errno));
  }
  constexpr std::size_t kBlock = 1 << 20;
  std::string content;
  struct stat info {};
  if (::fstat(file.get(), &info) == 0 && info.st_size > 0) {
    content.reserve(static_cast<std::size_t>(info.st_size) + 1);
  }
  for (;;) {
    const std::size_t size = content.size();
    content.resize(std::max(content.capacity(), size + std::min(kBlock, size + 4096)));
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    const int error = errno;
    content.resize(size + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0) {
      return content;
    }
    if (got < 0 && error != EINTR) {
      throw Error(ErrorKind::kIo, "read", path, errno_text(error));
    }
  }
}

}  // namespace mcore
