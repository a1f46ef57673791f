// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/querier.h"
#include "tsdb/head_files.h"
#include "tsdb/head_querier.h"
#include "tsdb/store_blocks.h"

namespace mcore {

/// A store, a server's data directory (a running one's too) or a single block, read as of one moment.
///
/// Never writes there and takes no lock; see tsdb/head_access.h for where the head comes from.
///
/// Lifetime: owns its mappings.
/// Errors:   open() throws Error (kIo) if the directory cannot be read, kUsage if it holds no store. Damage is reported
///           with its place and hides nothing else.
/// Threads:  one.
class StoreReader final : public Querier {
 public:
  StoreReader(const std::string& path, DamageReport on_damage);

  [[nodiscard]] std::unique_ptr<SeriesSet> select(std::span<const Selector> selectors, TimeRange range) override;
  [[nodiscard]] std::vector<std::string> label_names(std::span<const Selector> selectors, TimeRange range) override;
  [[nodiscard]] std::vector<std::string> label_values(const std::string& name, std::span<const Selector> selectors,
                                                      TimeRange range) override;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] StoreBlocks& blocks() noexcept { return blocks_; }
  /// Null if the store has no log.
  [[nodiscard]] HeadQuerier* head() noexcept { return head_.has_value() ? &*head_ : nullptr; }
  [[nodiscard]] HeadFiles* head_files() noexcept { return files_.has_value() ? &*files_ : nullptr; }
  /// From the first to the newest sample, as blocks and head record it; nothing if there is none.
  [[nodiscard]] std::optional<TimeRange> time_range() const;

 private:
  template <typename Use>
  void each_block(TimeRange range, bool with_chunks, const Use& use);

  std::string path_;
  DamageReport on_damage_;
  std::optional<HeadFiles> files_;  // opened before the blocks are listed: what moves in between is seen twice
  std::optional<HeadQuerier> head_;
  StoreBlocks blocks_;
};

}  // namespace mcore
