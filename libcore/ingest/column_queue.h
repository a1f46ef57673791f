// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "ingest/sample_columns.h"

namespace mcore {

/// Hands filled columns to a thread of its own, which calls `take` with one set after the other in their order.
///
/// Errors:  what `take` throws comes out of the next push() or drain().
/// Threads: one that pushes. The thread starts with the first push(); it waits for the columns of a drain() at most.
/// Cost:    four sets of columns; a handing over about every 8,000 samples.
class ColumnQueue {
 public:
  explicit ColumnQueue(std::function<void(const SampleColumns&)> take);
  /// Drops what was not taken yet.
  ~ColumnQueue();
  ColumnQueue(const ColumnQueue&) = delete;
  ColumnQueue& operator=(const ColumnQueue&) = delete;

  /// The columns to be filled; others after each push().
  [[nodiscard]] SampleColumns& columns() noexcept { return *sets_[filling_ % kSets]; }
  void push();
  /// Waits until all that was pushed is taken.
  void drain();

 private:
  static constexpr std::size_t kSets = 4;
  void work();
  void rethrow();

  std::function<void(const SampleColumns&)> take_;
  std::array<std::unique_ptr<SampleColumns>, kSets> sets_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t filling_ = 0;  // sets before it are pushed
  std::size_t taken_ = 0;    // sets before it are taken
  bool ended_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace mcore
