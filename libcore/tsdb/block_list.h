// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/querier.h"
#include "tsdb/block_meta.h"

namespace mcore {

/// A block of a store, as its name and meta.json describe it.
struct BlockEntry {
  std::string folder;  // with the store's path before it
  BlockMeta meta;
};

/// The blocks of a store as a server would load them, by start, then name.
///
/// Shape:  folders whose whole name is a ULID. A block that says it is to be deleted, and one that another lists as its
///         parent, is left out, whether or not it was removed already (tsdb-format 1.3, step 6, and 1.4).
/// Errors: throws Error (kIo) if the folder cannot be listed. A block without a usable meta.json is reported and left
///         out; one that vanishes while it is looked at was replaced by another: the folder is listed again.
[[nodiscard]] std::vector<BlockEntry> list_blocks(const std::string& store, const DamageReport& report);

/// As list_blocks(), with the blocks apart that it leaves out: what a server would remove at its next look.
struct BlockListing {
  std::vector<BlockEntry> blocks{};
  std::vector<BlockEntry> superseded{};
};
[[nodiscard]] BlockListing list_all_blocks(const std::string& store, const DamageReport& report);

/// The time from which on a starting server takes in-order samples from the log: the end of the last block without a
/// hint. With no such block the earliest time there is.
[[nodiscard]] std::int64_t min_valid_t_ms(std::span<const BlockEntry> blocks) noexcept;

}  // namespace mcore
