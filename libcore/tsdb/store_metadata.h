// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "model/matcher.h"
#include "model/sample_batch.h"
#include "tsdb/store_reader.h"

namespace mcore {

/// What a store knows of its metrics beside samples: type, unit and help, by the names of metrics. Only the log has
/// them, so they are known as long as the head knows a series of the metric.
///
/// Cost: making it looks at each series of the head that matches.
class StoreMetadata {
 public:
  StoreMetadata(StoreReader& reader, std::span<const Selector> selectors);

  /// The family of a metric as it is best announced before its samples; null if nothing is known.
  [[nodiscard]] const MetricFamily* find(std::string_view metric) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return hash_bytes(text); }
  };
  std::unordered_map<std::string, MetricFamily, Hash, std::equal_to<>> by_metric_;
};

}  // namespace mcore
