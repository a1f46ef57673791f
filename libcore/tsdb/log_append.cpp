// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_append.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "tsdb/log_directory.h"

namespace mcore {
namespace {

std::uint64_t length_of(const Fd& file, const std::string& path) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) {
    throw Error(ErrorKind::kIo, "look at", path, errno_text(errno));
  }
  return static_cast<std::uint64_t>(info.st_size);
}

[[noreturn]] void fail_foreign(const std::string& path, std::uint64_t found, std::uint64_t wanted) {
  throw Error(
      ErrorKind::kIo, "append to log", path,
      fmt::format("it is {} bytes long, not {}: another process writes it without taking the lock", found, wanted));
}

/// Returns 0 or an errno value.
int write_at(int fd, std::string_view bytes, std::uint64_t offset) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno != EINTR) {
      return errno;
    }
    const std::size_t done = written > 0 ? static_cast<std::size_t>(written) : 0;
    bytes.remove_prefix(done);
    offset += done;
  }
  return 0;
}

}  // namespace

LogAppend::LogAppend(std::string folder, HeadLogMark mark, std::int64_t first_segment, bool may_begin_segment,
                     const NewFileOwner& owner)
    : folder_(std::move(folder)),
      mark_(mark),
      first_segment_(first_segment),
      may_begin_segment_(may_begin_segment),
      owner_(owner) {}

void LogAppend::write(const AppendRecords& records) {
  if (records.empty()) {
    return;
  }
  LogFramer framer;
  framer.begin(mark_.offset);
  records.frame(framer);
  bool begins = mark_.segment < 0;
  if (begins) {
    create_owned_folder(folder_, owner_);
    mark_ = {.segment = first_segment_};
  } else if (may_begin_segment_ && !fits_segment(mark_.offset, framer.bytes().size())) {
    begins = true;
    mark_ = {.segment = mark_.segment + 1};
    framer.begin(0);
    records.frame(framer);
  }
  const std::string path = segment_path(folder_, mark_.segment);
  file_ = begins ? create_owned_file(path, O_WRONLY, owner_) : Fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file_.is_open()) {
    throw Error(ErrorKind::kIo, "open log", path, errno_text(errno));
  }
  before_ = mark_.offset;
  if (const std::uint64_t length = length_of(file_, path); length != before_) {
    file_ = Fd();
    fail_foreign(path, length, before_);
  }
  if (const int error = write_at(file_.get(), framer.bytes(), mark_.offset); error != 0) {
    take_back();
    throw Error(ErrorKind::kIo, "append to log", path, errno_text(error));
  }
  if (const std::uint64_t length = length_of(file_, path); length != framer.end()) {
    fail_foreign(path, length, framer.end());
  }
  mark_.offset = framer.end();
  mark_.crc = framer.last_crc();
}

void LogAppend::take_back() noexcept {
  if (file_.is_open()) {
    (void)(::ftruncate(file_.get(), static_cast<off_t>(before_)) == 0);
    file_ = Fd();
  }
}

HeadLogMark begin_log_segment(const std::string& folder, const HeadLogMark& mark, const NewFileOwner& owner) {
  if (mark.segment < 0 || mark.offset == 0) {
    return mark;
  }
  const HeadLogMark next{.segment = mark.segment + 1};
  (void)create_owned_file(segment_path(folder, next.segment), O_WRONLY, owner);
  return next;
}

}  // namespace mcore
