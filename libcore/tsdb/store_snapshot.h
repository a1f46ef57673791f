// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "storage/querier.h"

namespace mcore {

struct SnapshotOptions {
  bool link = true;  // false: copy blocks, too
  DamageReport on_damage{};
  std::function<void(std::uint64_t bytes)> on_progress{};  // so many were copied so far
  std::function<bool()> is_cancelled{};
};

struct SnapshotResult {
  bool cancelled = false;  // then nothing is left at the destination
  std::uint64_t blocks = 0;
  std::uint64_t linked = 0;  // files
  std::uint64_t copied = 0;  // files
  std::uint64_t copied_bytes = 0;
};

/// Makes a copy of a store as it is at one moment, while others go on writing, cutting and compacting: blocks as hard
/// links where the file system has those, the logs as copies up to one commit of the head (in a server's directory, up
/// to their last whole record). No head: whoever opens the copy builds its own.
///
/// Shape:    what another process can see is either nothing or the whole snapshot. `to` is missing or an empty folder.
///           Blocks that others have replaced, what a server derives (head chunks, memory snapshots) and leftovers stay
///           away.
/// Errors:   throws Error: kUsage where `store` is none or `to` is taken, kIo; kBusy if blocks come and go faster than
/// they
///           can be linked. A block without a usable meta.json is reported and left out.
/// Cost:     a few system calls a block; the logs are copied.
SnapshotResult take_snapshot(const std::string& store, const std::string& to, const SnapshotOptions& options);

}  // namespace mcore
