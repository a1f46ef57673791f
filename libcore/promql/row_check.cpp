// SPDX-License-Identifier: Apache-2.0
#include "promql/row_check.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace mcore {
namespace {

constexpr std::size_t kWordBits = 64;

std::vector<std::uint64_t> steps_of(const Row& row) {
  std::vector<std::uint64_t> bits((row.value.size() + kWordBits - 1) / kWordBits);
  for (std::size_t i = 0; i < row.value.size(); ++i) {
    bits[i / kWordBits] |= std::uint64_t{row.has(i)} << (i % kWordBits);
  }
  return bits;
}

void merge_into(Row& into, const Row& from) {
  for (std::size_t i = 0; i < from.value.size(); ++i) {
    if (!from.has(i)) {
      continue;
    }
    if (into.has(i)) {
      throw_repeated_labels();
    }
    into.value[i] = from.value[i];
    if (from.histogram_at(i) != nullptr) {
      into.set(i, from.histogram[i]);
    }
  }
}

}  // namespace

bool Row::empty() const noexcept {
  return std::ranges::all_of(value, is_absent) &&
         std::ranges::all_of(histogram, [](const HistogramPtr& one) { return one == nullptr; });
}

void throw_repeated_labels() {
  throw Error(ErrorKind::kUsage, "evaluate query", "", "vector cannot contain metrics with the same labelset");
}

void RowCheck::add(const Row& row) {
  if (rule_ == Rule::kNone) {
    return;
  }
  std::vector<std::uint64_t> steps = steps_of(row);
  if (std::ranges::all_of(steps, [](std::uint64_t word) { return word == 0; })) {
    return;  // a series without samples is none
  }
  const auto [known, is_new] = steps_.try_emplace(row.view().hash(), std::move(steps));
  if (is_new) {
    return;
  }
  const std::vector<std::uint64_t> more = steps_of(row);
  for (std::size_t i = 0; i < more.size(); ++i) {
    if (rule_ == Rule::kNoRepeat || (known->second[i] & more[i]) != 0) {
      throw_repeated_labels();
    }
    known->second[i] |= more[i];
  }
}

void merge_repeated(std::vector<Row>& rows) {
  std::unordered_map<std::string_view, std::size_t> first;
  std::vector<bool> goes(rows.size());
  bool any = false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto [known, is_new] = first.try_emplace(rows[i].labels, i);
    if (!is_new) {
      merge_into(rows[known->second], rows[i]);
      goes[i] = any = true;
    }
  }
  if (any) {
    std::size_t at = 0;
    std::erase_if(rows, [&](const Row&) { return goes[at++]; });
  }
}

}  // namespace mcore
