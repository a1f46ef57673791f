// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "tsdb/head_layout.h"

namespace mcore {

/// Hands a store whose upkeep is due to a process of its own, `mstore compact --auto`, as `git gc --auto` does: what
/// was stored is acknowledged by then, and nobody waits for it. One that was started less than half a minute ago is
/// left to its work.
void start_upkeep_if_due(const std::string& store, const HeadCommit& commit, std::int64_t now_ms);

}  // namespace mcore
