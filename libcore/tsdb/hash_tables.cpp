// SPDX-License-Identifier: Apache-2.0
#include "tsdb/hash_tables.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace mcore {
namespace {

constexpr unsigned kFirstLog2 = 10;

/// Full enough that probing gets slow.
bool is_full(std::uint32_t used, unsigned log2) noexcept {
  return std::uint64_t{used} * 8 >= (std::uint64_t{1} << log2) * 5;
}

void begin_table(MappedArena& arena, std::uint64_t& arena_end, std::uint64_t& touched, HashTablesInfo& info) {
  if (info.count == HashTablesInfo::kMost) {
    throw Error(ErrorKind::kLimit, "grow head", "tables", "too many series");
  }
  const unsigned log2 = info.count == 0 ? kFirstLog2 : info.table[info.count - 1].slots_log2 + 1;
  const std::uint64_t size = sizeof(std::uint64_t) << log2;
  arena.reserve(arena_end + size);
  if (touched > arena_end) {  // a killed writer was here
    std::memset(arena.data() + arena_end, 0, std::min(size, touched - arena_end));
  }
  touched = std::max(touched, arena_end + size);
  info.table[info.count++] = {.offset = arena_end, .slots_log2 = log2, .used = 0};
  arena_end += size;
}

}  // namespace

void GrowingHashTable::insert(std::uint64_t hash, std::uint32_t value) {
  if (is_full(used_, log2_)) {
    std::vector<std::uint64_t> larger(slots_.size() * 2);
    for (const std::uint64_t slot : slots_) {
      if (slot != 0) {
        (void)hash_slots::insert(larger, log2_ + 1, slot);
      }
    }
    slots_ = std::move(larger);
    ++log2_;
  }
  (void)hash_slots::insert(slots_, log2_, hash_slots::slot_of(hash, value));
  ++used_;
}

void GrowingHashTable::place(MappedArena& arena, std::uint64_t& arena_end, HashTablesInfo& info) const {
  const std::uint64_t size = slots_.size() * sizeof(std::uint64_t);
  arena.reserve(arena_end + size);
  std::memcpy(arena.data() + arena_end, slots_.data(), size);
  info.count = 1;
  info.table[0] = {.offset = arena_end, .slots_log2 = log2_, .used = used_};
  arena_end += size;
}

void insert_in_tables(MappedArena& arena, std::uint64_t& arena_end, std::uint64_t& touched, HashTablesInfo& info,
                      std::uint64_t hash, std::uint32_t value) {
  const std::uint64_t slot = hash_slots::slot_of(hash, value);
  for (;;) {
    if (info.count != 0) {
      HashTableInfo& table = info.table[info.count - 1];
      auto* const slots = reinterpret_cast<std::uint64_t*>(arena.data() + table.offset);
      if (!is_full(table.used, table.slots_log2) &&
          hash_slots::insert({slots, std::size_t{1} << table.slots_log2}, table.slots_log2, slot)) {
        ++table.used;
        return;
      }
    }
    begin_table(arena, arena_end, touched, info);
  }
}

}  // namespace mcore
