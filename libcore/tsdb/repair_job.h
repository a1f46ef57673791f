// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "tsdb/moved_aside.h"
#include "tsdb/store_repair.h"
#include "tsdb/upkeep.h"

namespace mcore {

/// "1 sample", "2 samples".
[[nodiscard]] inline std::string samples_text(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " sample" : " samples");
}

/// What the parts of a repair work with.
struct RepairJob {
  const std::string& store;
  const Clock& clock;
  const RepairOptions& options;
  std::optional<std::int64_t> newest_t_ms{};  // later samples go
  Upkeep* upkeep = nullptr;                   // null in a dry run
  MovedAside* aside = nullptr;                // likewise
  RepairResult& result;

  void tell(std::string path, std::string text, bool loses) const {
    ++result.actions;
    result.losses += loses ? 1 : 0;
    if (options.on_action) {
      options.on_action({.path = std::move(path), .text = std::move(text), .loses = loses});
    }
  }
};

/// Repairs one block of the store, as repair_store() says. `name` is its folder's.
void repair_block(const RepairJob& job, const std::string& name);
/// Repairs the logs, what a server derives from them, and the head. Blocks are in order.
void repair_logs(const RepairJob& job);

}  // namespace mcore
