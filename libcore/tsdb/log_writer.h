// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/directory.h"
#include "base/fd.h"
#include "tsdb/log_format.h"

namespace mcore {

enum class LogCompression : std::uint8_t { kNone, kSnappy };

/// Frames records for one place in a segment, so that a batch of several is one buffer and one write.
///
/// Shape:  log_format.h. Where a page ends too soon for a fragment the buffer begins with its zeros.
/// Errors: std::bad_alloc only.
class LogFramer {
 public:
  /// Begins a batch that will be written at `offset`; empties the buffer. Records have no place in two segments: see
  /// fits_segment().
  void begin(std::uint64_t offset);
  /// Adds a record, which may be empty; compressed if that makes it shorter.
  void add(std::string_view record, LogCompression compression = LogCompression::kSnappy);

  /// What is to be written at the offset that begin() got.
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  /// The offset behind the last record.
  [[nodiscard]] std::uint64_t end() const noexcept { return offset_ + bytes_.size(); }
  /// The checksum of the last fragment, 0 if there is none.
  [[nodiscard]] std::uint32_t last_crc() const noexcept { return last_crc_; }

 private:
  std::string bytes_;
  std::string compressed_;
  std::uint64_t offset_ = 0;
  std::uint32_t last_crc_ = 0;
};

/// Zeros that fill the page of `offset`, as a clean shutdown writes them: 0 at a page's beginning.
[[nodiscard]] constexpr std::uint64_t page_padding(std::uint64_t offset) noexcept {
  return log_page_room(offset) % kLogPageSize;
}

/// Whether a batch of `framed_size` bytes goes to `offset` of a segment, and not to the beginning of the next one
/// (where it must be framed again). A segment is longer than its limit only if one batch is.
[[nodiscard]] constexpr bool fits_segment(std::uint64_t offset, std::uint64_t framed_size,
                                          std::uint64_t limit = kLogSegmentLimit) noexcept {
  return offset == 0 || (offset <= limit && framed_size <= limit - offset);
}

/// Writes a whole log, as a checkpoint is, into segments from 00000000 on.
///
/// Lifetime: the folder exists and holds no segments. What was written counts once close() has returned; without it the
///           folder is garbage for the caller to remove.
/// Errors:   throws Error (kIo).
class LogFileWriter {
 public:
  LogFileWriter(std::string folder, NewFileOwner owner, std::uint64_t segment_limit = kLogSegmentLimit);

  void add(std::string_view record, LogCompression compression = LogCompression::kSnappy);
  /// Writes what is left, makes files and folder durable. An empty log has one empty segment.
  void close();
  [[nodiscard]] std::int64_t segments() const noexcept { return next_segment_; }

 private:
  void open_next();
  void write(std::string_view bytes);
  void flush();

  std::string folder_;
  NewFileOwner owner_;
  std::uint64_t limit_;
  LogFramer framer_;
  std::string buffer_;
  std::string path_;
  Fd fd_;
  std::uint64_t offset_ = 0;
  std::int64_t next_segment_ = 0;
};

}  // namespace mcore
