// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "text/stream_decompressor.h"

namespace mcore {

/// The bytes of a file, pipe or socket, decompressed if they come as gzip or zstd, in a buffer that is filled at its
/// end and used up at its front.
///
/// Lifetime: borrows the descriptor. bytes() lives until the next read().
/// Errors:   throws Error: kIo for the descriptor, kSyntax for a damaged compression, after what comes before the
///           damage was delivered.
/// Cost:     holds what is not used up, and 1 MiB.
class ByteSource {
 public:
  /// `name` is for messages.
  ByteSource(int fd, std::string name);

  enum class Outcome : std::uint8_t { kMore, kNothing, kEnd };
  /// Waits at most `patience` (negative: for ever) for bytes and puts them behind bytes().
  Outcome read(std::chrono::milliseconds patience);
  /// Whether the bytes of the last read() were not there at once.
  [[nodiscard]] bool waited() const noexcept { return waited_; }

  /// What was read and is not used up.
  [[nodiscard]] std::string_view bytes() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
  void use(std::size_t size) noexcept { begin_ += size; }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The last bytes of the descriptor's content, as far as they can be known without reading it: of a plain file that
  /// is not compressed. At most `size`; empty if they cannot.
  [[nodiscard]] std::string tail(std::size_t size) const;

 private:
  Outcome read_plain(std::chrono::milliseconds patience);
  Outcome read_compressed(std::chrono::milliseconds patience);
  Outcome inflate();
  Outcome recognise();
  void make_room();
  void append(std::string_view bytes);

  int fd_;
  std::string name_;
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::unique_ptr<StreamDecompressor> decompressor_;
  std::string compressed_;
  std::size_t compressed_used_ = 0;
  bool holds_more_ = false;  // the decompressor filled its room and may have more from what it took in
  bool recognised_ = false;
  bool ended_ = false;
  bool waited_ = false;
};

}  // namespace mcore
