// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/directory.h"
#include "base/mapped_file.h"
#include "tsdb/file_writer.h"

namespace mcore {

inline constexpr std::uint32_t kSegmentMagic = 0x85BD'40DDU;
inline constexpr std::size_t kSegmentHeaderSize = 8;
/// Servers cut segments at this size; references leave room for 4 GiB.
inline constexpr std::uint64_t kSegmentBytes = std::uint64_t{512} << 20U;

/// One chunk as it lies in a segment: the encoding (tsdb-format 3) and the bytes it encodes.
struct ChunkBytes {
  std::uint8_t encoding = 0;
  std::string_view data;
};

/// Reads the chunks of one block in place.
///
/// Shape:    files of a folder whose names are numbers; a reference counts them by position in the sorted list, from 0,
///           whatever their numbers are (tsdb-format 2.2).
/// Lifetime: owns the mappings; data lives as long as it does.
/// Errors:   the constructor throws Error (kIo) if the folder cannot be listed; one that is not there holds no segment.
///           chunk() throws Error: kCorrupt with file and byte for a bad header, reference or checksum, kIo for a file
///           that cannot be mapped.
/// Threads:  one at a time; after open_all() any number.
/// Cost:     a segment is mapped when a chunk of it is first read; each chunk's checksum is verified each time.
class ChunkSegments {
 public:
  explicit ChunkSegments(std::string folder);

  [[nodiscard]] ChunkBytes chunk(std::uint64_t ref);
  /// Maps all segments and checks their headers.
  void open_all();
  [[nodiscard]] std::size_t size() const noexcept { return segments_.size(); }
  /// The position of the segment that a reference names.
  [[nodiscard]] static std::size_t segment_of(std::uint64_t ref) noexcept { return ref >> 32U; }
  /// Path (Requires: position < size()) and bytes of the segment at a position; bytes() throws as chunk() does.
  [[nodiscard]] const std::string& path(std::size_t position) const noexcept { return segments_[position].path; }
  [[nodiscard]] std::string_view bytes(std::size_t position);

 private:
  struct Segment {
    std::string path;
    std::optional<MappedFile> file;
  };

  std::string folder_;
  std::vector<Segment> segments_;
};

/// Writes the chunks of a new block.
///
/// Shape:    files 000001, 000002... in a folder that exists; a new one where the next chunk would not fit.
/// Errors:   throws Error (kIo; kLimit for a chunk that no segment can hold).
class ChunkSegmentWriter {
 public:
  /// Requires: kSegmentHeaderSize < segment_bytes <= 4 GiB.
  ChunkSegmentWriter(std::string folder, const NewFileOwner& owner, std::uint64_t segment_bytes = kSegmentBytes,
                     bool sync = true);
  /// Appends a chunk and returns its reference: references ascend.
  std::uint64_t add(std::uint8_t encoding, std::string_view data);
  /// Writes out and syncs what is buffered. A block without a chunk has no segment.
  void finish();

 private:
  void cut();

  std::string folder_;
  NewFileOwner owner_;
  std::uint64_t segment_bytes_;
  bool sync_;
  std::uint64_t segments_ = 0;
  std::optional<FileWriter> file_;
};

}  // namespace mcore
