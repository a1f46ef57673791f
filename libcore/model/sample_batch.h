// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/exemplar.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/metric_type.h"

namespace mcore {

/// What is known about a metric family.
struct MetricFamily {
  std::string name;  // as its TYPE or HELP line had it
  std::string help;
  std::string unit;
  MetricType type = MetricType::kUnknown;
  bool has_type = false;
  bool has_help = false;
};

/// One sample of a SampleBatch; its label set lies in the batch.
/// Units: milliseconds since the Unix epoch.
struct BatchSample {
  std::size_t labels_offset = 0;
  std::uint32_t labels_size = 0;
  std::uint32_t family = 0;     // index + 1 into families, 0 if none is known
  std::uint32_t histogram = 0;  // index + 1 into histograms, 0 for a float
  std::uint32_t exemplar_begin = 0;
  std::uint32_t exemplar_count = 0;
  std::uint64_t labels_hash = 0;
  double value = 0;
  std::int64_t t_ms = 0;
  std::optional<std::int64_t> start_t_ms;
};

/// Samples that belong together (one scrape, one request), complete in memory before anything is done with them.
///
/// Shape:    label sets one behind another in one buffer, everything else in flat arrays.
/// Lifetime: views of label sets live until the next add or clear. Made once and reused: clear() keeps the memory.
/// Cost:     no allocation per float sample once the arrays have grown.
class SampleBatch {
 public:
  void clear();

  /// Stores a label set and returns its sample to be filled; the reference lives until the next add.
  BatchSample& add(LabelsView labels);
  /// Stores a histogram for the sample that was added last.
  void set_histogram(const Histogram& histogram);
  /// Gives a sample other labels.
  void set_labels(BatchSample& sample, LabelsView labels);
  /// Stores an exemplar for the sample that was added last.
  void add_exemplar(Exemplar exemplar);
  /// The family of that name if it is the last one, else a new one behind it.
  MetricFamily& family(std::string_view name);

  [[nodiscard]] const std::vector<BatchSample>& samples() const noexcept { return samples_; }
  [[nodiscard]] std::vector<BatchSample>& samples() noexcept { return samples_; }
  [[nodiscard]] std::span<const MetricFamily> families() const noexcept { return {families_.data(), family_count_}; }
  [[nodiscard]] LabelsView labels(const BatchSample& sample) const noexcept {
    return LabelsView(std::string_view(label_bytes_).substr(sample.labels_offset, sample.labels_size));
  }
  /// Null for a float.
  [[nodiscard]] const Histogram* histogram(const BatchSample& sample) const noexcept {
    return sample.histogram == 0 ? nullptr : &histograms_[sample.histogram - 1];
  }
  [[nodiscard]] std::span<const Exemplar> exemplars(const BatchSample& sample) const noexcept {
    return std::span(exemplars_).subspan(sample.exemplar_begin, sample.exemplar_count);
  }
  /// Null if the sample's family is not known.
  [[nodiscard]] const MetricFamily* family(const BatchSample& sample) const noexcept {
    return sample.family == 0 ? nullptr : &families_[sample.family - 1];
  }

 private:
  std::string label_bytes_;
  std::vector<BatchSample> samples_;
  std::vector<Histogram> histograms_;
  std::vector<Exemplar> exemplars_;
  std::vector<MetricFamily> families_;  // the first family_count_ count; the rest keep their strings' memory
  std::size_t family_count_ = 0;
};

/// Whether a sample of that metric name belongs to the family: the name itself, or with a suffix that its type has
/// (`_total`, `_bucket`, `_sum`, `_count`, `_created`, `_info`, `_gsum`, `_gcount`).
[[nodiscard]] bool is_part_of_family(std::string_view metric, std::string_view family, MetricType type) noexcept;

/// The name of the family that a metric belongs to, by its type alone: without the suffixes that parts of histograms
/// and summaries have. A counter's stays whole, as the text format wants it, and `_created` becomes `_total`.
[[nodiscard]] std::string family_of_metric(std::string_view metric, MetricType type);

}  // namespace mcore
