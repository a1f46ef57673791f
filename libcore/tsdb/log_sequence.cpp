// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_sequence.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "tsdb/log_directory.h"

namespace mcore {

LogSequence::LogSequence(std::string folder, LogKind kind) : folder_(std::move(folder)), kind_(kind) {}

std::int64_t LogSequence::segment() const noexcept {
  return file_ < files_.size() ? files_[file_].number : -1;
}

std::int64_t LogSequence::last_segment() const noexcept {
  return files_.empty() || files_.back().in_checkpoint ? -1 : files_.back().number;
}

std::optional<std::uint32_t> LogSequence::last_crc() const noexcept {
  return has_record_ ? std::optional(reader_->last_crc()) : std::nullopt;
}

std::optional<std::uint32_t> LogSequence::crc_before_end() const {
  return reader_ ? fragment_crc_before(files_[file_].fd.get(), path(), reader_->end()) : std::nullopt;
}

/// False if one of them has vanished.
bool LogSequence::add_files(const std::string& folder, std::int64_t first, bool in_checkpoint) {
  for (const LogSegment& segment : list_log(folder).segments_from(first)) {
    Fd fd(::open(segment.path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!fd.is_open() || ::fstat(fd.get(), &info) != 0) {
      if (errno == ENOENT) {
        return false;
      }
      throw Error(ErrorKind::kIo, "open log", segment.path, errno_text(errno));
    }
    total_bytes_ += static_cast<std::uint64_t>(info.st_size);
    files_.push_back({std::move(fd), segment.path, segment.number, in_checkpoint});
  }
  return true;
}

LogOpenStatus LogSequence::open(LogPosition from) {
  files_.clear();
  reader_.reset();
  file_ = 0;
  total_bytes_ = 0;
  has_record_ = at_fault_ = skips_rest_ = false;
  const LogListing listing = list_log(folder_);
  checkpoint_ = listing.checkpoint ? listing.checkpoint->number : -1;
  const bool whole = from.segment < 0;
  if (whole && listing.checkpoint && !add_files(listing.checkpoint->path, 0, true)) {
    return LogOpenStatus::kChanged;
  }
  if (!add_files(folder_, whole ? checkpoint_ + 1 : from.segment, false)) {
    return LogOpenStatus::kChanged;
  }
  from_offset_ = whole ? 0 : from.offset;
  if (!whole) {
    struct stat info {};
    if (files_.empty() || files_[0].number != from.segment || ::fstat(files_[0].fd.get(), &info) != 0 ||
        static_cast<std::uint64_t>(info.st_size) < from.offset) {
      return LogOpenStatus::kPositionGone;
    }
  }
  note_gaps(from);
  // A checkpoint that appeared since makes what was listed and what was opened two different logs.
  const LogListing again = list_log(folder_);
  if (whole && (again.checkpoint ? again.checkpoint->number : -1) != checkpoint_) {
    return LogOpenStatus::kChanged;
  }
  start_file();
  return LogOpenStatus::kOpened;
}

void LogSequence::note_gaps(LogPosition from) {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    File& file = files_[i];
    const bool first = i == 0 || files_[i - 1].in_checkpoint != file.in_checkpoint;
    std::int64_t want = file.number;
    if (!first) {
      want = files_[i - 1].number + 1;
    } else if (file.in_checkpoint) {
      want = 0;
    } else if (from.segment < 0 && (kind_ == LogKind::kWal || checkpoint_ >= 0)) {
      want = checkpoint_ + 1;
    }
    if (want != file.number) {
      file.gap_before = fmt::format("segment {:08} is missing before it", want);
    }
  }
}

void LogSequence::start_file() {
  reader_.reset();
  has_record_ = skips_rest_ = false;
  if (file_ < files_.size()) {
    const File& file = files_[file_];
    reader_.emplace(file.fd.get(), file.path, file_ == 0 ? from_offset_ : 0);
  }
}

LogReadStatus LogSequence::corrupt(std::uint64_t offset, std::string why) {
  fault_offset_ = offset;
  fault_ = std::move(why);
  at_fault_ = true;
  return LogReadStatus::kCorrupt;
}

LogReadStatus LogSequence::next() {
  if (at_fault_) {
    return LogReadStatus::kCorrupt;
  }
  if (files_.empty()) {
    return LogReadStatus::kEnd;
  }
  for (;;) {
    File& file = files_[file_];
    if (!file.gap_before.empty()) {
      return corrupt(0, std::exchange(file.gap_before, {}));
    }
    const LogReadStatus status = skips_rest_ ? LogReadStatus::kEnd : reader_->next();
    const bool is_last = file_ + 1 == files_.size();
    switch (status) {
      case LogReadStatus::kRecord:
        has_record_ = true;
        return status;
      case LogReadStatus::kCorrupt:
        return corrupt(reader_->fault_offset(), reader_->fault());
      case LogReadStatus::kTorn:
        if ((!is_last || file.in_checkpoint) && reader_->is_torn_to_nothing()) {
          skips_rest_ = true;
          break;
        }
        if (!is_last || file.in_checkpoint) {
          skips_rest_ = true;
          return corrupt(reader_->end(), fmt::format("the file ends inside a record, at byte {}", reader_->file_end()));
        }
        return status;
      case LogReadStatus::kEnd:
      case LogReadStatus::kZeroTail:
        if (is_last) {
          return status;
        }
        ++file_;
        start_file();
    }
  }
}

Error LogSequence::fault() const {
  return Error(ErrorKind::kCorrupt, "read log", fmt::format("{} at byte {}", path(), fault_offset_), fault_);
}

void LogSequence::skip_damage() {
  if (std::exchange(at_fault_, false) && reader_) {
    reader_->skip_damage();
  }
}

}  // namespace mcore
