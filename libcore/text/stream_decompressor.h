// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace mcore {

enum class Compression : std::uint8_t { kGzip, kZstd };

/// How many bytes compression_of() wants to see.
inline constexpr std::size_t kCompressionMagicSize = 4;
/// How a stream that begins with these bytes is compressed; nothing if it is not.
[[nodiscard]] std::optional<Compression> compression_of(std::string_view start) noexcept;
/// Whether more bytes behind `start` could still make it a compressed stream.
[[nodiscard]] bool may_become_compressed(std::string_view start) noexcept;

/// Inflates a gzip or zstd stream piece by piece.
///
/// Shape:  members and frames may follow one another; between two of them is_between() holds, and the stream may end.
/// Errors: run() throws Error (kSyntax) for bytes that are damaged; nothing may be called after that.
/// Cost:   memory is bounded by the format: 32 KiB of history (gzip), 128 MiB at the very most (zstd).
class StreamDecompressor {
 public:
  explicit StreamDecompressor(Compression compression);
  ~StreamDecompressor();
  StreamDecompressor(const StreamDecompressor&) = delete;
  StreamDecompressor& operator=(const StreamDecompressor&) = delete;

  /// Inflates from the front of `compressed`, which loses what was used, and returns how many bytes of `out` it filled.
  /// Stops when `out` is full, `compressed` is used up, or a member has ended; never does nothing while both have room.
  std::size_t run(std::string_view& compressed, std::span<char> out);
  [[nodiscard]] bool is_between() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mcore
