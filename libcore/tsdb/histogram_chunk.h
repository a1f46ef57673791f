// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/histogram.h"
#include "tsdb/bit_writer.h"
#include "tsdb/chunk_encoding.h"
#include "tsdb/histogram_layout.h"

namespace mcore {

/// Builds one chunk of native histograms: encoding 2 for integer ones, 3 for float ones.
///
/// Shape:    tsdb-format 3.4 and 3.5. A histogram whose sum is the stale marker is written without buckets.
/// Needs:    histograms in which histogram_fault finds nothing, times ascending.
/// Cost:     no allocation but for growth; a sample with buckets that the chunk does not have yet writes the chunk
/// anew.
class HistogramChunkWriter {
 public:
  HistogramChunkWriter() = default;

  /// Appends a sample; the first one decides what the chunk is. False, and nothing appended, when it must open a new
  /// chunk: the kind (integer, float, gauge), schema, zero threshold or custom bounds change; a counter drops or a
  /// bucket that was not empty is gone; the sample says that it follows a reset; it follows a stale marker and is none;
  /// the count is at its limit.
  [[nodiscard]] bool append(std::int64_t t_ms, const Histogram& histogram);
  /// Whether the refusal just given was for a counter reset, which the next chunk should say: clear(kReset).
  [[nodiscard]] bool saw_reset() const noexcept { return saw_reset_; }

  [[nodiscard]] std::uint32_t sample_count() const noexcept { return count_; }
  /// Of the chunk as it is now, in bytes.
  [[nodiscard]] std::size_t size() const noexcept { return (bit_ + 7) / 8; }
  [[nodiscard]] ChunkEncoding encoding() const noexcept {
    return is_float_ ? ChunkEncoding::kFloatHistogram : ChunkEncoding::kHistogram;
  }
  /// The chunk's bytes, until the next append or clear; appending may go on. Requires: a sample.
  [[nodiscard]] std::string_view finish();
  /// Begins another chunk and keeps the memory. `hint` is what is known about a reset between the chunk before and its
  /// first sample; a gauge's chunk says so by itself.
  void clear(CounterResetHint hint = CounterResetHint::kUnknown) noexcept;

 private:
  struct WholeField {
    std::uint64_t value = 0;
    std::uint64_t delta = 0;
  };
  struct FloatField {
    std::uint64_t bits = 0;
    XorWindow window{};
  };
  enum class Fit : std::uint8_t { kNo, kReset, kSameBuckets, kOtherBuckets };

  void open(const Histogram& histogram, bool stale);
  [[nodiscard]] Fit fit(const Histogram& histogram, bool stale) const;
  [[nodiscard]] bool append_other_buckets(std::int64_t t_ms, const Histogram& histogram);
  void rewrite(HistogramLayout layout);
  void write(std::int64_t t_ms, const Histogram& histogram, bool stale);
  void put_whole(BitWriter& out, WholeField& field, std::uint64_t value, bool is_signed) const;
  void put_float(BitWriter& out, FloatField& field, double value) const;
  void put_buckets(BitWriter& out, const std::vector<double>& counts, std::size_t begin);

  std::string bytes_{};  // longer than what is written
  std::size_t bit_ = 0;
  std::uint32_t count_ = 0;
  bool is_float_ = false;
  bool is_gauge_ = false;
  bool is_stale_ = false;  // the sample before was a stale marker
  bool saw_reset_ = false;
  CounterResetHint hint_ = CounterResetHint::kUnknown;
  HistogramLayout layout_{};
  Histogram previous_{};  // counts only
  WholeField t_{};
  WholeField whole_count_{};
  WholeField whole_zero_count_{};
  std::vector<WholeField> whole_{};
  FloatField sum_{};
  FloatField float_count_{};
  FloatField float_zero_count_{};
  std::vector<FloatField> float_{};
};

}  // namespace mcore
