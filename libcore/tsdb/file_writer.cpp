// SPDX-License-Identifier: Apache-2.0
#include "tsdb/file_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/atomic_file.h"
#include "base/error.h"

namespace mcore {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10U;

[[noreturn]] void fail(std::string_view what, const std::string& path, int number) {
  throw Error(ErrorKind::kIo, what, path, errno_text(number));
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

FileWriter::FileWriter(std::string path, const NewFileOwner& owner)
    : path_(std::move(path)), fd_(create_owned_file(path_, O_WRONLY | O_TRUNC, owner)) {}

void FileWriter::write(std::string_view bytes) {
  size_ += bytes.size();
  if (buffer_.size() + bytes.size() > kBufferBytes) {
    flush();
    if (bytes.size() >= kBufferBytes) {
      if (const int error = write_all(fd_.get(), bytes); error != 0) {
        fail("write", path_, error);
      }
      return;
    }
  }
  buffer_ += bytes;
}

void FileWriter::pad(std::uint64_t alignment) {
  while (size_ % alignment != 0) {
    write(std::string_view("\0", 1));
  }
}

void FileWriter::flush() {
  if (const int error = write_all(fd_.get(), buffer_); error != 0) {
    fail("write", path_, error);
  }
  buffer_.clear();
}

void FileWriter::finish(bool sync) {
  flush();
  if (sync && ::fsync(fd_.get()) != 0) {
    fail("sync", path_, errno);
  }
  fd_ = Fd();
}

void replace_file(const std::string& path, std::string_view bytes, const NewFileOwner& owner) {
  const std::string temporary = path + ".tmp";
  try {
    FileWriter file(temporary, owner);
    file.write(bytes);
    file.finish(true);
    if (std::rename(temporary.c_str(), path.c_str()) != 0) {
      fail("replace", path, errno);
    }
  } catch (const Error&) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_directory(folder_of(path));
}

}  // namespace mcore
