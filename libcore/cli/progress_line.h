// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cli/console.h"

namespace mcore {

/// The line on a terminal that shows how far long work is: `mstore: compact: 42%, 3 of 7 blocks`.
///
/// Shape:    overwritten at most five times a second, first after a fifth of a second; gone when the object is. Nothing
///           at all where Console::shows_progress() says no.
/// Lifetime: must not outlive `io`; one at a time.
/// Threads:  one, that of the Console.
/// Cost:     an update that shows nothing reads the clock, or not even that.
class ProgressLine {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;

  /// `work` is a verb, `unit` what is counted: "compact", "blocks".
  ProgressLine(Console& io, std::string_view work, std::string_view unit, Now now = std::chrono::steady_clock::now);
  ~ProgressLine() { io_.clear_progress(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// A total of 0 is not known.
  void update(std::uint64_t done, std::uint64_t total = 0);

 private:
  Console& io_;
  std::string work_;
  std::string unit_;
  Now now_;
  bool is_on_;
  std::chrono::steady_clock::time_point shown_;
};

}  // namespace mcore
