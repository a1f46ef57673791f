// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_metadata.h"

#include "tsdb/head_writer.h"

namespace mcore {

StoreMetadata::StoreMetadata(StoreReader& reader, std::span<const Selector> selectors) {
  if (reader.head() == nullptr || reader.head()->commit().metadata_count == 0) {
    return;
  }
  const HeadFiles& files = *reader.head_files();
  std::string_view last;
  for (const HeadQuerier::Series& series : reader.head()->series(selectors)) {
    const std::string_view metric = files.labels_of(series.id).get(kNameLabel);
    if (series.state.metadata == 0 || metric.empty() || metric == last) {
      continue;
    }
    last = metric;
    MetricFamily& family = by_metric_[std::string(metric)];
    const HeadMetadata metadata = read_metadata(files, series.state.metadata);
    family.name = family_of_metric(metric, metadata.type);
    family.type = metadata.type;
    family.has_type = metadata.type != MetricType::kUnknown;
    family.unit = metadata.unit;
    family.help = metadata.help;
    family.has_help = !metadata.help.empty();
  }
}

const MetricFamily* StoreMetadata::find(std::string_view metric) const {
  const auto found = by_metric_.find(metric);
  return found == by_metric_.end() ? nullptr : &found->second;
}

}  // namespace mcore
