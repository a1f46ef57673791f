// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_reader.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"

namespace mcore {
namespace {

/// Small enough to stay in the second-level cache between the copy of the kernel and the checksum.
constexpr std::size_t kBlockSize = 8 * kLogPageSize;
static_assert(kBlockSize % kLogPageSize == 0);
constexpr std::size_t kLengthEnd = 3;  // of a header: the type and the length
constexpr std::uint64_t kLostPlace = ~std::uint64_t{0};

bool all_zero(std::string_view bytes) noexcept {
  return bytes.empty() || (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

/// Bytes of the fragment, or of the zeros to the end of the page, at the front of `rest`; 0 if it is neither.
std::size_t intact_size(std::string_view rest) noexcept {
  if (all_zero(rest)) {
    return rest.size();
  }
  const unsigned type = static_cast<unsigned char>(rest[0]) & kLogFragmentMask;
  if (type == 0 || type > static_cast<unsigned>(LogFragment::kLast) || rest.size() < kLogHeaderSize) {
    return 0;
  }
  const std::size_t length = load_be16(&rest[1]);
  const bool intact = length <= rest.size() - kLogHeaderSize &&
                      crc32c(rest.substr(kLogHeaderSize, length)) == load_be32(&rest[kLengthEnd]);
  return intact ? kLogHeaderSize + length : 0;
}

/// Fills `out` from `offset`; less than its size only at the end of the file.
std::size_t read_at(int fd, const std::string& path, char* out, std::size_t size, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd, out + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      throw Error(ErrorKind::kIo, "read log", fmt::format("{} at byte {}", path, offset + done), errno_text(errno));
    }
    if (got == 0) {
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

LogReader::LogReader(int fd, std::string path, std::uint64_t offset)
    : fd_(fd), path_(std::move(path)), window_start_(offset), at_(offset), start_(offset), end_(offset) {}

LogReader::LogReader(std::string_view segment, std::uint64_t offset)
    : window_(segment), at_(offset), start_(offset), end_(offset) {}

bool LogReader::fill() {
  if (at_ < window_end()) {
    return true;
  }
  if (fd_ < 0) {
    return false;
  }
  if (block_ == nullptr) {
    block_ = std::make_unique_for_overwrite<char[]>(kBlockSize);
  }
  // Up to a page, so that a fragment is cut by the end of the file only.
  const std::size_t want = kBlockSize - at_ % kLogPageSize;
  window_start_ = at_;
  window_ = {block_.get(), read_at(fd_, path_, block_.get(), want, at_)};
  return !window_.empty();
}

LogReader::Step LogReader::stop(LogReadStatus status) noexcept {
  status_ = status;
  return Step::kStop;
}

/// Damage to a record; the fragment at `resume` is where it says.
LogReader::Step LogReader::corrupt(std::uint64_t at, std::string why, std::uint64_t resume) {
  fault_ = std::move(why);
  fault_offset_ = at;
  resume_ = resume;
  return stop(LogReadStatus::kCorrupt);
}

/// Damage after which it is not known where the next fragment begins.
LogReader::Step LogReader::lose_place(std::string why) {
  return corrupt(at_, std::move(why), kLostPlace);
}

void LogReader::skip_damage() noexcept {
  if (status_ == LogReadStatus::kCorrupt) {
    at_ = resume_ == kLostPlace ? find_place() : resume_;
    after_damage_ = true;
    status_ = LogReadStatus::kRecord;
  }
}

/// The next place in the page of at_ from where on all is intact, or the next page. A single fragment with a right
/// checksum is believed only where the damaged one says that it ends: a label may hold what looks like one.
std::uint64_t LogReader::find_place() const noexcept {
  const std::string_view rest = window_.substr(at_ - window_start_, log_page_room(at_));
  if (rest.size() >= kLogHeaderSize) {
    const std::size_t behind = kLogHeaderSize + load_be16(&rest[1]);
    if (behind < rest.size() && !all_zero(rest.substr(behind)) && intact_size(rest.substr(behind)) != 0) {
      return at_ + behind;
    }
  }
  for (std::size_t from = 1; from < rest.size(); ++from) {
    std::size_t to = from;
    for (std::size_t size = 1; size != 0 && to < rest.size(); to += size) {
      size = intact_size(rest.substr(to));
    }
    if (to == rest.size()) {
      return at_ + from;
    }
  }
  return at_ + log_page_room(at_);
}

LogReadStatus LogReader::next() {
  if (status_ == LogReadStatus::kCorrupt) {
    return status_;
  }
  if (status_ != LogReadStatus::kRecord) {
    at_ = end_;
    if (fd_ >= 0) {
      window_ = {};
      window_start_ = at_;
    }
  }
  status_ = LogReadStatus::kRecord;
  fragments_ = 0;
  met_zeros_ = false;
  for (;;) {
    if (!fill()) {
      return end_of_file();
    }
    Fragment fragment;
    Step step = read_fragment(fragment);
    if (step == Step::kFragment) {
      step = join(fragment);
    }
    if (step == Step::kFragment) {
      return finish(fragment);
    }
    if (step == Step::kStop) {
      return status_;
    }
  }
}

/// Notes how far the file reached as it was read: it may have grown since, and a padded record reaches past it.
void LogReader::note_file_end() noexcept {
  file_end_ = window_end();
  struct stat info {};
  if (fd_ >= 0 && ::fstat(fd_, &info) == 0) {
    file_end_ = std::min(file_end_, static_cast<std::uint64_t>(info.st_size));
  }
}

LogReadStatus LogReader::end_of_file() noexcept {
  note_file_end();
  if (fragments_ > 0) {
    status_ = LogReadStatus::kTorn;
    is_torn_to_nothing_ = false;
  } else {
    status_ = met_zeros_ ? LogReadStatus::kZeroTail : LogReadStatus::kEnd;
  }
  return status_;
}

LogReader::Step LogReader::read_fragment(Fragment& fragment) {
  const std::uint64_t page_room = log_page_room(at_);
  const std::string_view rest = window_.substr(at_ - window_start_, page_room);
  fragment.at = at_;
  fragment.header = static_cast<unsigned char>(rest[0]);
  const LogFragment type = fragment.type();
  if (type == LogFragment::kZeros && fragment.compression() == 0) {
    return skip_zeros(rest);
  }
  if (type == LogFragment::kZeros || type > LogFragment::kLast) {
    return lose_place(fmt::format("unknown fragment type {:#04x}", fragment.header));
  }
  if (page_room < kLogHeaderSize) {
    return lose_place(fmt::format("a fragment in the last {} bytes of a page", page_room));
  }
  const std::size_t length = rest.size() < kLengthEnd ? 0 : load_be16(&rest[1]);
  if (length > page_room - kLogHeaderSize) {
    return lose_place(
        fmt::format("a fragment of {} bytes where its page has room for {}", length, page_room - kLogHeaderSize));
  }
  if (rest.size() < kLogHeaderSize + length) {
    return read_cut_fragment(fragment, rest, length);
  }
  fragment.crc = load_be32(&rest[kLengthEnd]);
  fragment.data = rest.substr(kLogHeaderSize, length);
  if (const std::uint32_t crc = crc32c(fragment.data); crc != fragment.crc) {
    return lose_place(fmt::format("checksum {:#010x}, want {:#010x}", crc, fragment.crc));
  }
  at_ += kLogHeaderSize + length;
  return Step::kFragment;
}

/// The file ends inside this fragment, unless what is missing is zeros.
LogReader::Step LogReader::read_cut_fragment(Fragment& fragment, std::string_view rest, std::size_t length) {
  padded_.assign(rest);
  padded_.resize(kLogHeaderSize + length, '\0');
  fragment.crc = load_be32(&padded_[kLengthEnd]);
  fragment.data = std::string_view(padded_).substr(kLogHeaderSize);
  if (rest.size() < kLogHeaderSize || crc32c(fragment.data) != fragment.crc) {
    is_torn_to_nothing_ = padded_ == std::string("\x01\0\0\0\0\0\0", kLogHeaderSize) && fragments_ == 0;
    note_file_end();
    return stop(LogReadStatus::kTorn);
  }
  at_ += kLogHeaderSize + length;
  return Step::kFragment;
}

LogReader::Step LogReader::skip_zeros(std::string_view rest) {
  if (!all_zero(rest.substr(1))) {
    return lose_place("bytes that are not zero in the padding of a page");
  }
  met_zeros_ = true;
  at_ += rest.size();
  return Step::kSkipped;
}

/// Adds a fragment to its record; kFragment when the record is whole.
LogReader::Step LogReader::join(const Fragment& fragment) {
  const LogFragment type = fragment.type();
  const bool begins = type == LogFragment::kFull || type == LogFragment::kFirst;
  if (begins != (fragments_ == 0)) {
    if (!begins && after_damage_) {
      return Step::kSkipped;
    }
    return begins ? corrupt(fragment.at, "a record begins inside another", fragment.at)
                  : corrupt(fragment.at, "a record without a beginning", at_);
  }
  if (fragments_ > 0 && fragment.compression() != compression_) {
    return corrupt(fragment.at, "fragments of one record differ in their compression", at_);
  }
  if (begins) {
    begin_ = fragment.at;
    compression_ = fragment.compression();
  }
  ++fragments_;
  if (type == LogFragment::kFull) {
    record_ = fragment.data;
    return Step::kFragment;
  }
  if (fragments_ == 1) {
    joined_.clear();
  }
  if (joined_.size() + fragment.data.size() > kLargestLogRecord) {
    return corrupt(fragment.at, fmt::format("a record of more than {} bytes", kLargestLogRecord), at_);
  }
  joined_ += fragment.data;
  record_ = joined_;
  return type == LogFragment::kLast ? Step::kFragment : Step::kSkipped;
}

LogReadStatus LogReader::finish(const Fragment& last) {
  if (compression_ != 0 && !record_.empty()) {
    const bool is_snappy = (compression_ & kLogSnappyFlag) != 0;
    const bool done = is_snappy ? inflater_.inflate_snappy(record_, record_) : inflater_.inflate_zstd(record_, record_);
    if (!done) {
      corrupt(begin_, fmt::format("a record that {} cannot decompress", is_snappy ? "snappy" : "zstd"), at_);
      return status_;
    }
  }
  start_ = begin_;
  end_ = at_;
  is_padded_ = at_ > window_end();
  last_crc_ = last.crc;
  after_damage_ = false;
  return status_;
}

std::optional<std::uint32_t> fragment_crc_before(int fd, const std::string& path, std::uint64_t offset) {
  if (offset == 0) {
    return std::nullopt;
  }
  const std::uint64_t page = (offset - 1) / kLogPageSize * kLogPageSize;
  std::string bytes(offset - page, '\0');
  bytes.resize(read_at(fd, path, bytes.data(), bytes.size(), page));
  for (std::size_t at = 0; at + kLogHeaderSize <= bytes.size() && page + bytes.size() == offset;) {
    if ((static_cast<unsigned char>(bytes[at]) & kLogFragmentMask) == 0) {
      break;
    }
    const std::size_t end = at + kLogHeaderSize + load_be16(&bytes[at + 1]);
    if (end == bytes.size()) {
      return load_be32(&bytes[at + 3]);
    }
    at = end;
  }
  return std::nullopt;
}

}  // namespace mcore
