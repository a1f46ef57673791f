// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file_copy.h"
#include "tsdb/chunk_segment.h"
#include "tsdb/file_writer.h"
#include "tsdb/index_reader.h"
#include "tsdb/index_salvage.h"
#include "tsdb/tombstones.h"

namespace mcore {
namespace {

void ignore(const Error& /*damage*/) {}

std::optional<std::uint64_t> segment_number(std::string_view name) {
  std::uint64_t number = 0;
  const auto [at, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && at == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

std::string segment_header() {
  std::string header;
  append_be32(header, kSegmentMagic);
  append_u8(header, 1);
  header.resize(kSegmentHeaderSize, '\0');
  return header;
}

Fd open_file(const std::string& path, int flags) {
  Fd file(::open(path.c_str(), flags | O_CLOEXEC));
  if (!file.is_open()) {
    throw Error(ErrorKind::kIo, "open", path, errno_text(errno));
  }
  return file;
}

class Copying {
 public:
  Copying(const std::string& folder, const BlockMeta& meta, const std::string& to, const NewFileOwner& owner)
      : folder_(folder), meta_(meta), to_(to), owner_(owner) {}

  BlockCopy run(bool segments_by_number) {
    (void)remove_tree(to_);
    create_owned_folder(to_, owner_);
    replace_file(to_ + "/meta.json", block_meta_text(meta_), owner_);
    copy_chunks(segments_by_number);
    Tombstones tombstones = read_tombstones();
    if (path_exists(folder_ + "/index")) {
      if (can_be_opened(folder_ + "/index")) {
        link_or_copy(folder_ + "/index", to_ + "/index");
        copy_.has_index = true;
      } else {
        copy_.has_index = salvage(tombstones);
      }
    }
    replace_file(to_ + "/tombstones", tombstones.encode(), owner_);
    return copy_;
  }

 private:
  void link_or_copy(const std::string& from, const std::string& to) const {
    if (!link_file(from, to)) {
      copy_whole(open_file(from, O_RDONLY), from, to);
    }
  }
  void copy_whole(const Fd& file, const std::string& from, const std::string& to) const {
    (void)copy_file(file.get(), from, file_size(file.get(), from), to, owner_);
  }

  Tombstones read_tombstones() {
    try {
      Tombstones tombstones = Tombstones::read(folder_);
      copy_.lost_tombstones = tombstones.interval_count() < meta_.stats.tombstones;
      return tombstones;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCorrupt) {
        throw;
      }
      copy_.lost_tombstones = true;
      return {};
    }
  }

  [[nodiscard]] static bool can_be_opened(const std::string& path) {
    try {
      IndexReader(path).load();
      return true;
    } catch (const Error&) {
      return false;
    }
  }
  /// Gives the tombstones the references that the series have in the new index.
  bool salvage(Tombstones& tombstones) const {
    const auto old_refs = salvage_index(folder_ + "/index", to_ + "/index", owner_, ignore);
    if (!old_refs.has_value() || old_refs->empty()) {
      return false;
    }
    IndexReader index(to_ + "/index");
    index.load();
    const std::vector<SeriesRef> refs = index.scan_series(ignore);
    Tombstones renamed;
    for (std::size_t i = 0; i < refs.size(); ++i) {
      for (const TimeRange& range : tombstones.of((*old_refs)[i])) {
        renamed.add(refs[i], range);
      }
    }
    tombstones = std::move(renamed);
    return true;
  }

  /// References name segments by their place in the sorted list.
  void copy_chunks(bool by_number) const {
    create_owned_folder(to_ + "/chunks", owner_);
    constexpr std::uint64_t kMostMissing = 1000;
    std::uint64_t place = 0;
    for (const DirectoryEntry& entry : list_directory(folder_ + "/chunks", true)) {
      const auto number = segment_number(entry.name);
      if (entry.is_directory || !number.has_value()) {
        continue;
      }
      ++place;
      if (by_number && *number - place <= kMostMissing) {
        for (; place < *number; ++place) {
          replace_file(segment(place), segment_header(), owner_);
        }
      }
      copy_segment(folder_ + "/chunks/" + entry.name, segment(place));
    }
  }
  [[nodiscard]] std::string segment(std::uint64_t place) const { return fmt::format("{}/chunks/{:06}", to_, place); }

  /// The chunks' own checksums tell what they are worth, whatever the header says.
  void copy_segment(const std::string& from, const std::string& to) const {
    const Fd file = open_file(from, O_RDONLY);
    const std::string header = segment_header();
    char found[kSegmentHeaderSize] = {};
    const ssize_t got = ::pread(file.get(), found, sizeof found, 0);
    if (got < static_cast<ssize_t>(sizeof found)) {
      replace_file(to, header, owner_);
    } else if (constexpr std::size_t kUnpadded = 5;
               std::string_view(found, kUnpadded) == std::string_view(header).substr(0, kUnpadded)) {
      link_or_copy(from, to);
    } else {
      copy_whole(file, from, to);
      const Fd copy = open_file(to, O_WRONLY);
      if (::pwrite(copy.get(), header.data(), header.size(), 0) != static_cast<ssize_t>(header.size())) {
        throw Error(ErrorKind::kIo, "write", to, errno_text(errno));
      }
    }
  }

  const std::string& folder_;
  const BlockMeta& meta_;
  const std::string& to_;
  const NewFileOwner& owner_;
  BlockCopy copy_;
};

}  // namespace

BlockCopy copy_for_salvage(const std::string& folder, const BlockMeta& meta, bool segments_by_number,
                           const std::string& to, const NewFileOwner& owner) {
  return Copying(folder, meta, to, owner).run(segments_by_number);
}

}  // namespace mcore
