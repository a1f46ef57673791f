// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct ZSTD_DCtx_s;

namespace mcore {

/// No record of a log is longer, compressed or not: a longer one is damage.
inline constexpr std::size_t kLargestLogRecord = std::size_t{256} << 20U;

/// Undoes the compression of log records, one after the other into the same memory.
///
/// Lifetime: what inflate gives lives until the next call.
/// Errors:   false for bytes that do not decompress, or to more than kLargestLogRecord. Memory is taken for what the
///           bytes can possibly become, never for what they merely promise.
class LogInflater {
 public:
  LogInflater();
  LogInflater(LogInflater&&) noexcept;
  LogInflater& operator=(LogInflater&&) noexcept;
  ~LogInflater();

  /// A raw snappy block.
  [[nodiscard]] bool inflate_snappy(std::string_view compressed, std::string_view& plain);
  /// A zstd frame.
  [[nodiscard]] bool inflate_zstd(std::string_view compressed, std::string_view& plain);

 private:
  struct FreeContext {
    void operator()(ZSTD_DCtx_s* context) const noexcept;
  };
  char* room(std::size_t size);
  [[nodiscard]] bool inflate_unsized(std::string_view compressed, std::string_view& plain);

  std::unique_ptr<char[]> buffer_;  // not a string: what is written over need not be zeroed first
  std::size_t capacity_ = 0;
  std::string unsized_;
  std::unique_ptr<ZSTD_DCtx_s, FreeContext> zstd_;
};

}  // namespace mcore
