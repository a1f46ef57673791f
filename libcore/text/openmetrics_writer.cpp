// SPDX-License-Identifier: Apache-2.0
#include "text/openmetrics_writer.h"

#include "base/number_text.h"
#include "base/strings.h"
#include "text/text_output.h"

namespace mcore {
namespace {

std::string_view without_suffix(std::string_view name, std::string_view suffix) noexcept {
  return name.size() > suffix.size() && name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

/// Whether OpenMetrics lets a family of that type have a sample of that name.
bool fits(MetricType type, std::string_view family, std::string_view metric) noexcept {
  if (!metric.starts_with(family)) {
    return false;
  }
  const std::string_view suffix = metric.substr(family.size());
  switch (type) {
    case MetricType::kCounter:
      return is_one_of(suffix, {"_total", "_created"});
    case MetricType::kHistogram:
      return is_one_of(suffix, {"_bucket", "_count", "_sum", "_created"});
    case MetricType::kGaugeHistogram:
      return is_one_of(suffix, {"_bucket", "_gcount", "_gsum"});
    case MetricType::kSummary:
      return is_one_of(suffix, {"", "_count", "_sum", "_created"});
    case MetricType::kInfo:
      return is_one_of(suffix, {"_info"});
    case MetricType::kGauge:
    case MetricType::kUnknown:
    case MetricType::kStateset:
      break;
  }
  return suffix.empty();
}

std::string_view family_name(const FamilyMetadata& metadata) noexcept {
  switch (metadata.type) {
    case MetricType::kCounter:
      return without_suffix(metadata.name, "_total");
    case MetricType::kInfo:
      return without_suffix(metadata.name, "_info");
    default:
      return metadata.name;
  }
}

}  // namespace

void OpenMetricsWriter::family(const FamilyMetadata& metadata) {
  if (metadata.name == announced_ && metadata.type == metadata_.type) {
    return;
  }
  announced_ = metadata.name;
  help_ = metadata.help;
  unit_ = metadata.unit;
  metadata_ = metadata;
  metadata_.name = announced_;
  metadata_.help = help_;
  metadata_.unit = unit_;
}

OpenMetricsWriter::Family& OpenMetricsWriter::open_family(std::string name) {
  const auto [at, is_new] = index_.try_emplace(name, families_.size());
  if (is_new) {
    families_.emplace_back().name = std::move(name);
  }
  return families_[at->second];
}

void OpenMetricsWriter::sample(const ExpositionSample& sample) {
  if (sample.histogram != nullptr) {
    ++losses_.native_histograms;
    losses_.exemplars += sample.exemplars.size();
    return;
  }
  losses_.stale_markers += is_stale_marker(sample.value) ? 1 : 0;
  const std::string_view metric = sample.labels.get(kNameLabel);
  const bool known = !announced_.empty() && fits(metadata_.type, family_name(metadata_), metric);
  Family& family = open_family(std::string(known ? family_name(metadata_) : metric));
  if (family.samples.empty() && (known || metric == announced_)) {
    family.type = known ? metadata_.type : MetricType::kUnknown;
    family.help = help_;
    family.unit = family.name.ends_with("_" + unit_) ? unit_ : "";
  }
  append_series(family.samples, sample.labels);
  family.samples += ' ';
  append_float(family.samples, sample.value);
  if (sample.timestamp_ms) {
    family.samples += ' ';
    append_seconds(family.samples, *sample.timestamp_ms);
  }
  const bool may_have_exemplar = metric.ends_with("_total") || metric.ends_with("_bucket");
  losses_.exemplars += sample.exemplars.size() - (may_have_exemplar && !sample.exemplars.empty() ? 1 : 0);
  if (may_have_exemplar && !sample.exemplars.empty()) {
    const Exemplar& exemplar = sample.exemplars.back();
    family.samples += " # ";
    append_label_list(family.samples, exemplar.labels.view());
    family.samples += ' ';
    append_float(family.samples, exemplar.value);
    if (exemplar.timestamp_ms) {
      family.samples += ' ';
      append_seconds(family.samples, *exemplar.timestamp_ms);
    }
  }
  family.samples += '\n';
  if (sample.start_timestamp_ms && known && metadata_.type == MetricType::kCounter) {
    append_series(family.samples, sample.labels, family.name + "_created");
    family.samples += ' ';
    append_seconds(family.samples, *sample.start_timestamp_ms);
    family.samples += '\n';
  } else {
    losses_.start_timestamps += sample.start_timestamp_ms.has_value() ? 1 : 0;
  }
}

void OpenMetricsWriter::flush() {
  const auto line = [this](std::string_view keyword, std::string_view name) {
    output_ += keyword;
    append_family_name(output_, name);
    output_ += ' ';
  };
  for (const Family& family : families_) {
    line("# TYPE ", family.name);
    output_ += metric_type_word(family.type);
    output_ += '\n';
    if (!family.unit.empty()) {
      line("# UNIT ", family.name);
      output_ += family.unit;
      output_ += '\n';
    }
    if (!family.help.empty()) {
      line("# HELP ", family.name);
      append_escaped(output_, family.help, true);
      output_ += '\n';
    }
    output_ += family.samples;
  }
  families_.clear();
  index_.clear();
}

void OpenMetricsWriter::finish() {
  flush();
  output_ += "# EOF\n";
}

}  // namespace mcore
