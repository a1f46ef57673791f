// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/histogram.h"

namespace mcore {

/// Walks the buckets of one side of a histogram by index; spans of length 0 are passed over.
///
/// Lifetime: borrows the spans.
class SpanCursor {
 public:
  explicit SpanCursor(std::span<const HistogramSpan> spans) noexcept : spans_(spans) { enter(); }

  [[nodiscard]] bool done() const noexcept { return span_ == spans_.size(); }
  /// Of the bucket, unless done(): its index, its place among the counts, whether a span begins with it.
  [[nodiscard]] std::int64_t index() const noexcept { return index_; }
  [[nodiscard]] std::size_t position() const noexcept { return position_; }
  [[nodiscard]] bool begins_span() const noexcept { return in_span_ == 0; }

  void step() noexcept {
    ++index_;
    ++position_;
    if (++in_span_ == spans_[span_].length) {
      ++span_;
      enter();
    }
  }

 private:
  void enter() noexcept {
    in_span_ = 0;
    for (; span_ < spans_.size(); ++span_) {
      index_ += spans_[span_].offset;
      if (spans_[span_].length > 0) {
        return;
      }
    }
  }

  std::span<const HistogramSpan> spans_;
  std::size_t span_ = 0;
  std::uint32_t in_span_ = 0;
  std::int64_t index_ = 0;
  std::size_t position_ = 0;
};

}  // namespace mcore
