// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/querier.h"
#include "tsdb/block_list.h"
#include "tsdb/block_reader.h"

namespace mcore {

/// The blocks of a store as one process knows them: listed again only when the folder has changed.
///
/// Errors:  throws Error (kIo) where the folder cannot be listed; a block that cannot be used is reported and left out.
/// Threads: one.
/// Cost:    refresh() without a change is one stat; blocks are opened at first use.
class StoreBlocks {
 public:
  StoreBlocks(std::string store, DamageReport report);

  /// Makes one block all there is, wherever it lies.
  void set_single(const std::string& folder);
  /// Looks whether blocks came or went; says whether they did.
  bool refresh();
  /// Opens the blocks that have samples in a range, so that one which a compaction replaces from now on stays whole;
  /// lists them anew where that has happened already. Readers handed out before live on. Damage shows in their use, not
  /// here.
  void open(TimeRange range, bool with_chunks);
  /// Time from which in-order samples of the log count (tsdb-format 1.3, step 7).
  [[nodiscard]] std::int64_t min_valid_t_ms() const noexcept { return min_valid_t_ms_; }
  [[nodiscard]] const std::vector<BlockEntry>& entries() const noexcept { return entries_; }
  [[nodiscard]] BlockReader& reader(std::size_t i);
  /// Replaces `out` with the sample that a series has at that time in any block; says whether there is one.
  bool sample_at(LabelsView labels, std::int64_t t_ms, SeriesSamples& out);

 private:
  [[nodiscard]] bool try_open(TimeRange range, bool with_chunks);

  std::string store_;
  DamageReport report_;
  std::vector<BlockEntry> entries_;
  std::vector<std::unique_ptr<BlockReader>> readers_;
  std::vector<std::unique_ptr<BlockReader>> replaced_;  // by open()
  std::int64_t min_valid_t_ms_;
  std::int64_t changed_ns_ = -1;  // when the folder last changed, as of the listing; -1: too recent to rely on
};

}  // namespace mcore
