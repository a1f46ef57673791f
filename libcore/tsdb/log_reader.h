// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tsdb/log_format.h"
#include "tsdb/log_inflater.h"

namespace mcore {

enum class LogReadStatus : std::uint8_t {
  kRecord,    // record() is the next one
  kEnd,       // the file ends right behind the last record
  kZeroTail,  // only zeros follow the last record; where file_end() is inside a page they must be cut off before a
              // write
  kTorn,      // the file ends inside a record
  kCorrupt,   // fault() tells what is wrong, fault_offset() where
};

/// Reads the records of one log segment.
///
/// Shape:    log_format.h. A page that the file ends in counts as filled with zeros. So a record whose missing bytes
/// are
///           all zero is whole if its checksum says so, as it is for a server; is_padded() tells.
/// Lifetime: borrows the descriptor or the bytes. record() lives until the next next().
/// Errors:   throws Error (kIo) if the descriptor cannot be read; damage is a status.
/// Threads:  one at a time. The file may grow or be cut meanwhile: it is read, not mapped.
/// Cost:     plain records in one page are not copied; memory for one block and the longest record.
class LogReader {
 public:
  /// `path` is for messages. Requires: a record may begin at `offset`.
  LogReader(int fd, std::string path, std::uint64_t offset = 0);
  explicit LogReader(std::string_view segment, std::uint64_t offset = 0);

  /// Goes to the next record. After an end (kEnd, kZeroTail, kTorn) a call looks behind the last record again, where a
  /// live file may have grown; kCorrupt stays until skip_damage().
  [[nodiscard]] LogReadStatus next();
  /// The record, decompressed; may be empty.
  [[nodiscard]] std::string_view record() const noexcept { return record_; }
  /// Where the last record that was read begins, and where it ends: at end() the next one may be appended. Before the
  /// first record end() is where reading started.
  [[nodiscard]] std::uint64_t start() const noexcept { return start_; }
  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
  /// The stored checksum of its last fragment.
  [[nodiscard]] std::uint32_t last_crc() const noexcept { return last_crc_; }
  /// Whether its last bytes, all zero, lie behind the end of the file, and so end().
  [[nodiscard]] bool is_padded() const noexcept { return is_padded_; }

  /// Where the file ended when next() last reported an end.
  [[nodiscard]] std::uint64_t file_end() const noexcept { return file_end_; }
  /// After kTorn: whether the file ends so early in a header that a server, which fills the page with zeros, finds an
  /// empty record there and reads on.
  [[nodiscard]] bool is_torn_to_nothing() const noexcept { return is_torn_to_nothing_; }
  [[nodiscard]] std::uint64_t fault_offset() const noexcept { return fault_offset_; }
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
  /// After kCorrupt: lets next() go on at the first record behind the damage that is intact, for salvage. Always makes
  /// progress. Cost: where a header is damaged tries every byte of its page, some 10 ms.
  void skip_damage() noexcept;

 private:
  struct Fragment {
    unsigned header = 0;
    std::string_view data{};
    std::uint32_t crc = 0;
    std::uint64_t at = 0;
    [[nodiscard]] LogFragment type() const noexcept { return static_cast<LogFragment>(header & kLogFragmentMask); }
    [[nodiscard]] unsigned compression() const noexcept { return header & (kLogSnappyFlag | kLogZstdFlag); }
  };
  enum class Step : std::uint8_t { kFragment, kSkipped, kStop };

  [[nodiscard]] std::uint64_t window_end() const noexcept { return window_start_ + window_.size(); }
  bool fill();
  Step read_fragment(Fragment& fragment);
  Step read_cut_fragment(Fragment& fragment, std::string_view rest, std::size_t length);
  Step skip_zeros(std::string_view rest);
  Step join(const Fragment& fragment);
  LogReadStatus finish(const Fragment& last);
  LogReadStatus end_of_file() noexcept;
  void note_file_end() noexcept;
  Step stop(LogReadStatus status) noexcept;
  Step corrupt(std::uint64_t at, std::string why, std::uint64_t resume);
  Step lose_place(std::string why);
  [[nodiscard]] std::uint64_t find_place() const noexcept;

  int fd_ = -1;  // -1: the window is all there is
  std::string path_;
  std::unique_ptr<char[]> block_;
  std::string_view window_;  // a stretch of the segment that ends at a page, or at the end of the file
  std::uint64_t window_start_ = 0;
  std::uint64_t at_ = 0;  // the next fragment

  std::string_view record_;
  std::string joined_;  // a record of several fragments
  std::string padded_;  // a fragment that reaches past the file
  LogInflater inflater_;
  std::uint64_t start_ = 0;
  std::uint64_t end_ = 0;
  std::uint32_t last_crc_ = 0;
  bool is_padded_ = false;

  // State of the record being read.
  int fragments_ = 0;
  std::uint64_t begin_ = 0;
  unsigned compression_ = 0;
  bool met_zeros_ = false;
  bool after_damage_ = false;  // fragments of a record whose beginning is lost are passed over

  LogReadStatus status_ = LogReadStatus::kRecord;
  std::uint64_t file_end_ = 0;
  bool is_torn_to_nothing_ = false;
  std::uint64_t fault_offset_ = 0;
  std::uint64_t resume_ = 0;
  std::string fault_;
};

/// The stored checksum of the fragment that ends at `offset` of a segment, or nothing if none ends there: tells whether
/// a log is still the one whose end was noted there. Throws Error (kIo).
/// Cost: reads at most one page.
[[nodiscard]] std::optional<std::uint32_t> fragment_crc_before(int fd, const std::string& path, std::uint64_t offset);

}  // namespace mcore
