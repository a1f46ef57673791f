// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tsdb/log_records.h"

namespace mcore {

/// One float sample of a log. Values are copied bit by bit, never computed with.
struct LogSample {
  std::uint64_t ref;
  std::int64_t t_ms;
  double value;
};

/// Decodes records of float samples (types 2 and 11) whole, one after the other into the same memory.
///
/// Lifetime: samples() lives until the next decode().
/// Cost:     about 3 ns a sample; no allocation once the memory is as large as the largest record.
class SampleRecordDecoder {
 public:
  /// False if the body does not decode exactly; samples() then holds what stands before the damage.
  /// Requires: type is kSamples or kSamplesV2.
  [[nodiscard]] bool decode(LogRecordType type, std::string_view body);
  [[nodiscard]] std::span<const LogSample> samples() const noexcept { return {samples_.get(), count_}; }
  /// The start time of each sample, 0 for one without; empty for a type without start times.
  [[nodiscard]] std::span<const std::int64_t> start_t_ms() const noexcept { return start_t_ms_; }

 private:
  [[nodiscard]] bool decode_v1(std::string_view body);
  [[nodiscard]] bool decode_v2(std::string_view body);
  void reserve(std::size_t count);

  std::unique_ptr<LogSample[]> samples_;  // not a vector: what is written over need not be zeroed first
  std::size_t capacity_ = 0;
  std::size_t count_ = 0;
  std::vector<std::int64_t> start_t_ms_;
};

/// Builds one record of float samples (type 2).
class SampleRecordWriter {
 public:
  void clear() noexcept { record_.clear(); }
  void add(std::uint64_t ref, std::int64_t t_ms, double value);
  [[nodiscard]] bool empty() const noexcept { return record_.empty(); }
  /// The whole record; empty before the first sample.
  [[nodiscard]] const std::string& record() const noexcept { return record_; }

 private:
  std::string record_;
  std::uint64_t first_ref_ = 0;
  std::int64_t first_t_ms_ = 0;
};

}  // namespace mcore
