// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsdb/head_cut.h"
#include "tsdb/head_home.h"

namespace mcore {

/// Takes out of the logs what a cut has moved into blocks: writes a checkpoint of what stays, drops the WAL segments
/// that it replaces and the WBL segments whose samples are in blocks (those that are not are logged again first), and
/// builds a generation of the head without them (spec 4.10, 12; DESIGN section 4, "cut").
///
/// Does nothing if no cut is pending. Requires: the upkeep lock. Killed anywhere it leaves logs that say the same, and
/// the next one goes on. Errors:  throws Error (kBusy: a server has the store; kIo; kCorrupt: repair the log first).
/// Cost:    reads the segments twice; holds the locks for renames and removals only.
/// Returns: whether the logs shrank.
bool shrink_logs(const HeadHome& home, const HeadUpkeepOptions& options);

}  // namespace mcore
