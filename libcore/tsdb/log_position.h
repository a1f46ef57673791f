// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

namespace mcore {

/// A place in a log (WAL or WBL): a byte of one segment. Positions compare in the order in which the log is read.
struct LogPosition {
  std::int64_t segment = -1;  // -1: before the first segment
  std::uint64_t offset = 0;
  [[nodiscard]] auto operator<=>(const LogPosition&) const = default;
};

}  // namespace mcore
