// SPDX-License-Identifier: Apache-2.0
#include "model/sample_batch.h"

#include <cassert>
#include <utility>

#include "base/strings.h"

namespace mcore {
void SampleBatch::clear() {
  label_bytes_.clear();
  samples_.clear();
  histograms_.clear();
  exemplars_.clear();
  family_count_ = 0;
}

BatchSample& SampleBatch::add(LabelsView labels) {
  BatchSample& sample = samples_.emplace_back();
  sample.labels_offset = label_bytes_.size();
  sample.labels_size = static_cast<std::uint32_t>(labels.bytes().size());
  sample.exemplar_begin = static_cast<std::uint32_t>(exemplars_.size());
  label_bytes_ += labels.bytes();
  return sample;
}

void SampleBatch::set_histogram(const Histogram& histogram) {
  assert(!samples_.empty());
  histograms_.push_back(histogram);
  samples_.back().histogram = static_cast<std::uint32_t>(histograms_.size());
}

void SampleBatch::set_labels(BatchSample& sample, LabelsView labels) {
  sample.labels_offset = label_bytes_.size();
  sample.labels_size = static_cast<std::uint32_t>(labels.bytes().size());
  sample.labels_hash = labels.hash();
  label_bytes_ += labels.bytes();
}

void SampleBatch::add_exemplar(Exemplar exemplar) {
  assert(!samples_.empty());
  exemplars_.push_back(std::move(exemplar));
  ++samples_.back().exemplar_count;
}

MetricFamily& SampleBatch::family(std::string_view name) {
  if (family_count_ != 0 && families_[family_count_ - 1].name == name) {
    return families_[family_count_ - 1];
  }
  if (family_count_ == families_.size()) {
    families_.emplace_back();
  }
  MetricFamily& family = families_[family_count_++];
  family.name = name;
  family.help.clear();
  family.unit.clear();
  family.type = MetricType::kUnknown;
  family.has_type = false;
  family.has_help = false;
  return family;
}

bool is_part_of_family(std::string_view metric, std::string_view family, MetricType type) noexcept {
  if (!metric.starts_with(family)) {
    return false;
  }
  const std::string_view suffix = metric.substr(family.size());
  if (suffix.empty()) {
    return true;
  }
  switch (type) {
    case MetricType::kCounter:
      return is_one_of(suffix, {"_total", "_created"});
    case MetricType::kHistogram:
      return is_one_of(suffix, {"_bucket", "_sum", "_count", "_created"});
    case MetricType::kGaugeHistogram:
      return is_one_of(suffix, {"_bucket", "_gsum", "_gcount", "_sum", "_count"});
    case MetricType::kSummary:
      return is_one_of(suffix, {"_sum", "_count", "_created"});
    case MetricType::kInfo:
      return suffix == "_info";
    case MetricType::kGauge:
    case MetricType::kUnknown:
    case MetricType::kStateset:
      break;
  }
  return false;
}

std::string family_of_metric(std::string_view metric, MetricType type) {
  const auto without_any = [metric](std::initializer_list<std::string_view> suffixes) {
    for (const std::string_view suffix : suffixes) {
      if (metric.size() > suffix.size() && metric.ends_with(suffix)) {
        return std::string(metric.substr(0, metric.size() - suffix.size()));
      }
    }
    return std::string(metric);
  };
  switch (type) {
    case MetricType::kCounter: {
      const std::string stem = without_any({"_created"});
      return stem.size() < metric.size() ? stem + "_total" : stem;
    }
    case MetricType::kHistogram:
      return without_any({"_bucket", "_sum", "_count", "_created"});
    case MetricType::kGaugeHistogram:
      return without_any({"_bucket", "_gsum", "_gcount", "_sum", "_count"});
    case MetricType::kSummary:
      return without_any({"_sum", "_count", "_created"});
    case MetricType::kGauge:
    case MetricType::kInfo:
    case MetricType::kStateset:
    case MetricType::kUnknown:
      break;
  }
  return std::string(metric);
}

}  // namespace mcore
