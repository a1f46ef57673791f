// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_list.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_set>

#include "base/directory.h"
#include "base/error.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

// Blocks vanish when a compaction replaces them; nobody compacts this often while a listing goes on.
constexpr int kMaxListings = 10;

/// Reads the meta.json of each block; nothing if a block went away meanwhile.
std::optional<std::vector<BlockEntry>> read_metas(const std::string& store, std::vector<Error>& damage) {
  std::vector<BlockEntry> blocks;
  for (const DirectoryEntry& entry : list_directory(store)) {
    if (!entry.is_directory || !is_ulid(entry.name)) {
      continue;
    }
    std::string folder = store + "/" + entry.name;
    try {
      BlockMeta meta = read_block_meta(folder);
      blocks.push_back({std::move(folder), std::move(meta)});
    } catch (const Error& error) {
      if (!path_exists(folder)) {
        return std::nullopt;
      }
      damage.push_back(error);
    }
  }
  return blocks;
}

std::vector<BlockEntry> read_stable_metas(const std::string& store, const DamageReport& report) {
  for (int i = 0;; ++i) {
    std::vector<Error> damage;
    std::optional<std::vector<BlockEntry>> blocks = read_metas(store, damage);
    if (blocks) {
      std::ranges::for_each(damage, report);
      return std::move(*blocks);
    }
    if (i == kMaxListings) {
      throw Error(ErrorKind::kIo, "list blocks", store, "blocks come and go faster than they can be read");
    }
  }
}

}  // namespace

BlockListing list_all_blocks(const std::string& store, const DamageReport& report) {
  std::vector<BlockEntry> found = read_stable_metas(store, report);
  std::unordered_set<std::string> parents;
  for (const BlockEntry& block : found) {
    for (const BlockParent& parent : block.meta.parents) {
      parents.insert(parent.ulid);
    }
  }
  BlockListing listing;
  for (BlockEntry& block : found) {
    const bool gone = block.meta.deletable || parents.contains(block.meta.ulid);
    (gone ? listing.superseded : listing.blocks).push_back(std::move(block));
  }
  std::ranges::stable_sort(listing.blocks, {}, [](const BlockEntry& block) { return block.meta.min_t_ms; });
  return listing;
}

std::vector<BlockEntry> list_blocks(const std::string& store, const DamageReport& report) {
  return list_all_blocks(store, report).blocks;
}

std::int64_t min_valid_t_ms(std::span<const BlockEntry> blocks) noexcept {
  std::int64_t min_valid = std::numeric_limits<std::int64_t>::min();
  for (const BlockEntry& block : blocks) {
    if (block.meta.raises_min_valid()) {
      min_valid = std::max(min_valid, block.meta.end_t_ms);
    }
  }
  return min_valid;
}

}  // namespace mcore
