// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/directory.h"
#include "base/fd.h"
#include "tsdb/append_records.h"
#include "tsdb/head_layout.h"

namespace mcore {

/// One batch on its way into one log: framed for the place where the log ends, written in one go, taken back if the
/// other log cannot follow.
///
/// Requires: the store's lock is held, and the log ends where `mark` says.
/// Errors:   throws Error (kIo); the log is then as it was. Also when the file is not as long as it must be before or
///           after: a server that was started without a lock is writing.
class LogAppend {
 public:
  /// `may_begin_segment`: all that the last segment holds is on the disk, so the next may begin if this one is full.
  LogAppend(std::string folder, HeadLogMark mark, std::int64_t first_segment, bool may_begin_segment,
            const NewFileOwner& owner);

  void write(const AppendRecords& records);
  void take_back() noexcept;
  /// Where the log ends now.
  [[nodiscard]] const HeadLogMark& mark() const noexcept { return mark_; }

 private:
  std::string folder_;
  HeadLogMark mark_;
  std::int64_t first_segment_;
  bool may_begin_segment_;
  NewFileOwner owner_;
  Fd file_;
  std::uint64_t before_ = 0;  // length of the file to go back to
};

/// Begins the segment behind `mark`, unless nothing is in that one. Requires: as above, and all of it is on the disk.
[[nodiscard]] HeadLogMark begin_log_segment(const std::string& folder, const HeadLogMark& mark,
                                            const NewFileOwner& owner);

}  // namespace mcore
