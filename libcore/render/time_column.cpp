// SPDX-License-Identifier: Apache-2.0
#include "render/time_column.h"

#include <utility>

namespace mcore {

TimeColumn::TimeColumn(const std::vector<QuerySeries>& series, Spell spell) : spell_(std::move(spell)) {
  const std::vector<std::int64_t>* longest = nullptr;
  for (const QuerySeries& one : series) {
    for (const auto* times : {&one.samples.t_ms, &one.samples.histogram_t_ms}) {
      longest = longest == nullptr || times->size() > longest->size() ? times : longest;
    }
  }
  if (longest == nullptr || series.size() < 2) {
    return;  // nothing would be read twice
  }
  t_ms_ = *longest;
  ends_.reserve(t_ms_.size());
  for (const std::int64_t t_ms : t_ms_) {
    text_ += spell_(t_ms);
    ends_.push_back(text_.size());
  }
}

std::string_view TimeColumn::at(std::int64_t t_ms) {
  while (cursor_ < t_ms_.size() && t_ms_[cursor_] < t_ms) {
    ++cursor_;
  }
  if (cursor_ == t_ms_.size() || t_ms_[cursor_] != t_ms) {
    beside_ = spell_(t_ms);
    return beside_;
  }
  const std::size_t begin = cursor_ == 0 ? 0 : ends_[cursor_ - 1];
  return std::string_view(text_).substr(begin, ends_[cursor_] - begin);
}

}  // namespace mcore
