// SPDX-License-Identifier: Apache-2.0
#include "tsdb/known_refs.h"

#include <fcntl.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/bytes.h"
#include "base/directory.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mapped_file.h"
#include "tsdb/head_layout.h"
#include "tsdb/log_directory.h"
#include "tsdb/log_reader.h"

namespace mcore {
namespace {

constexpr std::size_t kChunkFileHeader = 8;
constexpr std::uint32_t kChunkFileMagic = 0x0130'BC91;
constexpr char kSnapshotSeries = 1;

class LargestRef {
 public:
  void note(std::uint64_t ref) noexcept {
    if (ref < kRefLimit) {
      largest_ = std::max(largest_, ref);
    }
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return largest_; }

 private:
  std::uint64_t largest_ = 0;
};

/// One file of chunks_head/ (tsdb-format 5.1). The checksums are not verified: a wrong ref costs numbers, no data.
void read_chunk_file(const std::string& path, LargestRef& refs) {
  MappedFile file;
  try {
    file = MappedFile::open(path);
  } catch (const Error&) {
    if (path_exists(path)) {
      throw;
    }
    return;  // a server has just removed it
  }
  ByteReader reader(file.bytes());
  if (reader.be32() != kChunkFileMagic) {
    return;
  }
  (void)reader.bytes(kChunkFileHeader - sizeof kChunkFileMagic);
  while (reader.left() > 0) {
    const std::uint64_t ref = reader.be64();
    const std::uint64_t min_t = reader.be64();
    const std::uint64_t max_t = reader.be64();
    (void)reader.u8();  // encoding
    (void)reader.bytes(reader.uvarint());
    (void)reader.be32();
    if (!reader.ok() || (ref == 0 && min_t == 0 && max_t == 0)) {
      return;
    }
    refs.note(ref);
  }
}

void read_snapshot_segment(const std::string& path, LargestRef& refs) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    return;  // removed meanwhile
  }
  LogReader reader(file.get(), path);
  for (LogReadStatus status = reader.next();; status = reader.next()) {
    if (status == LogReadStatus::kCorrupt) {
      reader.skip_damage();
    } else if (status != LogReadStatus::kRecord) {
      return;
    } else if (reader.record().starts_with(kSnapshotSeries)) {
      refs.note(ByteReader(reader.record().substr(1)).be64());
    }
  }
}

void read_series_state(const std::string& path, LargestRef& refs) {
  if (!path_exists(path)) {
    return;
  }
  const nlohmann::json state = nlohmann::json::parse(read_file(path), nullptr, false);
  const auto last = state.is_object() ? state.find("last_series_id") : state.end();
  if (last != state.end() && last->is_number_unsigned()) {
    refs.note(last->get<std::uint64_t>());
  }
}

}  // namespace

std::uint64_t largest_known_ref(const std::string& store) {
  LargestRef refs;
  for (const DirectoryEntry& entry : list_directory(store + "/chunks_head", true)) {
    if (!entry.is_directory && std::ranges::all_of(entry.name, [](unsigned char c) { return std::isdigit(c) != 0; })) {
      read_chunk_file(store + "/chunks_head/" + entry.name, refs);
    }
  }
  for (const DirectoryEntry& entry : list_directory(store)) {
    if (entry.is_directory && entry.name.starts_with("chunk_snapshot.")) {
      for (const LogSegment& segment : list_log(store + "/" + entry.name).segments) {
        read_snapshot_segment(segment.path, refs);
      }
    }
  }
  read_series_state(store + "/wal/series_state.json", refs);
  return refs.value();
}

}  // namespace mcore
