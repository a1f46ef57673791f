// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace mcore {

/// Owns one file descriptor and closes it.
///
/// Lifetime: move-only, empty (-1) when moved from. Closing in the destructor ignores errors: what must not be lost
///           is synced before.
class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int number) noexcept : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }

 private:
  int number_ = -1;
};

}  // namespace mcore
