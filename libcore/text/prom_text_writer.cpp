// SPDX-License-Identifier: Apache-2.0
#include "text/prom_text_writer.h"

#include "base/number_text.h"
#include "text/text_output.h"

namespace mcore {
namespace {

std::string_view type_word(MetricType type) noexcept {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
    case MetricType::kInfo:
    case MetricType::kStateset:
      return "gauge";
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram:
      return "histogram";
    case MetricType::kSummary:
      return "summary";
    case MetricType::kUnknown:
      break;
  }
  return "untyped";
}

}  // namespace

void PromTextWriter::family(const FamilyMetadata& metadata) {
  if (metadata.name == last_) {
    return;
  }
  last_ = metadata.name;
  if (!announced_.insert(last_).second) {
    return;
  }
  if (metadata.has_help) {
    output_ += "# HELP ";
    append_family_name(output_, metadata.name);
    output_ += ' ';
    append_escaped(output_, metadata.help, false);
    output_ += '\n';
  }
  if (metadata.has_type) {
    output_ += "# TYPE ";
    append_family_name(output_, metadata.name);
    output_ += ' ';
    output_ += type_word(metadata.type);
    output_ += '\n';
  }
}

void PromTextWriter::sample(const ExpositionSample& sample) {
  losses_.exemplars += sample.exemplars.size();
  losses_.start_timestamps += sample.start_timestamp_ms.has_value() ? 1 : 0;
  if (sample.histogram != nullptr) {
    ++losses_.native_histograms;
    return;
  }
  losses_.stale_markers += is_stale_marker(sample.value) ? 1 : 0;
  append_series(output_, sample.labels);
  output_ += ' ';
  append_float(output_, sample.value);
  if (sample.timestamp_ms) {
    output_ += ' ';
    append_integer(output_, *sample.timestamp_ms);
  }
  output_ += '\n';
}

}  // namespace mcore
