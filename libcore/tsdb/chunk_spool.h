// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/directory.h"
#include "base/fd.h"

namespace mcore {

/// A chunk that waits in a ChunkSpool. Units: milliseconds since the Unix epoch, both ends are samples.
struct SpooledChunk {
  std::uint64_t offset = 0;
  std::int64_t min_t_ms = 0;
  std::int64_t max_t_ms = 0;
  std::uint32_t series = 0;
  std::uint32_t size = 0;
  std::uint16_t samples = 0;
  std::uint8_t encoding = 0;
  bool is_late = false;  // its samples came after others of their series with their times or later ones
};

/// Chunks of a block under construction, in the order in which they became ready: their bytes in memory while they are
/// few, else in a file without a name.
///
/// Errors:  throws Error (kIo) with the path.
/// Threads: one that adds; any number of readers once nothing is added.
/// Cost:    40 bytes of memory a chunk, and 1 MiB.
class ChunkSpool {
 public:
  /// `path` names the file for as long as it takes to open it.
  ChunkSpool(std::string path, const NewFileOwner& owner) : path_(std::move(path)), owner_(owner) {}

  /// The chunk's bytes are `head` and `rest`, one behind the other.
  void add(SpooledChunk chunk, std::string_view head, std::string_view rest);
  [[nodiscard]] const std::vector<SpooledChunk>& chunks() const noexcept { return chunks_; }
  [[nodiscard]] std::size_t memory() const noexcept { return chunks_.capacity() * sizeof(SpooledChunk); }

  /// Bytes from `offset` on; the view lives until the next use of `buffer`.
  [[nodiscard]] std::string_view read(std::uint64_t offset, std::size_t size, std::string& buffer) const;
  void clear();

 private:
  void spill();

  std::string path_;
  NewFileOwner owner_;
  Fd fd_;
  std::vector<SpooledChunk> chunks_;
  std::string buffer_;
  std::uint64_t spilled_ = 0;  // bytes in the file; buffer_ follows
};

}  // namespace mcore
