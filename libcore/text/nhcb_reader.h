// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/nhcb_converter.h"
#include "text/exposition_reader.h"

namespace mcore {

/// Wraps a reader of text and joins the flat series of each classic histogram to a native one with custom buckets.
///
/// Only samples of a family announced as histogram take part, and only neighbours with equal labels (but `le`) are
/// joined; the histogram comes after the last of them. What makes no histogram yields nothing. The classic samples come
/// too if they are to be kept. Feature list X-41.
class NhcbReader final : public ExpositionReader {
 public:
  NhcbReader(std::unique_ptr<ExpositionReader> inner, bool keep_classic)
      : inner_(std::move(inner)), keep_classic_(keep_classic) {}

  ExpositionEntry next() override;
  [[nodiscard]] std::size_t offset() const override { return inner_->offset(); }
  [[nodiscard]] std::string_view family_name() const override { return inner_->family_name(); }
  [[nodiscard]] MetricType type() const override { return inner_->type(); }
  [[nodiscard]] std::string_view help() const override { return inner_->help(); }
  [[nodiscard]] std::string_view unit() const override { return inner_->unit(); }
  [[nodiscard]] std::string_view series_text() const override {
    return emitting_ ? group_.view().bytes() : inner_->series_text();
  }
  void labels(LabelBuilder& out) override;
  [[nodiscard]] double value() const override { return inner_->value(); }
  [[nodiscard]] const Histogram& histogram() const override { return histogram_; }
  [[nodiscard]] std::optional<std::int64_t> timestamp_ms() const override {
    return emitting_ ? group_timestamp_ms_ : inner_->timestamp_ms();
  }
  [[nodiscard]] std::optional<std::int64_t> start_timestamp_ms() const override { return std::nullopt; }
  bool next_exemplar(Exemplar& out) override;
  [[nodiscard]] const ExpositionError& error() const override { return inner_->error(); }

 private:
  /// What a sample is to a classic histogram.
  enum class Role : std::uint8_t { kNone, kBucket, kSum, kCount };

  Role look_at_sample();
  void collect(Role role);
  bool finish_group();

  std::unique_ptr<ExpositionReader> inner_;
  bool keep_classic_;
  std::string histogram_family_;  // the name on the last TYPE line, if it said histogram
  NhcbConverter converter_;
  bool collecting_ = false;
  bool emitting_ = false;  // the histogram was announced; `waiting_` is the entry behind it
  ExpositionEntry waiting_ = ExpositionEntry::kEnd;
  LabelSet group_;  // labels of the histogram at hand
  std::optional<std::int64_t> group_timestamp_ms_;
  std::vector<Exemplar> exemplars_;
  std::size_t exemplars_taken_ = 0;
  Histogram histogram_;
  LabelBuilder builder_;
  LabelsView sample_group_;  // of the sample at hand, in builder_
  double sample_bound_ = 0;
};

}  // namespace mcore
