// SPDX-License-Identifier: Apache-2.0
#include "tsdb/chunk_spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"

namespace mcore {
namespace {

constexpr std::size_t kBuffer = 1 << 20U;

}  // namespace

void ChunkSpool::add(SpooledChunk chunk, std::string_view head, std::string_view rest) {
  chunk.size = static_cast<std::uint32_t>(head.size() + rest.size());
  if (buffer_.size() + chunk.size > kBuffer && !buffer_.empty()) {
    spill();
  }
  chunk.offset = spilled_ + buffer_.size();
  buffer_ += head;
  buffer_ += rest;
  chunks_.push_back(chunk);
}

void ChunkSpool::spill() {
  if (!fd_.is_open()) {
    fd_ = create_owned_file(path_, O_RDWR | O_TRUNC, owner_);
    ::unlink(path_.c_str());
  }
  if (const int error = write_all(fd_.get(), buffer_); error != 0) {
    throw Error(ErrorKind::kIo, "write", path_, errno_text(error));
  }
  spilled_ += buffer_.size();
  buffer_.clear();
}

std::string_view ChunkSpool::read(std::uint64_t offset, std::size_t size, std::string& buffer) const {
  if (offset >= spilled_) {
    return std::string_view(buffer_).substr(offset - spilled_, size);
  }
  if (buffer.size() < size) {
    buffer.resize(size);
  }
  // A piece that reaches from the file into the buffer is put together.
  const std::size_t in_file = std::min<std::uint64_t>(size, spilled_ - offset);
  for (std::size_t got = 0; got < in_file;) {
    const ssize_t more = ::pread(fd_.get(), buffer.data() + got, in_file - got, static_cast<off_t>(offset + got));
    if (more > 0) {
      got += static_cast<std::size_t>(more);
    } else if (more == 0 || errno != EINTR) {
      throw Error(ErrorKind::kIo, "read", path_, more == 0 ? "it became shorter" : errno_text(errno));
    }
  }
  buffer_.copy(buffer.data() + in_file, size - in_file);
  return std::string_view(buffer).substr(0, size);
}

void ChunkSpool::clear() {
  chunks_.clear();
  buffer_.clear();
  if (spilled_ > 0) {
    fd_ = Fd();  // a new file: what was written is of no use to anybody
    spilled_ = 0;
  }
}

}  // namespace mcore
