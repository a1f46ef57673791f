// SPDX-License-Identifier: Apache-2.0
#include "base/shared_queue.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>
#include <utility>

#include "base/error.h"
#include "base/fd.h"

namespace mcore {
namespace {

constexpr std::size_t kFileSize = 4096;

/// A waiter sleeps on the bit of its number, so that a call wakes one of them and not all.
std::uint32_t bit_of(std::uint32_t number) noexcept {
  return 1U << (number % 32U);
}

bool is_reached(std::uint32_t called, std::uint32_t number) noexcept {
  return static_cast<std::int32_t>(called - number) >= 0;
}

void sleep_on(std::atomic<std::uint32_t>& word, std::uint32_t seen, std::uint32_t bits,
              std::chrono::steady_clock::time_point until) noexcept {
  const auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(until.time_since_epoch()).count();
  timespec deadline{.tv_sec = time / 1'000'000'000, .tv_nsec = time % 1'000'000'000};
  ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, seen, &deadline, nullptr, bits);
}

void wake(std::atomic<std::uint32_t>& word, std::uint32_t bits) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_BITSET, INT_MAX, nullptr, nullptr, bits);
}

}  // namespace

SharedQueue::SharedQueue(const std::string& path, const NewFileOwner& owner) noexcept {
  static_assert(sizeof(Shared) <= kFileSize);
  try {
    const Fd file = create_owned_file(path, O_RDWR, owner);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0 || (static_cast<std::size_t>(info.st_size) < kFileSize &&
                                            ::posix_fallocate(file.get(), 0, static_cast<off_t>(kFileSize)) != 0)) {
      return;
    }
    void* const start = ::mmap(nullptr, kFileSize, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    shared_ = start == MAP_FAILED ? nullptr : static_cast<Shared*>(start);
  } catch (const Error&) {
    // then there is no order
  }
}

SharedQueue::SharedQueue(SharedQueue&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}

SharedQueue& SharedQueue::operator=(SharedQueue&& other) noexcept {
  std::swap(shared_, other.shared_);
  return *this;
}

SharedQueue::~SharedQueue() {
  if (shared_ != nullptr) {
    ::munmap(shared_, kFileSize);
  }
}

std::uint32_t SharedQueue::draw() noexcept {
  return shared_ == nullptr ? 0 : shared_->next.fetch_add(1);
}

bool SharedQueue::wait_turn(std::uint32_t number, std::chrono::milliseconds patience) noexcept {
  if (shared_ == nullptr) {
    return true;
  }
  std::uint32_t called = shared_->called.load();
  auto until = std::chrono::steady_clock::now() + patience;
  while (!is_reached(called, number)) {
    sleep_on(shared_->called, called, bit_of(number), until);
    const std::uint32_t now_called = shared_->called.load();
    const auto now = std::chrono::steady_clock::now();
    if (now_called != called) {
      until = now + patience;
    } else if (now >= until) {
      return false;
    }
    called = now_called;
  }
  return true;
}

bool SharedQueue::take_left(std::uint32_t number) noexcept {
  auto& word = shared_->left[number / 32U % shared_->left.size()];
  return (word.fetch_and(~bit_of(number)) & bit_of(number)) != 0;
}

void SharedQueue::call(std::uint32_t from, std::uint32_t number) noexcept {
  while (number != shared_->next.load() && take_left(number)) {
    ++number;
  }
  if (shared_->called.compare_exchange_strong(from, number) && number != shared_->next.load()) {
    wake(shared_->called, bit_of(number));
  }
}

void SharedQueue::leave(std::uint32_t number) noexcept {
  if (shared_ == nullptr) {
    return;
  }
  if (!is_reached(shared_->called.load(), number)) {
    shared_->left[number / 32U % shared_->left.size()].fetch_or(bit_of(number));
    if (shared_->called.load() != number || !take_left(number)) {
      return;  // whoever comes to this number goes on to the next
    }
  }
  if (shared_->called.load() == number) {
    call(number, number + 1);
  }
}

void SharedQueue::pass_over() noexcept {
  if (shared_ != nullptr) {
    const std::uint32_t called = shared_->called.load();
    if (called != shared_->next.load()) {
      call(called, called + 1);
    }
  }
}

std::uint32_t SharedQueue::rings() const noexcept {
  return shared_ == nullptr ? 0 : shared_->rings.load();
}

void SharedQueue::ring() noexcept {
  if (shared_ != nullptr) {
    shared_->rings.fetch_add(1);
    wake(shared_->rings, FUTEX_BITSET_MATCH_ANY);
  }
}

void SharedQueue::wait_ring(std::uint32_t seen, std::chrono::milliseconds most) noexcept {
  const auto until = std::chrono::steady_clock::now() + most;
  if (shared_ == nullptr) {
    const auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(most).count();
    const timespec pause{.tv_sec = time / 1'000'000'000, .tv_nsec = time % 1'000'000'000};
    ::nanosleep(&pause, nullptr);
    return;
  }
  sleep_on(shared_->rings, seen, FUTEX_BITSET_MATCH_ANY, until);
}

}  // namespace mcore
