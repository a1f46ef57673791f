// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"

namespace mcore {

/// One thing that repair has done, or would do.
struct RepairAction {
  std::string path{};  // of what was not in order
  std::string text{};  // "written anew as 01...: 3 of 480 samples are lost"
  bool loses = false;  // something of it could not be saved
};

struct RepairOptions {
  std::chrono::milliseconds lock_timeout{10'000};
  bool dry_run = false;                                  // only say what would be done
  std::optional<std::chrono::milliseconds> max_ahead{};  // samples further ahead of the clock go as well
  std::function<void(const RepairAction&)> on_action{};
  std::function<void(const std::string& what)> on_step{};  // told what is being looked at
};

struct RepairResult {
  std::uint64_t actions = 0;
  std::uint64_t losses = 0;   // actions that lose something
  std::string moved_aside{};  // where what was taken out of the store lies; empty if there is nothing
};

/// Puts a damaged store in order: what is intact is saved into new blocks and logs, nothing is deleted. What is
/// replaced is moved aside whole, into a folder that is a store itself, with what is intact and what is not.
///
/// Blocks:   a damaged one is written anew from what can be read of it: chunks by their checksums even where a
/// segment's
///           header is lost, series where symbols, table or contents of the index are. One whose strings cannot be had
///           is only moved aside, as is one that holds nothing. A block without meta.json gets one that takes no sample
///           of the log for its own. Where tombstones are damaged, what they hid is seen again. A block with encodings
///           of a later version is left alone. A mark that compaction has failed goes: it may try again.
/// Logs:     the records before and behind the damage become a checkpoint that takes the place of the WAL by one
/// rename,
///           and new segments of the WBL. What the damaged records held and our head, or a server's head chunks, still
///           have, is appended once more. Entries of series that nobody knows go: their numbers would be given to
///           others. A log that only ends in a torn record is left to the next writer.
/// Head:     one that does not say what the logs do is built anew.
///
/// Killed anywhere it leaves the old or the new, whole; doing it again does the rest. Done on a store in order it does
/// nothing.
/// Errors:   throws Error: kBusy if a server or another maintainer has the store, kIo, kUsage where no store is.
/// Cost:     reads everything once, as verify_store(); keeps our writers waiting while a damaged log is written anew.
RepairResult repair_store(const std::string& store, const Clock& clock, const RepairOptions& options);

}  // namespace mcore
