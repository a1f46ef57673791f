// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tsdb/bit_reader.h"

namespace mcore {

/// Decodes one XOR-encoded chunk of float samples into columns.
///
/// Shape:    be16 sample count, then a bit stream; tsdb-format 3.2. Or that stream alone, as xor_append writes it.
/// Units:    timestamps in milliseconds since the Unix epoch, as they were written: the encoding does not sort them.
/// Lifetime: borrows the bytes, which must outlive the reader (as a rule a mapped segment).
/// Errors:   read() returns 0 at the end and on damage; damaged() tells which. Never throws. Samples given before the
///           damage are what the bytes say. Bits behind the last sample are not looked at.
/// Threads:  one reader per thread; any number may share the bytes, and a writer may write bits from `bit_length` on.
/// Cost:     2 to 6 ns a sample, no allocation.
class XorReader {
 public:
  /// A whole chunk.
  explicit XorReader(std::string_view chunk) noexcept;
  /// The first `sample_count` samples of a stream without a header. Requires: `bit_length` bits, rounded up to bytes,
  /// are readable at `stream`.
  XorReader(const char* stream, std::size_t bit_length, std::uint32_t sample_count) noexcept;

  /// Samples promised by the header, 0 to 65535; a damaged chunk yields fewer.
  [[nodiscard]] std::uint32_t sample_count() const noexcept { return sample_count_; }
  /// Fills both columns from the front with the next samples and returns how many.
  /// Requires: t_ms.size() == value.size() > 0.
  [[nodiscard]] std::size_t read(std::span<std::int64_t> t_ms, std::span<double> value) noexcept;
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }
  /// Position behind the last sample that was read, in bits of the stream (a chunk's begins behind its count).
  [[nodiscard]] std::size_t bit() const noexcept { return bit_; }

 private:
  struct Columns;
  void read_first(Columns& out) noexcept;
  void read_second(Columns& out) noexcept;
  std::size_t read_run(const char* bytes, std::size_t bit, std::size_t stop, std::size_t end, Columns& out) noexcept;

  const char* bytes_ = nullptr;
  std::size_t size_ = 0;     // readable bytes
  std::size_t bit_ = 0;      // position in the stream
  std::size_t end_bit_ = 0;  // its length
  std::uint32_t sample_count_ = 0;
  std::uint32_t index_ = 0;  // of the next sample
  std::int64_t t_ms_ = 0;
  std::uint64_t delta_ = 0;
  XorValue value_{};
  bool damaged_ = false;
};

}  // namespace mcore
