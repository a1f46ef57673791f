// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/mapped_arena.h"
#include "tsdb/head_layout.h"

namespace mcore {

/// The probing that all hash tables of the head share.
///
/// Shape: a slot is tag << 32 | value + 1; the tag is the high half of the hash, its top bits are the place where
///        probing starts. So a table can be copied into a larger one from its slots alone.
namespace hash_slots {

[[nodiscard]] inline std::uint32_t tag_of(std::uint64_t hash) noexcept {
  return static_cast<std::uint32_t>(hash >> 32U);
}
[[nodiscard]] inline std::uint64_t slot_of(std::uint64_t hash, std::uint32_t value) noexcept {
  return (hash & 0xFFFF'FFFF'0000'0000U) | (value + std::uint64_t{1});
}

/// The first value with the hash's tag that `is_it` takes.
template <typename IsIt>
[[nodiscard]] std::optional<std::uint32_t> find(std::span<const std::uint64_t> slots, unsigned log2, std::uint64_t hash,
                                                const IsIt& is_it) {
  const std::uint32_t tag = tag_of(hash);
  const std::size_t mask = slots.size() - 1;
  std::size_t at = tag >> (32 - log2);
  for (std::size_t probed = 0; probed < slots.size(); ++probed, at = (at + 1) & mask) {
    const std::uint64_t slot = slots[at];
    if (slot == 0) {
      return std::nullopt;
    }
    if (static_cast<std::uint32_t>(slot >> 32U) == tag) {
      const std::uint32_t value = static_cast<std::uint32_t>(slot) - 1;
      if (is_it(value)) {
        return value;
      }
    }
  }
  return std::nullopt;
}

/// Puts a slot into the first free place; false if there is none.
inline bool insert(std::span<std::uint64_t> slots, unsigned log2, std::uint64_t slot) noexcept {
  const std::size_t mask = slots.size() - 1;
  std::size_t at = static_cast<std::uint32_t>(slot >> 32U) >> (32 - log2);
  for (std::size_t probed = 0; probed < slots.size(); ++probed, at = (at + 1) & mask) {
    if (slots[at] == 0) {
      slots[at] = slot;
      return true;
    }
  }
  return false;
}

}  // namespace hash_slots

/// A hash table in memory that grows by copying: for the building of a head.
class GrowingHashTable {
 public:
  GrowingHashTable() : slots_(std::size_t{1} << log2_) {}

  template <typename IsIt>
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint64_t hash, const IsIt& is_it) const {
    return hash_slots::find(slots_, log2_, hash, is_it);
  }
  void insert(std::uint64_t hash, std::uint32_t value);
  /// Places the table into an arena as the only one of `info`.
  void place(MappedArena& arena, std::uint64_t& arena_end, HashTablesInfo& info) const;

 private:
  unsigned log2_ = 10;
  std::uint32_t used_ = 0;
  std::vector<std::uint64_t> slots_;
};

/// Finds in tables that lie in an arena.
template <typename IsIt>
[[nodiscard]] std::optional<std::uint32_t> find_in_tables(const MappedArena& arena, const HashTablesInfo& info,
                                                          std::uint64_t hash, const IsIt& is_it) {
  for (std::size_t i = info.count; i-- > 0;) {
    const HashTableInfo& table = info.table[i];
    const auto* const slots = reinterpret_cast<const std::uint64_t*>(arena.data() + table.offset);
    const auto found = hash_slots::find({slots, std::size_t{1} << table.slots_log2}, table.slots_log2, hash, is_it);
    if (found.has_value()) {
      return found;
    }
  }
  return std::nullopt;
}

/// Adds to tables that lie in an arena; where the newest is full, a table of twice its size is begun behind
/// `arena_end`. Slots of a commit that never was stay behind: a finder's `is_it` refuses what it does not know.
/// `touched`: the space that was ever handed out; what lies behind it is zero.
/// Errors: throws Error (kIo) when the arena cannot grow; nothing was added then.
void insert_in_tables(MappedArena& arena, std::uint64_t& arena_end, std::uint64_t& touched, HashTablesInfo& info,
                      std::uint64_t hash, std::uint32_t value);

}  // namespace mcore
