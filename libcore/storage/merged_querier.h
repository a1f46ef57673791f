// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/querier.h"

namespace mcore {

/// Several queriers as one: the series of all, each label set once with the samples of all; where two have a sample at
/// one time, that of the earlier querier counts.
///
/// Lifetime: borrows the queriers.
class MergedQuerier final : public Querier {
 public:
  explicit MergedQuerier(std::vector<Querier*> queriers) : queriers_(std::move(queriers)) {}

  [[nodiscard]] std::unique_ptr<SeriesSet> select(std::span<const Selector> selectors, TimeRange range) override;
  [[nodiscard]] std::vector<std::string> label_names(std::span<const Selector> selectors, TimeRange range) override;
  [[nodiscard]] std::vector<std::string> label_values(const std::string& name, std::span<const Selector> selectors,
                                                      TimeRange range) override;

 private:
  std::vector<Querier*> queriers_;
};

}  // namespace mcore
