// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_chunks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/directory.h"
#include "base/error.h"
#include "base/mapped_file.h"

namespace mcore {
namespace {

constexpr std::uint32_t kMagic = 0x0130'BC91U;
constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kFewestBytes = 34;  // of a record; less is the end of the data
constexpr std::uint8_t kLateBit = 0x80;

struct File {
  std::uint64_t number = 0;
  std::string path;
};

std::vector<File> list_files(const std::string& folder) {
  std::vector<File> files;
  for (const DirectoryEntry& entry : list_directory(folder, true)) {
    std::uint64_t number = 0;
    const char* const end = entry.name.data() + entry.name.size();
    const auto [at, error] = std::from_chars(entry.name.data(), end, number);
    if (error == std::errc() && at == end) {
      files.push_back({number, folder + "/" + entry.name});
    }
  }
  std::ranges::sort(files, {}, &File::number);
  return files;
}

class ChunkFile {
 public:
  ChunkFile(const std::string& path, const DamageReport& report)
      : path_(path), report_(report), file_(MappedFile::open(path)), bytes_(file_.bytes()) {}

  /// `is_last`: the file a server may be about to begin.
  void each(bool is_last, const std::function<void(const HeadChunk&)>& use) {
    ByteReader in(bytes_);
    const std::uint32_t magic = in.be32();
    const std::uint8_t version = in.u8();
    if (is_last && magic == 0) {
      return;  // allocated and not begun, which a server removes
    }
    if (bytes_.size() < kHeaderSize || magic != kMagic || version != 1) {
      find(0, fmt::format("bad magic {:#010x} or version {}, want {:#010x} and 1", magic, version, kMagic));
      return;
    }
    for (std::size_t at = kHeaderSize; at < bytes_.size() && !is_end(at);) {
      at = take(at, use);
    }
  }

 private:
  void find(std::size_t at, std::string_view why) const {
    report_(Error(ErrorKind::kCorrupt, "read head chunks", fmt::format("{} at byte {}", path_, at), why));
  }

  [[nodiscard]] bool is_end(std::size_t at) const {
    const std::string_view rest = bytes_.substr(at, kFewestBytes);
    const bool is_zero = std::ranges::all_of(rest.substr(0, 3 * sizeof(std::uint64_t)), [](char c) { return c == 0; });
    return is_zero;
  }

  /// Returns where the next record begins.
  std::size_t take(std::size_t at, const std::function<void(const HeadChunk&)>& use) const {
    ByteReader in(bytes_.substr(at));
    HeadChunk chunk;
    chunk.series = in.be64();
    chunk.min_t_ms = static_cast<std::int64_t>(in.be64());
    chunk.max_t_ms = static_cast<std::int64_t>(in.be64());
    const std::uint8_t encoding = in.u8();
    chunk.encoding = encoding & static_cast<std::uint8_t>(~kLateBit);
    chunk.is_late = (encoding & kLateBit) != 0;
    chunk.data = in.bytes(in.uvarint());
    const auto size = static_cast<std::size_t>(in.at() - (bytes_.data() + at));
    const std::uint32_t want = in.be32();
    if (!in.ok()) {
      find(at, "a chunk runs over the end of the file");
      return bytes_.size();
    }
    if (const std::uint32_t sum = crc32c(bytes_.substr(at, size)); sum != want) {
      find(at, fmt::format("bad checksum {:#010x}, want {:#010x}, of a chunk", sum, want));
    } else {
      use(chunk);
    }
    return at + size + sizeof want;
  }

  const std::string& path_;
  const DamageReport& report_;
  MappedFile file_;
  std::string_view bytes_;
};

}  // namespace

void each_head_chunk(const std::string& folder, const DamageReport& report,
                     const std::function<void(const HeadChunk&)>& use) {
  const std::vector<File> files = list_files(folder);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i > 0 && files[i].number != files[i - 1].number + 1) {
      report(Error(ErrorKind::kCorrupt, "read head chunks", files[i].path,
                   fmt::format("file {:06} is missing before it", files[i - 1].number + 1)));
    }
    ChunkFile(files[i].path, report).each(i + 1 == files.size(), use);
  }
}

}  // namespace mcore
