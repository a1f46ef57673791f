// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file_lock.h"
#include "model/sample_batch.h"
#include "storage/querier.h"
#include "tsdb/append_batch.h"
#include "tsdb/head_home.h"
#include "tsdb/log_flush.h"
#include "tsdb/store_blocks.h"

namespace mcore {

struct StoreWriterOptions {
  std::chrono::milliseconds lock_timeout{10'000};
  std::chrono::milliseconds max_ahead{600'000};            // of the clock
  std::optional<std::chrono::milliseconds> ooo_window;     // late samples older than that before the newest are refused
  bool sync = true;                                        // flush before an append counts as done
  bool dry_run = false;                                    // find out what would become of a batch, and store nothing
  std::function<void(const std::string& what)> on_wait{};  // told when an append waits for more than a second, for what
  std::function<bool()> is_cancelled{};                    // ends a wait for the store's lock, with kBusy
  DamageReport on_damage{};                                // of blocks; damage of the log stops a writer
};

/// Whether a folder is a store, ours or a server's: it has a log, a block, or our head.
[[nodiscard]] bool is_store(const std::string& folder);

/// Appends to a store, beside other processes that do the same (DESIGN section 4, "append").
///
/// Lifetime: keeps the head mapped between appends; holds no lock between them.
/// Errors:   throws Error: kIo (a full disk, a failed flush: nothing of the batch counts then), kBusy (a lock was not
/// had
///           in time; the message names the holder), kCorrupt (a damaged log: repair it first).
/// Threads:  one; any number of processes.
/// Cost:     O(batch), however much the store holds; a late sample costs a look into the blocks at its time.
class StoreWriter {
 public:
  /// Makes the store where nothing, or an empty folder, is; any other folder that is no store is refused (kUsage).
  StoreWriter(const std::string& store, const Clock& clock, StoreWriterOptions options);

  /// Stores a batch as one commit. When it returns, the batch is on the disk and every reader sees it.
  AppendOutcome append(const SampleBatch& batch);

  /// The time of the oldest sample that the log alone holds, or an earlier one: a block without a hint that ends behind
  /// it would make a starting server drop it (tsdb-format 6.9). Nothing if there is none.
  /// Cost: a look at each series.
  [[nodiscard]] std::optional<std::int64_t> oldest_only_in_log();
  /// Calls `put`, which renames finished blocks into the store, with all locks held. What the log alone holds before
  /// `end_t_ms`, where the last of them ends, is logged once more before, as late samples.
  void put_blocks(std::int64_t end_t_ms, const std::function<void()>& put);

  [[nodiscard]] const HeadHome& home() const noexcept { return home_; }
  /// What the head held after the last append.
  [[nodiscard]] const HeadCommit& last_commit() const noexcept { return last_commit_; }

 private:
  /// What one attempt came to.
  enum class Step : std::uint8_t { kDone, kSeriesLogged, kAgain };
  Step try_append(const SampleBatch& batch, AppendOutcome& outcome);
  [[nodiscard]] FlushOutcome flush();
  void tell_wait(const std::string& lock) const;
  void prepare_head();
  [[nodiscard]] bool secure_before(std::int64_t end_t_ms);
  /// The writer's lock, and its number in the queue: the next is called once the lock is free.
  class WriterLock {
   public:
    explicit WriterLock(std::shared_ptr<SharedQueue> queue) noexcept
        : queue_(std::move(queue)), number_(queue_->draw()) {}
    ~WriterLock() {
      lock.unlock();
      queue_->leave(number_);
    }
    WriterLock(const WriterLock&) = delete;
    WriterLock& operator=(const WriterLock&) = delete;
    [[nodiscard]] SharedQueue& queue() const noexcept { return *queue_; }
    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
    FileLock lock{};

   private:
    std::shared_ptr<SharedQueue> queue_;
    std::uint32_t number_;
  };
  void lock_writer(WriterLock& writer) const;
  [[nodiscard]] bool has_head_vanished(const Error& error) const;
  [[nodiscard]] FileLock lock_store() const;
  [[nodiscard]] bool commit(HeadWriter& head, const AppendBatch& batch);

  std::string store_;
  const Clock& clock_;
  StoreWriterOptions options_;
  HeadHome home_;
  StoreBlocks blocks_;
  std::optional<HeadFiles> files_;
  HeadCommit last_commit_{};
};

}  // namespace mcore
