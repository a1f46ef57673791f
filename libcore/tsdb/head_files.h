// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/directory.h"
#include "base/mapped_arena.h"
#include "model/labels.h"
#include "tsdb/head_layout.h"

namespace mcore {

/// The mapped files of one generation of the head (tsdb/head_layout.h): access without meaning.
///
/// Lifetime: move-only. A generation that was replaced and removed stays readable for those who have it mapped.
/// Errors:   throws Error (kIo); kCorrupt where a place that the files name lies outside of them: they stay mapped for
///           long, and what is in them is believed without a checksum.
class HeadFiles {
 public:
  /// New, empty files in `folder`, which is made; not ready to be opened by others before control().ready is set.
  [[nodiscard]] static HeadFiles create(const std::string& folder, std::uint64_t generation, const NewFileOwner& owner);
  /// The files of a folder, or nothing if they are not there, not ready, of another boot, format or place, or retired.
  [[nodiscard]] static std::optional<HeadFiles> open(const std::string& folder, bool writable);
  /// The control file alone, writable, of a head that serves or is retired: for what is to be cleared up after it.
  [[nodiscard]] static std::optional<HeadFiles> open_control(const std::string& folder);

  [[nodiscard]] HeadControl& control() noexcept { return *reinterpret_cast<HeadControl*>(control_.data()); }
  [[nodiscard]] const HeadControl& control() const noexcept {
    return *reinterpret_cast<const HeadControl*>(control_.data());
  }
  /// The newest commit, copied whole.
  [[nodiscard]] HeadCommit published() const noexcept;
  /// Maps what the commit refers to; false if the files lack it, or it cannot be a commit.
  [[nodiscard]] bool follow(const HeadCommit& commit);

  /// Requires: `id` is below the series_count of a commit that was followed.
  [[nodiscard]] const SeriesEntry& entry(std::uint32_t id) const noexcept {
    return reinterpret_cast<const SeriesEntry*>(series.data())[id];
  }
  [[nodiscard]] SeriesEntry& entry(std::uint32_t id) noexcept {
    return reinterpret_cast<SeriesEntry*>(series.data())[id];
  }
  [[nodiscard]] LabelsView labels_of(std::uint32_t id) const { return LabelsView(text_at(entry(id).labels)); }
  /// Bytes of `labels`; a place is their offset << 24 | their size.
  [[nodiscard]] std::string_view text_at(std::uint64_t place) const {
    const std::uint64_t offset = place >> 24U;
    const std::uint64_t size = place & 0xFFFFFFU;
    if (offset + size > labels.size()) {
      fail_damaged("labels lie behind their end");
    }
    return {labels.data() + offset, size};
  }
  /// A slab's header. The slab before it lies before it: whoever follows the chain comes to its end.
  [[nodiscard]] const SlabHeader& slab(std::uint32_t unit) const {
    const std::size_t offset = unit * kSlabUnit;
    if (offset + sizeof(SlabHeader) > slabs.size() ||
        reinterpret_cast<const SlabHeader*>(slabs.data() + offset)->previous >= unit) {
      fail_damaged("a slab is where none can be");
    }
    return *reinterpret_cast<const SlabHeader*>(slabs.data() + offset);
  }
  /// The first bytes of a slab's payload.
  [[nodiscard]] std::string_view payload(std::uint32_t unit, std::size_t size) const {
    const std::size_t offset = unit * kSlabUnit + sizeof(SlabHeader);
    if (offset > slabs.size() || size > slabs.size() - offset) {
      fail_damaged("samples lie behind the end of their slabs");
    }
    return {slabs.data() + offset, size};
  }
  /// Unchecked: to write to, or to ask for the memory of.
  [[nodiscard]] const char* payload(std::uint32_t unit) const noexcept {
    return slabs.data() + unit * kSlabUnit + sizeof(SlabHeader);
  }
  [[nodiscard]] char* payload(std::uint32_t unit) noexcept {
    return slabs.data() + unit * kSlabUnit + sizeof(SlabHeader);
  }
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  /// Whether others that open the folder get these files: it was not removed, nor built anew.
  [[nodiscard]] bool is_in_place() const noexcept;
  /// Throws the Error (kCorrupt) that tells of damage in these files.
  [[noreturn]] void fail_damaged(std::string_view why) const;
  void set_folder(std::string folder) { folder_ = std::move(folder); }
  /// Bytes on disk.
  [[nodiscard]] std::uint64_t size() const noexcept;

  MappedArena series;
  MappedArena labels;
  MappedArena slabs;
  MappedArena tables;
  MappedArena index;
  MappedArena touched;

 private:
  [[nodiscard]] bool is_of_here() const;

  std::string folder_;
  MappedArena control_;
};

/// The published state of a series at a commit, taken out of its two places while a writer may be at work.
struct SeriesStateView {
  std::uint64_t commit = 0;  // that wrote it; 0: the series has no samples
  std::int64_t last_t_ms = kNoTime;
  std::uint64_t last_value = 0;
  std::int64_t last_delta = 0;
  std::uint32_t slab = 0;
  std::uint32_t used = 0;
  std::uint32_t late = 0;
  std::uint32_t late_used = 0;
  std::uint32_t metadata = 0;
  std::uint16_t count = 0;
  SlabKind kind = SlabKind::kNone;
  std::uint8_t leading = 0;
  std::uint8_t trailing = 0;
};
inline constexpr std::uint8_t kNoWindow = 0xFF;  // of SeriesStateView::leading

// SeriesState::stamp: commit << 16 | kind << 14 | leading << 6 | trailing; leading is 0..31, or 63 for "no window".
[[nodiscard]] inline std::uint64_t make_stamp(std::uint64_t commit, SlabKind kind, std::uint8_t leading,
                                              std::uint8_t trailing) noexcept {
  const std::uint64_t window = leading == kNoWindow ? 63U : leading;
  return (commit << 16U) | (static_cast<std::uint64_t>(kind) << 14U) | (window << 6U) | trailing;
}

/// Whether a series has left the log: its ref must not be used any more, and its label set, when it comes back, is a
/// new series: one that has no sample since the last cut and was not touched since it. (One that a server took out has
/// left as well: SlabKind::kDropped.)
[[nodiscard]] inline bool is_retired_series(const HeadCommit& commit, std::uint64_t ref, std::int64_t last_t_ms,
                                            std::uint64_t state_commit) noexcept {
  return ref == 0 || (last_t_ms < commit.retired_t_ms && state_commit <= commit.retired_commit);
}

/// Reads the series' state as of `commit`; false if it has been written over since (look again at a newer commit).
/// Threads: safe beside a writer of another process.
[[nodiscard]] bool read_state(const SeriesEntry& entry, std::uint64_t commit, SeriesStateView& out) noexcept;

}  // namespace mcore
