// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/directory.h"

namespace mcore {

/// An order among processes that want the same lock, and a bell that they ring for each other, in a small shared file.
///
/// A flock goes to whoever asks first once it is free, and that is as a rule the process that has just let it go: it
/// runs, while the others have to be woken. Here each draws a number and asks for the lock when it is called. This is
/// advice: the lock alone keeps others out, and one who dies in the queue costs those behind it a moment.
///
/// Lifetime: move-only. Without its file (a full disk, no right to write) nobody waits for anybody.
/// Errors:   none.
/// Threads:  any number, of any number of processes.
/// Cost:     no system call where nobody waits.
class SharedQueue {
 public:
  SharedQueue() noexcept = default;
  SharedQueue(const std::string& path, const NewFileOwner& owner) noexcept;
  SharedQueue(SharedQueue&& other) noexcept;
  SharedQueue& operator=(SharedQueue&& other) noexcept;
  SharedQueue(const SharedQueue&) = delete;
  SharedQueue& operator=(const SharedQueue&) = delete;
  ~SharedQueue();

  [[nodiscard]] std::uint32_t draw() noexcept;
  /// Waits for the number to be called; false if for `patience` nobody was.
  [[nodiscard]] bool wait_turn(std::uint32_t number, std::chrono::milliseconds patience) noexcept;
  /// Calls the next, whether the number had been called, or gave up, or took the lock out of its turn.
  void leave(std::uint32_t number) noexcept;
  /// Passes over the one that was called and does not answer.
  void pass_over() noexcept;

  /// How often the bell was rung.
  [[nodiscard]] std::uint32_t rings() const noexcept;
  void ring() noexcept;
  /// Waits until the bell has been rung more often than `seen`, or the time is over.
  void wait_ring(std::uint32_t seen, std::chrono::milliseconds most) noexcept;

 private:
  struct Shared {
    std::atomic<std::uint32_t> next;    // number to be drawn
    std::atomic<std::uint32_t> called;  // number whose turn it is; those below had theirs
    std::atomic<std::uint32_t> rings;
    std::array<std::atomic<std::uint32_t>, 64> left;  // a bit for each number, modulo, that left before it was called
  };

  [[nodiscard]] bool take_left(std::uint32_t number) noexcept;
  void call(std::uint32_t from, std::uint32_t number) noexcept;

  Shared* shared_ = nullptr;
};

}  // namespace mcore
