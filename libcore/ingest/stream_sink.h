// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/family_table.h"
#include "model/labels.h"
#include "model/sample_batch.h"

namespace mcore {

/// Something in a stream that cannot be read and was left out.
/// Units: line and column count from 1, 0 in binary formats; `offset` counts bytes of the stream, decompressed.
struct StreamFault {
  std::uint64_t line = 0;
  std::size_t column = 0;
  std::uint64_t offset = 0;
  std::string reason;

  /// "3:17: reason", "3: reason" or "byte 42: reason".
  [[nodiscard]] std::string text() const;
};
using StreamFaultReport = std::function<void(const StreamFault&)>;

/// How much a batch takes before it is full: samples, and the bytes of their label sets.
struct BatchLimit {
  std::size_t samples = 10'000;
  std::size_t label_bytes = 64 << 20;
};

/// Where decoders put what they read: the batch at hand, the stream's families, its faults and the place in it.
///
/// Lifetime: the batch must stay until the next start_batch().
class StreamSink {
 public:
  StreamSink(BatchLimit limit, StreamFaultReport report) : limit_(limit), report_(std::move(report)) {}

  void start_batch(SampleBatch& batch);
  [[nodiscard]] bool is_full() const noexcept {
    return batch_->samples().size() >= limit_.samples || label_bytes_ >= limit_.label_bytes;
  }
  [[nodiscard]] SampleBatch& batch() noexcept { return *batch_; }
  [[nodiscard]] FamilyTable& families() noexcept { return families_; }
  /// The time of samples that bring none.
  void set_reading_time(std::int64_t now_ms) noexcept { reading_time_ms_ = now_ms; }
  [[nodiscard]] std::int64_t reading_time_ms() const noexcept { return reading_time_ms_; }

  /// Adds a sample of the series in `builder` and of a family of families(). Null, with refusal() set, if the labels
  /// are none: no metric name, a name twice, a name that is empty or not UTF-8.
  /// `plain_names`: they are known to be of the legacy character set, with a metric name among them.
  /// Requires: values are UTF-8, names and values are shorter than 16 MiB.
  BatchSample* add(LabelBuilder& builder, std::uint32_t family, double value, std::optional<std::int64_t> t_ms,
                   bool plain_names = false);
  /// The two halves of it, for a series with many samples: whether what builder.build() gave is a label set, and the
  /// adding.
  [[nodiscard]] bool check(LabelsView labels, const LabelBuilder& builder, bool plain_names = false);
  BatchSample& add_checked(LabelsView labels, std::uint64_t hash, std::uint32_t family, double value,
                           std::optional<std::int64_t> t_ms);
  /// Why the sample that was refused last was.
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }
  void set_refusal(std::string reason) { refusal_ = std::move(reason); }

  /// Reports a fault `ahead` bytes behind what is done with, or in the line behind it.
  void fault(std::string reason, std::size_t ahead = 0);
  void line_fault(std::string reason, std::size_t column = 0);

  /// Lines and bytes that are done with.
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  std::uint64_t faults = 0;

 private:
  BatchLimit limit_;
  StreamFaultReport report_;
  SampleBatch* batch_ = nullptr;
  std::size_t label_bytes_ = 0;
  FamilyTable families_;
  std::int64_t reading_time_ms_ = 0;
  std::string refusal_;
};

}  // namespace mcore
