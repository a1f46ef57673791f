// SPDX-License-Identifier: Apache-2.0
#include "ingest/byte_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/timed_read.h"

namespace mcore {
namespace {

/// As fast as a mapping, and what a mapped file would cost in memory is not paid (performance notes, text).
constexpr std::size_t kBlock = 1 << 20;
constexpr std::size_t kCompressedBlock = 256 << 10;

}  // namespace

ByteSource::ByteSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

void ByteSource::make_room() {
  if (begin_ == end_) {
    begin_ = 0;
    end_ = 0;
  }
  if (capacity_ - end_ >= kBlock / 2) {
    return;
  }
  const std::size_t size = end_ - begin_;
  if (capacity_ >= size + kBlock) {
    std::memmove(data_.get(), data_.get() + begin_, size);
  } else {
    // Doubling keeps the copying of a record of many blocks linear.
    const std::size_t capacity = std::max(2 * size, size + kBlock) + kBlock;
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    std::copy_n(data_.get() + begin_, size, larger.get());
    data_ = std::move(larger);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = size;
}

void ByteSource::append(std::string_view bytes) {
  make_room();
  std::copy_n(bytes.data(), bytes.size(), data_.get() + end_);
  end_ += bytes.size();
}

ByteSource::Outcome ByteSource::read(std::chrono::milliseconds patience) {
  if (!recognised_ || decompressor_ != nullptr) {
    return read_compressed(patience);
  }
  return read_plain(patience);
}

ByteSource::Outcome ByteSource::read_plain(std::chrono::milliseconds patience) {
  make_room();
  const TimedRead got = read_within(fd_, {data_.get() + end_, std::min(capacity_ - end_, kBlock)}, patience, name_);
  waited_ = got.waited;
  end_ += got.size;
  return got.state == TimedRead::State::kBytes ? Outcome::kMore
         : got.state == TimedRead::State::kEnd ? Outcome::kEnd
                                               : Outcome::kNothing;
}

/// The way of all bytes until it is known that they are not compressed.
ByteSource::Outcome ByteSource::read_compressed(std::chrono::milliseconds patience) {
  if (decompressor_ != nullptr && (compressed_used_ < compressed_.size() || holds_more_)) {
    waited_ = false;
    return inflate();
  }
  compressed_.erase(0, compressed_used_);
  compressed_used_ = 0;
  if (!ended_) {
    const std::size_t kept = compressed_.size();
    compressed_.resize(kept + kCompressedBlock);
    const TimedRead got = read_within(fd_, std::span(compressed_).subspan(kept), patience, name_);
    compressed_.resize(kept + got.size);
    waited_ = got.waited;
    ended_ = got.state == TimedRead::State::kEnd;
    if (got.state == TimedRead::State::kNothing) {
      return Outcome::kNothing;
    }
  }
  return recognised_ ? inflate() : recognise();
}

ByteSource::Outcome ByteSource::recognise() {
  const auto compression = compression_of(compressed_);
  if (!compression && !ended_ && may_become_compressed(compressed_)) {
    return Outcome::kNothing;
  }
  recognised_ = true;
  if (compression) {
    decompressor_ = std::make_unique<StreamDecompressor>(*compression);
    return inflate();
  }
  append(compressed_);
  compressed_ = {};
  return end_ != begin_ ? Outcome::kMore : Outcome::kEnd;
}

ByteSource::Outcome ByteSource::inflate() {
  std::string_view left = std::string_view(compressed_).substr(compressed_used_);
  if (left.empty() && ended_ && !holds_more_) {
    if (!decompressor_->is_between()) {
      throw Error(ErrorKind::kSyntax, "decompress", name_, "the compressed stream is cut off");
    }
    return Outcome::kEnd;
  }
  make_room();
  const std::size_t room = std::min(capacity_ - end_, kBlock);
  try {
    if (decompressor_->is_between() && !left.empty()) {
      if (const auto next = compression_of(left)) {  // perhaps another one than that of the member before
        decompressor_ = std::make_unique<StreamDecompressor>(*next);
      }
    }
    const std::size_t made = decompressor_->run(left, {data_.get() + end_, room});
    compressed_used_ = compressed_.size() - left.size();
    holds_more_ = made == room && !decompressor_->is_between();
    end_ += made;
    return made > 0 ? Outcome::kMore : Outcome::kNothing;
  } catch (const Error& error) {
    throw Error(error.kind(), "decompress", name_, error.why());
  }
}

std::string ByteSource::tail(std::size_t size) const {
  struct stat status {};
  if (decompressor_ != nullptr || ::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
    return {};
  }
  const auto whole = static_cast<std::size_t>(status.st_size);
  std::string bytes(std::min(size, whole), '\0');
  const ssize_t got = ::pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(whole - bytes.size()));
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

}  // namespace mcore
