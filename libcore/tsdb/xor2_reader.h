// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tsdb/bit_reader.h"
#include "tsdb/start_times.h"

namespace mcore {

/// Decodes one XOR2-encoded chunk of float samples (servers 3.11 and later) into columns.
///
/// Shape:    be16 sample count, start-timestamp header, bit stream; tsdb-format 3.6.
/// Units:    milliseconds since the Unix epoch.
/// Lifetime: borrows the bytes, which must outlive the reader.
/// Errors:   read() returns 0 at the end and on damage; damaged() tells which. Never throws.
/// Cost:     constant time per sample, no allocation; a few times that of XorReader.
class Xor2Reader {
 public:
  explicit Xor2Reader(std::string_view chunk) noexcept;

  /// Samples promised by the header, 0 to 65535; a damaged chunk yields fewer.
  [[nodiscard]] std::uint32_t sample_count() const noexcept { return sample_count_; }
  /// Fills the columns from the front with the next samples and returns how many. `start_t_ms` may be empty; it gets
  /// the samples' start timestamps, 0 for unknown. Requires: columns that are not empty have the same size.
  [[nodiscard]] std::size_t read(std::span<std::int64_t> t_ms, std::span<double> value,
                                 std::span<std::int64_t> start_t_ms = {}) noexcept;
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }

 private:
  std::uint64_t next_bits() noexcept;
  std::uint64_t value_code() noexcept;
  std::uint64_t joint_code() noexcept;

  BitReader in_;
  StartTimes starts_{};
  std::uint32_t sample_count_ = 0;
  std::uint32_t index_ = 0;
  std::uint64_t t_ = 0;
  std::uint64_t delta_ = 0;
  XorValue value_{};  // the last one that was no stale marker
  bool damaged_ = false;
};

}  // namespace mcore
