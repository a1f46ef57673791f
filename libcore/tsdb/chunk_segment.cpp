// SPDX-License-Identifier: Apache-2.0
#include "tsdb/chunk_segment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"

namespace mcore {
namespace {

constexpr std::uint8_t kSegmentVersion = 1;
// What servers count for one chunk beside its data: the longest length, encoding, checksum.
constexpr std::uint64_t kChunkOverhead = 5 + 1 + 4;
// Less than this behind a reference is no chunk to a server.
constexpr std::size_t kMinChunkRoom = 5;

[[noreturn]] void fail(const std::string& path, std::uint64_t offset, std::string_view why) {
  throw Error(ErrorKind::kCorrupt, "read chunk", path, fmt::format("{} at byte {}", why, offset));
}

bool is_number(std::string_view name) noexcept {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

void check_header(const std::string& path, std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint32_t magic = in.be32();
  const std::uint8_t version = in.u8();
  if (bytes.size() < kSegmentHeaderSize) {
    fail(path, bytes.size(), "end of file inside the header");
  }
  if (magic != kSegmentMagic) {
    fail(path, 0, fmt::format("bad magic {:#010x}, want {:#010x}", magic, kSegmentMagic));
  }
  if (version != kSegmentVersion) {
    fail(path, 4, fmt::format("format version {}, want 1", version));
  }
}

}  // namespace

ChunkSegments::ChunkSegments(std::string folder) : folder_(std::move(folder)) {
  for (const DirectoryEntry& entry : list_directory(folder_, true)) {
    if (is_number(entry.name)) {
      segments_.push_back({folder_ + "/" + entry.name, std::nullopt});
    }
  }
}

std::string_view ChunkSegments::bytes(std::size_t position) {
  if (position >= segments_.size()) {
    throw Error(ErrorKind::kCorrupt, "read chunk", folder_,
                fmt::format("the index names segment {} of {}", position + 1, segments_.size()));
  }
  Segment& segment = segments_[position];
  if (!segment.file) {
    MappedFile file = MappedFile::open(segment.path);
    check_header(segment.path, file.bytes());
    segment.file = std::move(file);
  }
  return segment.file->bytes();
}

void ChunkSegments::open_all() {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    (void)bytes(i);
  }
}

ChunkBytes ChunkSegments::chunk(std::uint64_t ref) {
  const std::size_t position = segment_of(ref);
  const std::uint64_t offset = ref & 0xFFFF'FFFFU;
  const std::string_view all = bytes(position);
  const std::string& path = segments_[position].path;
  if (offset < kSegmentHeaderSize || offset + kMinChunkRoom > all.size()) {
    fail(path, offset, fmt::format("the index names a chunk outside of the segment's {} bytes,", all.size()));
  }
  ByteReader in(all.substr(offset));
  const std::uint64_t size = in.uvarint();
  // The checksum covers encoding and data as one piece; a size that would wrap around is none.
  const std::string_view record = in.bytes(size < UINT32_MAX ? size + 1 : UINT64_MAX);
  const std::uint32_t want = in.be32();
  if (!in.ok()) {
    fail(path, offset, "a chunk runs over the end of the segment");
  }
  if (const std::uint32_t sum = crc32c(record); sum != want) {
    fail(path, offset, fmt::format("bad checksum {:#010x}, want {:#010x}, of a chunk", sum, want));
  }
  return {static_cast<std::uint8_t>(record[0]), record.substr(1)};
}

ChunkSegmentWriter::ChunkSegmentWriter(std::string folder, const NewFileOwner& owner, std::uint64_t segment_bytes,
                                       bool sync)
    : folder_(std::move(folder)), owner_(owner), segment_bytes_(segment_bytes), sync_(sync) {}

void ChunkSegmentWriter::cut() {
  finish();
  file_.emplace(fmt::format("{}/{:06}", folder_, ++segments_), owner_);
  std::string header;
  append_be32(header, kSegmentMagic);
  append_u8(header, kSegmentVersion);
  header.resize(kSegmentHeaderSize);
  file_->write(header);
}

std::uint64_t ChunkSegmentWriter::add(std::uint8_t encoding, std::string_view data) {
  const std::uint64_t room = kChunkOverhead + data.size();
  if (kSegmentHeaderSize + room > UINT32_MAX) {
    throw Error(ErrorKind::kLimit, "write chunk", folder_, fmt::format("a chunk of {} bytes", data.size()));
  }
  if (!file_ || (file_->size() > kSegmentHeaderSize && file_->size() + room > segment_bytes_)) {
    cut();
  }
  const std::uint64_t ref = ((segments_ - 1) << 32U) | file_->size();
  char head[kMaxVarintSize + 1];
  char* end = store_uvarint(head, data.size());
  *end++ = static_cast<char>(encoding);
  file_->write({head, static_cast<std::size_t>(end - head)});
  file_->write(data);
  char sum[kMinChunkRoom - 1];
  store_be32(sum, crc32c(data, crc32c({end - 1, 1})));
  file_->write({sum, sizeof sum});
  return ref;
}

void ChunkSegmentWriter::finish() {
  if (file_) {
    file_->finish(sync_);
    file_.reset();
  }
}

}  // namespace mcore
