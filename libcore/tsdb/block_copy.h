// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/directory.h"
#include "tsdb/block_meta.h"

namespace mcore {

/// What became of a block's parts in its copy.
struct BlockCopy {
  bool has_index = false;        // else nobody knows what the chunks are of
  bool lost_tombstones = false;  // what was deleted is seen again
};

/// Makes a copy of a damaged block, of links as far as can be, in which an ordinary reader gets at whatever has a right
/// checksum: an index that cannot be opened is salvaged, segments get the header they should have, and a segment that
/// is missing before others is stood in for by an empty one, so that references still mean what they meant. `meta` is
/// what the copy says of itself.
///
/// Lifetime: `to` is the caller's to remove.
/// Errors:   throws Error (kIo).
[[nodiscard]] BlockCopy copy_for_salvage(const std::string& folder, const BlockMeta& meta, bool segments_by_number,
                                         const std::string& to, const NewFileOwner& owner);

}  // namespace mcore
