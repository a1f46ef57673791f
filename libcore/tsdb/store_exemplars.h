// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/exemplar.h"
#include "model/labels.h"
#include "model/time_range.h"

namespace mcore {

/// The exemplars of a store, by series. Only the log has them: they end with its segments.
///
/// Errors: throws Error (kIo). Damage is passed over: whoever reads the samples reports it.
/// Cost:   making it reads the WAL from its beginning, and holds the exemplars of the range.
class StoreExemplars {
 public:
  StoreExemplars(const std::string& store, TimeRange range);

  /// Those of a series by time, each once; all have a time.
  [[nodiscard]] std::span<const Exemplar> find(LabelsView labels) const;
  [[nodiscard]] bool empty() const noexcept { return by_series_.empty(); }

 private:
  void read(const std::string& folder, TimeRange range);

  std::unordered_map<std::uint64_t, std::vector<Exemplar>> by_series_;  // by hash of the label set
};

}  // namespace mcore
