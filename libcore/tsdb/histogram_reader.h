// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/histogram.h"
#include "tsdb/bit_reader.h"
#include "tsdb/chunk_encoding.h"
#include "tsdb/histogram_layout.h"
#include "tsdb/start_times.h"

namespace mcore {

/// Decodes one chunk of native histograms: encodings 2, 3, 5 and 6.
///
/// Shape:    sample count and flags, layout, bit stream; tsdb-format 3.4, 3.5, 3.7. A stale marker is a histogram
/// without
///           buckets whose sum is the marker. The first sample's hint is kUnknown, those of later ones kNotReset, all
///           of a gauge chunk kGauge: what the header says about the chunk before is for the writer of that chunk only.
///           Schemas above 8 are reduced to 8.
/// Units:    milliseconds since the Unix epoch.
/// Lifetime: borrows the bytes.
/// Errors:   next() is false at the end and on damage; damaged() tells which. A chunk whose samples would take more
/// than
///           256 MiB counts as damaged.
class HistogramChunkReader {
 public:
  /// Requires: one of the four encodings.
  HistogramChunkReader(ChunkEncoding encoding, std::string_view chunk);

  [[nodiscard]] std::uint32_t sample_count() const noexcept { return sample_count_; }
  /// What the header says about a reset between the chunk before and this one.
  [[nodiscard]] CounterResetHint header_hint() const noexcept { return header_hint_; }
  /// Replaces `t_ms` and `out` by the next sample. Memory that `out` has is used again.
  [[nodiscard]] bool next(std::int64_t& t_ms, Histogram& out);
  /// Start timestamp of the sample given last, 0 for unknown.
  [[nodiscard]] std::int64_t start_t_ms() const noexcept { return start_t_ms_; }
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }

 private:
  struct Counter {
    std::uint64_t value = 0;
    std::uint64_t delta = 0;
    std::uint64_t next(BitReader& in) noexcept {
      delta += static_cast<std::uint64_t>(in.varbit_int());
      return value += delta;
    }
  };

  void read_header(bool has_starts) noexcept;
  bool prepare_first();
  void read_whole_counts(bool first, Histogram& out);
  void read_float_counts(bool first, Histogram& out);
  void fill(bool first, Histogram& out);
  void fill_whole_buckets(bool first, std::size_t begin, std::vector<double>& counts);
  void fill_float_buckets(bool first, std::size_t begin, std::vector<double>& counts);

  BitReader in_;
  bool is_float_;
  CounterResetHint header_hint_ = CounterResetHint::kUnknown;
  std::uint32_t sample_count_ = 0;
  std::uint32_t index_ = 0;
  bool damaged_ = false;
  StartTimes starts_{};
  std::int64_t start_t_ms_ = 0;
  HistogramLayout layout_{};
  std::size_t positive_buckets_ = 0;
  Counter t_{};
  Counter count_{};
  Counter zero_count_{};
  std::vector<Counter> whole_{};  // positive buckets, then negative ones
  XorValue sum_{};
  XorValue float_count_{};
  XorValue float_zero_count_{};
  std::vector<XorValue> float_{};
};

}  // namespace mcore
