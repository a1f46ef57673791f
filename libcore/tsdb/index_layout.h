// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace mcore {

// An index file (tsdb-format 2.3): header, symbols, series, postings lists, table of where the lists are, contents.

inline constexpr std::uint32_t kIndexMagic = 0xBAAA'D700U;
inline constexpr std::size_t kIndexHeaderSize = 5;
inline constexpr std::size_t kIndexTocSize = 52;  // six offsets and their checksum
inline constexpr std::uint64_t kSeriesAlignment = 16;
inline constexpr std::uint64_t kPostingsAlignment = 4;
inline constexpr std::size_t kChecksumSize = 4;

/// The table of contents: where in the file things are.
struct IndexToc {
  std::uint64_t symbols = 0;
  std::uint64_t series = 0;            // the end of the symbols; series begin at the next multiple of 16
  std::uint64_t series_end = 0;        // the field "label indices": unpadded
  std::uint64_t label_offsets = 0;     // of no use; equals `postings_offsets` where it is not written
  std::uint64_t postings = 0;          // the first list
  std::uint64_t postings_offsets = 0;  // the table
};

/// Where one chunk is and what it spans: its first and its last sample, both in milliseconds since the Unix epoch.
/// `ref` is the segment's position in the upper 32 bits, the offset in the lower.
struct ChunkMeta {
  std::int64_t min_t_ms = 0;
  std::int64_t max_t_ms = 0;
  std::uint64_t ref = 0;
  [[nodiscard]] bool operator==(const ChunkMeta&) const = default;
};

[[nodiscard]] constexpr std::uint64_t aligned(std::uint64_t offset, std::uint64_t to) noexcept {
  return (offset + to - 1) / to * to;
}

}  // namespace mcore
