// SPDX-License-Identifier: Apache-2.0
#include "tsdb/series_table.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace mcore {
namespace {

constexpr std::size_t kPage = 64 << 10U;

}  // namespace

const char* SeriesTable::keep(std::string_view bytes) {
  if (bytes.size() > page_left_) {
    page_left_ = std::max(kPage, bytes.size());
    pages_.push_back(std::make_unique_for_overwrite<char[]>(page_left_));
    page_ = pages_.back().get();
    bytes_ += page_left_;
  }
  char* const place = page_;
  std::memcpy(place, bytes.data(), bytes.size());
  page_ += bytes.size();
  page_left_ -= bytes.size();
  return place;
}

std::uint32_t SeriesTable::find_or_add(LabelsView labels, std::uint64_t hash) {
  const auto same = [&](std::uint32_t number) {
    return entries_[number].hash == hash && this->labels(number) == labels;
  };
  const std::uint32_t number =
      numbers_.find_or_add(hash, same, [&](std::uint32_t known) { return entries_[known].hash; });
  if (number == entries_.size()) {
    entries_.push_back({hash, keep(labels.bytes()), labels.bytes().size()});
  }
  return number;
}

std::vector<std::uint32_t> SeriesTable::sorted() const {
  std::vector<std::uint32_t> order(entries_.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [this](std::uint32_t a, std::uint32_t b) { return labels(a) < labels(b); });
  return order;
}

void SeriesTable::clear() noexcept {
  entries_.clear();
  numbers_ = IdTable();
  pages_.clear();
  page_left_ = 0;
  bytes_ = 0;
}

}  // namespace mcore
