// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "tsdb/log_position.h"
#include "tsdb/log_reader.h"

namespace mcore {

/// A WAL starts with segment 0, or with a checkpoint and the segment behind it; a WBL starts anywhere.
enum class LogKind : std::uint8_t { kWal, kWbl };

enum class LogOpenStatus : std::uint8_t {
  kOpened,
  kChanged,       // segments went away meanwhile, as a new checkpoint takes them: open again
  kPositionGone,  // the position asked for is in no segment any more: read the log from its beginning
};

/// Reads a whole log in order: the newest checkpoint, then the segments behind it; or what follows a position.
///
/// Lifetime: holds every file open from open() on, so that nothing vanishes while it reads. record() lives until the
///           next next().
/// Errors:   throws Error (kIo); damage is a status with fault(). Only the very last segment may be torn: a torn record
///           anywhere else, a gap between the segments and a first segment that does not follow the checkpoint are
///           kCorrupt, a torn end of the checkpoint too.
/// Threads:  one at a time; a live log may grow meanwhile.
class LogSequence {
 public:
  /// `folder` need not exist: an empty log.
  LogSequence(std::string folder, LogKind kind);

  /// Lists the folder and opens its files; next() starts at `from`, or at the beginning if that is before the first
  /// segment. A position past the end of its segment is gone.
  [[nodiscard]] LogOpenStatus open(LogPosition from = {});

  /// Goes to the next record. kEnd, kZeroTail and kTorn tell how the last segment ends; called again, next() looks
  /// whether that one has grown.
  [[nodiscard]] LogReadStatus next();
  [[nodiscard]] std::string_view record() const noexcept { return reader_->record(); }

  /// Where the record begins and ends. In a checkpoint the segment is one of the checkpoint's own.
  [[nodiscard]] LogPosition start() const noexcept { return {segment(), reader_ ? reader_->start() : 0}; }
  /// Before the first record of a segment: where reading that one started. After an end: where the log may go on.
  [[nodiscard]] LogPosition end() const noexcept { return {segment(), reader_ ? reader_->end() : 0}; }
  [[nodiscard]] bool in_checkpoint() const noexcept { return file_ < files_.size() && files_[file_].in_checkpoint; }
  [[nodiscard]] const std::string& path() const noexcept {
    return file_ < files_.size() ? files_[file_].path : folder_;
  }
  /// The stored checksum of the last fragment before end(), if a record was read from that segment.
  [[nodiscard]] std::optional<std::uint32_t> last_crc() const noexcept;
  /// The same, looked up in the file: right after open() tells whether the log is still the one in which the position
  /// was noted. Throws Error (kIo). Cost: reads a page.
  [[nodiscard]] std::optional<std::uint32_t> crc_before_end() const;
  [[nodiscard]] bool is_padded() const noexcept { return reader_ && reader_->is_padded(); }
  /// Where the last segment ended when next() reported an end.
  [[nodiscard]] std::uint64_t file_end() const noexcept { return reader_ ? reader_->file_end() : 0; }

  /// The newest checkpoint when the log was opened, -1 if there is none; it was read unless open() got a position.
  [[nodiscard]] std::int64_t checkpoint() const noexcept { return checkpoint_; }
  /// The number of the last segment, -1 if there is none.
  [[nodiscard]] std::int64_t last_segment() const noexcept;
  /// Bytes of all files that are read, when they were opened; for progress.
  [[nodiscard]] std::uint64_t total_bytes() const noexcept { return total_bytes_; }

  /// What is wrong, after kCorrupt. Error (kCorrupt): "read log: PATH at byte N: why".
  [[nodiscard]] Error fault() const;
  /// After kCorrupt: lets next() go on at the first record behind the damage, in the next segment if need be.
  void skip_damage();

 private:
  struct File {
    Fd fd;
    std::string path;
    std::int64_t number = 0;
    bool in_checkpoint = false;
    std::string gap_before{};  // why this file cannot follow the one before, if so
  };
  [[nodiscard]] std::int64_t segment() const noexcept;
  [[nodiscard]] bool add_files(const std::string& folder, std::int64_t first, bool in_checkpoint);
  void note_gaps(LogPosition from);
  void start_file();
  [[nodiscard]] LogReadStatus corrupt(std::uint64_t offset, std::string why);

  std::string folder_;
  LogKind kind_;
  std::int64_t checkpoint_ = -1;
  std::uint64_t total_bytes_ = 0;
  std::vector<File> files_;
  std::size_t file_ = 0;
  std::uint64_t from_offset_ = 0;
  std::optional<LogReader> reader_;
  bool has_record_ = false;  // of this file
  bool at_fault_ = false;
  bool skips_rest_ = false;  // of this file, whose damage is its end
  std::uint64_t fault_offset_ = 0;
  std::string fault_;
};

}  // namespace mcore
