// SPDX-License-Identifier: Apache-2.0
#include "ingest/column_queue.h"

#include <utility>

namespace mcore {

ColumnQueue::ColumnQueue(std::function<void(const SampleColumns&)> take) : take_(std::move(take)) {
  for (std::unique_ptr<SampleColumns>& set : sets_) {
    set = std::make_unique<SampleColumns>();
  }
}

ColumnQueue::~ColumnQueue() {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void ColumnQueue::push() {
  std::unique_lock lock(mutex_);
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { work(); });
  }
  ++filling_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return filling_ - taken_ < kSets || failure_ != nullptr; });
  rethrow();
  sets_[filling_ % kSets]->clear();
}

void ColumnQueue::drain() {
  if (!columns().empty()) {
    push();
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return filling_ == taken_ || failure_ != nullptr; });
  rethrow();
}

void ColumnQueue::rethrow() {
  if (failure_ != nullptr) {
    std::rethrow_exception(failure_);
  }
}

void ColumnQueue::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ended_ || taken_ != filling_; });
    if (ended_) {
      return;
    }
    const SampleColumns& columns = *sets_[taken_ % kSets];
    lock.unlock();
    try {
      take_(columns);
    } catch (...) {
      lock.lock();
      failure_ = std::current_exception();
      changed_.notify_all();
      return;
    }
    lock.lock();
    ++taken_;
    changed_.notify_all();
  }
}

}  // namespace mcore
