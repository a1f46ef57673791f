// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace mcore {

/// Where code that depends on the time of day gets it from; tests hand in their own.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since the Unix epoch. May step back.
  [[nodiscard]] virtual std::int64_t now_ms() const noexcept = 0;
};

/// The clock of the system.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const noexcept override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

/// A clock that shows what it was set to: for tests and for `--now`.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(std::int64_t now_ms) noexcept : now_ms_(now_ms) {}
  [[nodiscard]] std::int64_t now_ms() const noexcept override { return now_ms_; }
  void set_ms(std::int64_t now_ms) noexcept { now_ms_ = now_ms; }

 private:
  std::int64_t now_ms_;
};

}  // namespace mcore
