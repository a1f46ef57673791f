// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_inflater.h"

#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <new>

namespace mcore {
namespace {

/// The densest snappy element copies 64 bytes and takes three.
constexpr std::size_t kSnappyMostRatio = 22;
constexpr std::size_t kStep = 128 << 10;

}  // namespace

LogInflater::LogInflater() = default;
LogInflater::LogInflater(LogInflater&&) noexcept = default;
LogInflater& LogInflater::operator=(LogInflater&&) noexcept = default;
LogInflater::~LogInflater() = default;

void LogInflater::FreeContext::operator()(ZSTD_DCtx_s* context) const noexcept {
  ZSTD_freeDCtx(context);
}

char* LogInflater::room(std::size_t size) {
  if (size > capacity_) {
    capacity_ = std::max(size, std::min(capacity_ * 2, kLargestLogRecord));
    buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
  }
  return buffer_.get();
}

bool LogInflater::inflate_snappy(std::string_view compressed, std::string_view& plain) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(compressed.data(), compressed.size(), &size) || size > kLargestLogRecord ||
      size > compressed.size() * kSnappyMostRatio) {
    return false;
  }
  char* const out = room(std::max<std::size_t>(size, 1));
  if (!snappy::RawUncompress(compressed.data(), compressed.size(), out)) {
    return false;
  }
  plain = {out, size};
  return true;
}

bool LogInflater::inflate_zstd(std::string_view compressed, std::string_view& plain) {
  if (zstd_ == nullptr) {
    zstd_.reset(ZSTD_createDCtx());
    if (zstd_ == nullptr) {
      throw std::bad_alloc();
    }
  }
  const unsigned long long size = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return inflate_unsized(compressed, plain);
  }
  if (size == ZSTD_CONTENTSIZE_ERROR || size > kLargestLogRecord) {
    return false;
  }
  // Pages that the frame does not fill are never touched, so a false promise costs address space only.
  char* const out = room(std::max<std::size_t>(size, 1));
  const std::size_t made = ZSTD_decompressDCtx(zstd_.get(), out, size, compressed.data(), compressed.size());
  if (ZSTD_isError(made) != 0 || made != size) {
    return false;
  }
  plain = {out, size};
  return true;
}

bool LogInflater::inflate_unsized(std::string_view compressed, std::string_view& plain) {
  ZSTD_DCtx_reset(zstd_.get(), ZSTD_reset_session_only);
  unsized_.clear();
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  for (;;) {
    const std::size_t done = unsized_.size();
    if (done >= kLargestLogRecord) {
      return false;
    }
    unsized_.resize(done + kStep);
    ZSTD_outBuffer out{unsized_.data() + done, kStep, 0};
    const std::size_t left = ZSTD_decompressStream(zstd_.get(), &out, &in);
    unsized_.resize(done + out.pos);
    if (ZSTD_isError(left) != 0) {
      return false;
    }
    if (left == 0) {
      plain = unsized_;
      return in.pos == in.size;
    }
    if (out.pos < kStep && in.pos == in.size) {
      return false;  // the frame wants more than there is
    }
  }
}

}  // namespace mcore
