// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/directory.h"
#include "base/file_lock.h"
#include "storage/querier.h"
#include "tsdb/block_list.h"
#include "tsdb/block_merge.h"
#include "tsdb/block_meta.h"

namespace mcore {

struct UpkeepOptions {
  /// Where blocks are staged: on the store's file system, under a name that no server cleans up. Empty:
  /// STORE/head/stage.
  std::string stage{};
  std::chrono::milliseconds lock_timeout{10'000};  // for the store's lock
  std::chrono::milliseconds upkeep_timeout{0};     // for another maintainer to come to its end; negative: without end
  DamageReport on_damage{};                        // of blocks that are passed over
};

/// What may change in a block that stands: its meta.json and tombstones, as bytes.
struct BlockStamp {
  std::string meta{};
  std::string tombstones{};
  [[nodiscard]] bool operator==(const BlockStamp&) const = default;
};
/// Throws Error (kIo) if the block is gone.
[[nodiscard]] BlockStamp stamp_of_block(const std::string& folder);

/// The store's lock, and before it the turnstile that keeps our writers in order.
struct StoreLock {
  FileLock turnstile;
  FileLock store;
};

/// How putting a merged block in the place of its inputs ended.
enum class ReplaceEnd : std::uint8_t {
  kReplaced,
  kRemoved,    // nothing was left of the inputs: they are gone
  kKept,       // likewise, but one of them says up to where a server takes no samples from the log: they stand
  kChanged,    // an input is gone or was changed meanwhile: nothing was done
  kCancelled,  // nothing was done
};
struct Replacement {
  ReplaceEnd end = ReplaceEnd::kCancelled;
  BlockMeta meta{};  // of the new block
};

/// The right to change a store's blocks, which one process at a time has, and the ways to do so that leave the store
/// whole wherever they are cut off (DESIGN section 4, "maintenance").
///
/// Needs:    a store: is_store().
/// Shape:    lock STORE/head/upkeep, held as long as this lives; STORE/lock only for a look and a few renames.
/// Errors:   throws Error: kBusy with the holder's name if another maintainer is at work (constructor), or a server or
///           another writer does not let go of the store; kIo.
/// Threads:  one.
class Upkeep {
 public:
  /// Takes the lock and removes what killed maintainers left in the stage, and blocks half removed.
  explicit Upkeep(std::string store, UpkeepOptions options = {});

  [[nodiscard]] const std::string& store() const noexcept { return store_; }
  [[nodiscard]] const NewFileOwner& owner() const noexcept { return owner_; }
  /// A path in the stage for a new block or file; the folder above it is there.
  [[nodiscard]] std::string stage(const std::string& name) const { return options_.stage + "/" + name; }
  [[nodiscard]] StoreLock lock_store() const;
  /// What is wrong with a block that is passed over; each message once.
  void report(const Error& error);
  /// The store's blocks by start, then name; without those whose folder is called otherwise than they themselves.
  [[nodiscard]] std::vector<BlockEntry> blocks();

  /// Removes blocks that others have replaced, if the replacement can be opened, and what killed servers left half
  /// written. Does nothing if the lock is not to be had.
  void remove_superseded();
  /// Merges blocks and puts the result in their place. Options of the writer other than its segments are set here.
  /// Errors: as merge_blocks().
  Replacement merge(std::span<const BlockEntry> inputs, std::int64_t now_ms, BlockMergeOptions options);
  /// Puts a finished block, staged under its ULID, in the place of others. False if one of those is not as `stamps`
  /// say.
  [[nodiscard]] bool replace(std::span<const BlockEntry> old, std::span<const BlockStamp> stamps,
                             const std::string& ulid);
  /// Removes blocks; one that is gone already counts as removed. With stamps: false, and nothing done, if one of the
  /// blocks is not as they say.
  bool remove(std::span<const BlockEntry> blocks, std::span<const BlockStamp> stamps = {});
  /// Puts new tombstones into a block. False if it is not as `stamp` says.
  [[nodiscard]] bool set_tombstones(const BlockEntry& block, const BlockStamp& stamp, const Tombstones& tombstones);
  /// Marks a block so that nobody tries to compact it again (tsdb-format 2.1, `compaction.failed`).
  void mark_failed(const BlockEntry& block);

 private:
  void remove_leftovers() const;
  [[nodiscard]] bool stand(std::span<const BlockEntry> blocks, std::span<const BlockStamp> stamps) const;
  [[nodiscard]] bool is_replaced(const BlockEntry& old, const BlockListing& listing);
  [[nodiscard]] bool holds_min_valid(std::span<const BlockEntry> removed);
  [[nodiscard]] std::vector<std::string> put_aside(std::span<const BlockEntry> blocks) const;
  void touch() const;

  std::string store_;
  NewFileOwner owner_;
  UpkeepOptions options_;
  FileLock upkeep_;
  std::vector<std::string> reported_{};
};

}  // namespace mcore
