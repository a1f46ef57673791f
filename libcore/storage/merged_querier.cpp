// SPDX-License-Identifier: Apache-2.0
#include "storage/merged_querier.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/sample_merge.h"

namespace mcore {
namespace {

std::vector<std::string> united(std::vector<std::vector<std::string>> lists) {
  std::vector<std::string> all;
  for (std::vector<std::string>& list : lists) {
    std::ranges::move(list, std::back_inserter(all));
  }
  std::ranges::sort(all);
  const auto [first, last] = std::ranges::unique(all);
  all.erase(first, last);
  return all;
}

}  // namespace

std::unique_ptr<SeriesSet> MergedQuerier::select(std::span<const Selector> selectors, TimeRange range) {
  std::vector<std::unique_ptr<SeriesSet>> sets;
  for (Querier* const querier : queriers_) {
    sets.push_back(querier->select(selectors, range));
  }
  return sets.size() == 1 ? std::move(sets.front()) : merge_series(std::move(sets));
}

std::vector<std::string> MergedQuerier::label_names(std::span<const Selector> selectors, TimeRange range) {
  std::vector<std::vector<std::string>> lists;
  for (Querier* const querier : queriers_) {
    lists.push_back(querier->label_names(selectors, range));
  }
  return united(std::move(lists));
}

std::vector<std::string> MergedQuerier::label_values(const std::string& name, std::span<const Selector> selectors,
                                                     TimeRange range) {
  std::vector<std::vector<std::string>> lists;
  for (Querier* const querier : queriers_) {
    lists.push_back(querier->label_values(name, selectors, range));
  }
  return united(std::move(lists));
}

}  // namespace mcore
