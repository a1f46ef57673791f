// SPDX-License-Identifier: Apache-2.0
// compact_store DIR [NAME FROM_MS TO_MS]: compacts the blocks of a store, or deletes a metric's samples of a closed
// range from them. For scripts/check-compaction.
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "tsdb/compactor.h"
#include "tsdb/deletion.h"

namespace mcore {
namespace {

void compact(Upkeep& upkeep, const Clock& clock) {
  for (const CompactionResult& one : Compactor(upkeep, clock).run().done) {
    fmt::print("{}: {} blocks to {}\n", compaction_reason_text(one.reason), one.inputs.size(),
               one.output ? one.output->ulid : "nothing");
  }
}

void remove(Upkeep& upkeep, const Clock& clock, const std::string& name, TimeRange range) {
  const DeletionRule rule{{{Matcher::make(MatchType::kEqual, "__name__", name).value_or_throw()}}, range};
  for (const BlockDeletion& one : delete_from_blocks(upkeep, clock, {&rule, 1}).blocks) {
    fmt::print("{}: from {} series\n", one.block.ulid, one.series);
  }
}

int run(int argc, char** argv) {
  try {
    const SystemClock clock;
    UpkeepOptions options;
    options.lock_timeout = std::chrono::seconds(1);
    options.on_damage = [](const Error& error) { fmt::print("{}\n", error.what()); };
    Upkeep upkeep(argv[1], options);
    if (argc == 5) {
      remove(upkeep, clock, argv[2], {std::stoll(argv[3]), std::stoll(argv[4])});
    } else {
      compact(upkeep, clock);
    }
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "compact_store: {}\n", error.what());
    return 3;
  }
}

}  // namespace
}  // namespace mcore

int main(int argc, char** argv) {
  return argc == 2 || argc == 5 ? mcore::run(argc, argv) : 2;
}
