// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_writer.h"

#include <fcntl.h>
#include <snappy.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/atomic_file.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "tsdb/log_directory.h"

namespace mcore {
namespace {

constexpr std::size_t kBufferSize = 1 << 20;

}  // namespace

void LogFramer::begin(std::uint64_t offset) {
  bytes_.clear();
  offset_ = offset;
  last_crc_ = 0;
}

void LogFramer::add(std::string_view record, LogCompression compression) {
  unsigned flag = 0;
  if (compression == LogCompression::kSnappy && !record.empty()) {
    compressed_.resize(std::max(compressed_.size(), snappy::MaxCompressedLength(record.size())));
    std::size_t size = 0;
    snappy::RawCompress(record.data(), record.size(), compressed_.data(), &size);
    if (size < record.size()) {
      record = {compressed_.data(), size};
      flag = kLogSnappyFlag;
    }
  }
  for (bool is_first = true; is_first || !record.empty(); is_first = false) {
    std::uint64_t room = log_page_room(end());
    if (room < kLogHeaderSize) {
      bytes_.append(room, '\0');
      room = kLogPageSize;
    }
    // Exactly a header's room gives a fragment without data, as the server writes it.
    const std::string_view data = record.substr(0, room - kLogHeaderSize);
    record.remove_prefix(data.size());
    const bool is_last = record.empty();
    const LogFragment type = is_first ? (is_last ? LogFragment::kFull : LogFragment::kFirst)
                                      : (is_last ? LogFragment::kLast : LogFragment::kMiddle);
    last_crc_ = crc32c(data);
    char header[kLogHeaderSize];
    header[0] = static_cast<char>(static_cast<unsigned>(type) | flag);
    store_be16(header + 1, static_cast<std::uint16_t>(data.size()));
    store_be32(header + 3, last_crc_);
    bytes_.append(header, sizeof header);
    bytes_ += data;
  }
}

LogFileWriter::LogFileWriter(std::string folder, NewFileOwner owner, std::uint64_t segment_limit)
    : folder_(std::move(folder)), owner_(owner), limit_(segment_limit) {
  open_next();
}

void LogFileWriter::open_next() {
  path_ = segment_path(folder_, next_segment_);
  fd_ = create_owned_file(path_, O_WRONLY | O_EXCL, owner_);
  ++next_segment_;
  offset_ = 0;
}

void LogFileWriter::add(std::string_view record, LogCompression compression) {
  framer_.begin(offset_);
  framer_.add(record, compression);
  if (!fits_segment(offset_, framer_.bytes().size(), limit_)) {
    flush();
    open_next();
    framer_.begin(0);
    framer_.add(record, compression);
  }
  buffer_ += framer_.bytes();
  offset_ = framer_.end();
  if (buffer_.size() >= kBufferSize) {
    write(buffer_);
    buffer_.clear();
  }
}

void LogFileWriter::write(std::string_view bytes) {
  if (const int error = write_all(fd_.get(), bytes); error != 0) {
    throw Error(ErrorKind::kIo, "write log", path_, errno_text(error));
  }
}

void LogFileWriter::flush() {
  write(buffer_);
  buffer_.clear();
  if (::fsync(fd_.get()) != 0) {
    throw Error(ErrorKind::kIo, "sync log", path_, errno_text(errno));
  }
}

void LogFileWriter::close() {
  flush();
  sync_directory(folder_);
}

}  // namespace mcore
