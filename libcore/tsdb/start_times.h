// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tsdb/bit_reader.h"

namespace mcore {

/// Decodes the start timestamps that encodings 4 to 6 add to samples.
///
/// Shape: a header byte (bit 7: the first sample has one; bits 6..0: the first later sample that stores one again, 0
/// for
///        none) and a field behind each sample concerned; tsdb-format 3.6, "ST field".
/// Units: milliseconds since the Unix epoch; 0 is unknown.
class StartTimes {
 public:
  StartTimes() = default;
  explicit StartTimes(std::uint8_t header) noexcept
      : first_has_one_((header & 0x80U) != 0), again_from_(header & 0x7FU) {}

  /// Reads the field of sample `index` at `t_ms` and returns its start. Call for each sample in order.
  std::int64_t next(BitReader& in, std::uint32_t index, std::int64_t t_ms) noexcept {
    const auto t = static_cast<std::uint64_t>(t_ms);
    if (index == 0) {
      if (first_has_one_) {
        start_ = t - static_cast<std::uint64_t>(in.varint());
      }
    } else if (again_from_ != 0 && index >= again_from_) {
      difference_ += static_cast<std::uint64_t>(in.varbit_int());
      start_ = previous_t_ - difference_;
    }
    previous_t_ = t;
    return static_cast<std::int64_t>(start_);
  }

 private:
  bool first_has_one_ = false;
  std::uint32_t again_from_ = 0;
  std::uint64_t start_ = 0;
  std::uint64_t previous_t_ = 0;
  std::uint64_t difference_ = 0;  // of the previous sample's time and the start last stored
};

}  // namespace mcore
