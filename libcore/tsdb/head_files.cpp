// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/error.h"

namespace mcore {
namespace {

constexpr std::size_t kFirstSize = 1 << 16;
constexpr std::size_t kTombstoneSize = 24;  // of a HeadTombstone

/// Copies a state out of its place; false if a writer was at it meanwhile.
bool copy_state(const SeriesState& from, SeriesStateView& out) noexcept {
  const std::uint64_t stamp = from.stamp.load(std::memory_order_acquire);
  out.last_t_ms = from.last_t_ms;
  out.last_value = from.last_value;
  out.last_delta = from.last_delta;
  out.slab = from.slab;
  out.used = from.used;
  out.late = from.late;
  out.late_used = from.late_used;
  out.metadata = from.metadata;
  out.count = from.count;
  std::atomic_thread_fence(std::memory_order_acquire);
  if (stamp == 0 || from.stamp.load(std::memory_order_relaxed) != stamp) {
    return false;
  }
  out.commit = stamp >> 16U;
  out.kind = static_cast<SlabKind>((stamp >> 14U) & 3U);
  const auto window = static_cast<std::uint8_t>((stamp >> 6U) & 63U);
  out.leading = window == 63U ? kNoWindow : window;
  out.trailing = static_cast<std::uint8_t>(stamp & 63U);
  return true;
}

/// Whether a list lies in the first `end` bytes of a file. Everything that the head makes lists of is made of words.
bool holds(std::uint64_t end, std::uint64_t offset, std::uint64_t count, std::size_t size) noexcept {
  return offset % sizeof(std::uint64_t) == 0 && offset <= end && count <= (end - offset) / size;
}

bool are_tables(const HashTablesInfo& info, std::uint64_t end) noexcept {
  constexpr std::uint32_t kMostLog2 = 32;  // a place is taken from a tag of 32 bits
  return info.count <= HashTablesInfo::kMost &&
         std::all_of(info.table.begin(), info.table.begin() + info.count, [&](const HashTableInfo& table) {
           return table.slots_log2 > 0 && table.slots_log2 <= kMostLog2 &&
                  holds(end, table.offset, std::uint64_t{1} << table.slots_log2, sizeof(std::uint64_t));
         });
}

/// Whether everything that the commit names can be in files of the lengths that it has.
bool is_commit(const HeadCommit& commit) noexcept {
  constexpr std::uint64_t kMostCommits = std::uint64_t{1} << 47U;  // a stamp has 48 bits for the number
  return commit.number < kMostCommits && commit.series_count <= kMostSeries &&
         commit.indexed_series <= commit.series_count && commit.labels_end <= kMostLabelBytes &&
         commit.slabs_end <= kMostSlabBytes && commit.slabs_end % kSlabUnit == 0 &&
         holds(commit.index_end, commit.segment_list, commit.segment_count, sizeof(std::uint64_t)) &&
         holds(commit.index_end, commit.tombstone_list, commit.tombstone_count, kTombstoneSize) &&
         are_tables(commit.label_tables, commit.tables_end) && are_tables(commit.ref_tables, commit.tables_end) &&
         are_tables(commit.metadata_tables, commit.tables_end);
}

}  // namespace

HeadFiles HeadFiles::create(const std::string& folder, std::uint64_t generation, const NewFileOwner& owner) {
  create_owned_folder(folder, owner);
  HeadFiles files;
  files.folder_ = folder;
  files.control_ = MappedArena::create(folder + "/control", kControlSize, owner);
  files.series = MappedArena::create(folder + "/series", kFirstSize, owner);
  files.labels = MappedArena::create(folder + "/labels", kFirstSize, owner);
  files.slabs = MappedArena::create(folder + "/slabs", kFirstSize, owner);
  files.tables = MappedArena::create(folder + "/tables", kFirstSize, owner);
  files.index = MappedArena::create(folder + "/index", kFirstSize, owner);
  files.touched = MappedArena::create(folder + "/touched", kControlSize, owner);

  auto& control = *new (files.control_.data()) HeadControl{};
  control.magic = kHeadMagic;
  control.format = kHeadFormat;
  const std::string boot = boot_id();
  std::ranges::copy(boot.substr(0, control.boot.size() - 1), control.boot.begin());
  control.device = files.control_.device();
  control.inode = files.control_.inode();
  control.generation = generation;
  return files;
}

std::optional<HeadFiles> HeadFiles::open(const std::string& folder, bool writable) {
  if (!path_exists(folder + "/control")) {
    return std::nullopt;
  }
  HeadFiles files;
  files.folder_ = folder;
  files.control_ = MappedArena::open(folder + "/control", writable);
  if (!files.is_of_here() || files.control().retired.load() != 0) {
    return std::nullopt;
  }
  files.series = MappedArena::open(folder + "/series", writable);
  files.labels = MappedArena::open(folder + "/labels", writable);
  files.slabs = MappedArena::open(folder + "/slabs", writable);
  files.tables = MappedArena::open(folder + "/tables", writable);
  files.index = MappedArena::open(folder + "/index", writable);
  if (writable) {
    files.touched = MappedArena::open(folder + "/touched", true);
  }
  if (!files.follow(files.published())) {
    return std::nullopt;
  }
  return files;
}

std::optional<HeadFiles> HeadFiles::open_control(const std::string& folder) {
  if (!path_exists(folder + "/control")) {
    return std::nullopt;
  }
  HeadFiles files;
  files.folder_ = folder;
  files.control_ = MappedArena::open(folder + "/control", true);
  return files.is_of_here() ? std::optional(std::move(files)) : std::nullopt;
}

/// Whether it is complete, of this boot and format, and no copy.
bool HeadFiles::is_of_here() const {
  if (control_.size() < kControlSize) {
    return false;
  }
  const HeadControl& head = control();
  const std::string boot = boot_id();
  return head.magic == kHeadMagic && head.format == kHeadFormat && head.ready == 1 &&
         std::string_view(head.boot.data(), strnlen(head.boot.data(), head.boot.size())) ==
             std::string_view(boot).substr(0, head.boot.size() - 1) &&
         head.device == control_.device() && head.inode == control_.inode();
}

bool HeadFiles::is_in_place() const noexcept {
  struct stat info {};
  return ::stat((folder_ + "/control").c_str(), &info) == 0 && info.st_dev == control_.device() &&
         info.st_ino == control_.inode();
}

HeadCommit HeadFiles::published() const noexcept {
  const HeadControl& head = control();
  HeadCommit copy{};
  for (;;) {
    const std::uint64_t number = head.commit.load(std::memory_order_acquire);
    std::memcpy(&copy, &head.commits[number & 1U], sizeof copy);
    std::atomic_thread_fence(std::memory_order_acquire);
    // The place is written again by the next commit but one; that begins once the next one is published.
    if (head.commit.load(std::memory_order_relaxed) == number) {
      return copy;
    }
  }
}

bool HeadFiles::follow(const HeadCommit& commit) {
  return is_commit(commit) && series.follow(commit.series_count * sizeof(SeriesEntry)) &&
         labels.follow(commit.labels_end) && slabs.follow(commit.slabs_end) && tables.follow(commit.tables_end) &&
         index.follow(commit.index_end);
}

void HeadFiles::fail_damaged(std::string_view why) const {
  throw Error(ErrorKind::kCorrupt, "read head", folder_,
              std::string(why) + "; remove the head directory, it is built anew from the log");
}

std::uint64_t HeadFiles::size() const noexcept {
  return control_.size() + series.size() + labels.size() + slabs.size() + tables.size() + index.size();
}

bool read_state(const SeriesEntry& entry, std::uint64_t commit, SeriesStateView& out) noexcept {
  SeriesStateView other;
  const bool first = copy_state(entry.state[0], out) && out.commit <= commit;
  const bool second = copy_state(entry.state[1], other) && other.commit <= commit;
  std::size_t taken = 0;
  if (second && (!first || other.commit > out.commit)) {
    out = other;
    taken = 1;
  } else if (!first) {
    out = {};
    return false;
  }
  // A writer always writes over the older of the two. So the place taken held the newer one all along if it still holds
  // what was copied; else the other one may have been newer, and written over before it was looked at.
  return entry.state[taken].stamp.load(std::memory_order_acquire) >> 16U == out.commit;
}

}  // namespace mcore
