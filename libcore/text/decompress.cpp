// SPDX-License-Identifier: Apache-2.0
#include "text/decompress.h"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

namespace mcore {
namespace {

constexpr std::size_t kSmallestRoom = 64 << 10;

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const noexcept { libdeflate_free_decompressor(d); }
};

/// The last four bytes of a member promise its size (modulo 2^32); a promise only, and the first room to try.
std::size_t promised_size(std::string_view compressed) noexcept {
  std::uint32_t size = 0;
  std::memcpy(&size, compressed.data() + compressed.size() - sizeof size, sizeof size);
  return size;
}

}  // namespace

bool looks_like_gzip(std::string_view bytes) noexcept {
  return bytes.starts_with("\x1f\x8b");
}

Result<std::size_t> gunzip(std::string_view compressed, std::string& out, std::size_t limit) {
  const auto error = [&, size = out.size()](ErrorKind kind, std::string_view why) {
    out.resize(size);
    return Error(kind, "gunzip", "", why);
  };
  if (compressed.size() < 18 || !looks_like_gzip(compressed)) {
    return error(ErrorKind::kSyntax, "the body is not gzip, or it is cut off");
  }
  const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(libdeflate_alloc_decompressor());
  if (decompressor == nullptr) {
    return error(ErrorKind::kIo, "out of memory");
  }
  const std::size_t before = out.size();
  // A promise is believed only as far as deflate can keep it: a factor of 1032.
  std::size_t room = std::min({promised_size(compressed), compressed.size() * 1032, limit});
  room = std::max<std::size_t>(room, 1);
  while (!compressed.empty()) {
    const std::size_t done = out.size() - before;
    out.resize(before + done + room);
    std::size_t used = 0;
    std::size_t made = 0;
    const libdeflate_result result = libdeflate_gzip_decompress_ex(
        decompressor.get(), compressed.data(), compressed.size(), out.data() + before + done, room, &used, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      out.resize(before + done);
      if (done + room >= limit) {
        return error(ErrorKind::kLimit, fmt::format("more than {} bytes after decompression", limit));
      }
      room = std::min(std::max(room * 4, kSmallestRoom), limit - done);
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) {
      return error(ErrorKind::kSyntax, "the gzip stream is damaged or cut off");
    }
    out.resize(before + done + made);
    compressed.remove_prefix(used);
    room = std::min(kSmallestRoom, limit - (done + made));
    if (!compressed.empty() && (compressed.size() < 18 || !looks_like_gzip(compressed))) {
      return error(ErrorKind::kSyntax, "something that is not gzip follows the gzip stream");
    }
  }
  return out.size() - before;
}

}  // namespace mcore
