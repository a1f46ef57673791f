// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mcore {

/// What one read_within() found.
struct TimedRead {
  enum class State : std::uint8_t {
    kBytes,    // `size` bytes, at least one
    kNothing,  // none in time, or a signal came
    kEnd       // there will be none any more
  };
  State state = State::kNothing;
  std::size_t size = 0;
  bool waited = false;  // the bytes were not there at once
};

/// Reads what a file, pipe or socket has, at most until `room` is full, and waits at most `patience` for the first byte
/// (negative: for ever).
///
/// Errors: throws Error (kIo) with `name`. Requires: `room` is not empty.
[[nodiscard]] TimedRead read_within(int fd, std::span<char> room, std::chrono::milliseconds patience,
                                    std::string_view name);

}  // namespace mcore
