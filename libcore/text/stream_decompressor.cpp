// SPDX-License-Identifier: Apache-2.0
#include "text/stream_decompressor.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace mcore {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";
constexpr int kGzipWindow = 15 + 16;  // the largest history, and a gzip header around it

struct FreeZstd {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

[[noreturn]] void refuse(std::string_view what, std::string_view why) {
  throw Error(ErrorKind::kSyntax, "decompress", "", fmt::format("the {} stream is damaged: {}", what, why));
}

}  // namespace

std::optional<Compression> compression_of(std::string_view start) noexcept {
  if (start.starts_with(kGzipMagic)) {
    return Compression::kGzip;
  }
  if (start.starts_with(kZstdMagic)) {
    return Compression::kZstd;
  }
  return std::nullopt;
}

bool may_become_compressed(std::string_view start) noexcept {
  return kGzipMagic.starts_with(start) || kZstdMagic.starts_with(start);
}

struct StreamDecompressor::State {
  Compression compression;
  z_stream gzip{};
  std::unique_ptr<ZSTD_DCtx, FreeZstd> zstd;
  bool is_between = true;

  std::size_t run_gzip(std::string_view& compressed, std::span<char> out);
  std::size_t run_zstd(std::string_view& compressed, std::span<char> out);
};

StreamDecompressor::StreamDecompressor(Compression compression) : state_(std::make_unique<State>()) {
  state_->compression = compression;
  bool good = true;
  if (compression == Compression::kGzip) {
    good = inflateInit2(&state_->gzip, kGzipWindow) == Z_OK;
  } else {
    state_->zstd.reset(ZSTD_createDCtx());
    good = state_->zstd != nullptr;
  }
  if (!good) {
    throw Error(ErrorKind::kIo, "decompress", "", "out of memory");
  }
}

StreamDecompressor::~StreamDecompressor() {
  if (state_->compression == Compression::kGzip) {
    inflateEnd(&state_->gzip);
  }
}

bool StreamDecompressor::is_between() const noexcept {
  return state_->is_between;
}

std::size_t StreamDecompressor::run(std::string_view& compressed, std::span<char> out) {
  return state_->compression == Compression::kGzip ? state_->run_gzip(compressed, out)
                                                   : state_->run_zstd(compressed, out);
}

std::size_t StreamDecompressor::State::run_gzip(std::string_view& compressed, std::span<char> out) {
  constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
  if (is_between) {
    inflateReset(&gzip);
    is_between = false;
  }
  const auto in_size = static_cast<uInt>(std::min(compressed.size(), kMost));
  const auto out_size = static_cast<uInt>(std::min(out.size(), kMost));
  // zlib's interface has no const; it does not write to its input.
  gzip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  gzip.avail_in = in_size;
  gzip.next_out = reinterpret_cast<Bytef*>(out.data());
  gzip.avail_out = out_size;
  const int outcome = inflate(&gzip, Z_NO_FLUSH);
  compressed.remove_prefix(in_size - gzip.avail_in);
  if (outcome == Z_STREAM_END) {
    is_between = true;
  } else if (outcome != Z_OK && outcome != Z_BUF_ERROR) {
    refuse("gzip", gzip.msg != nullptr ? gzip.msg : "bad data");
  }
  return out_size - gzip.avail_out;
}

std::size_t StreamDecompressor::State::run_zstd(std::string_view& compressed, std::span<char> out) {
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  ZSTD_outBuffer made{out.data(), out.size(), 0};
  const std::size_t outcome = ZSTD_decompressStream(zstd.get(), &made, &in);
  if (ZSTD_isError(outcome) != 0) {
    refuse("zstd", ZSTD_getErrorName(outcome));
  }
  compressed.remove_prefix(in.pos);
  is_between = outcome == 0;
  return made.pos;
}

}  // namespace mcore
