// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/query_value.h"

namespace mcore {

/// The times of an answer as texts, each spelled once: the series of a range query stand on one grid of times.
///
/// Cost: the grid is the longest series' times; what is not on it is spelled where it stands.
class TimeColumn {
 public:
  using Spell = std::function<std::string(std::int64_t t_ms)>;

  TimeColumn(const std::vector<QuerySeries>& series, Spell spell);

  /// Begins a series: the times that at() is asked for ascend from here on.
  void rewind() noexcept { cursor_ = 0; }
  /// The text of a time; lives until the next call.
  [[nodiscard]] std::string_view at(std::int64_t t_ms);

 private:
  Spell spell_;
  std::vector<std::int64_t> t_ms_;
  std::string text_;               // all of them, one behind the other
  std::vector<std::size_t> ends_;  // where each ends
  std::size_t cursor_ = 0;
  std::string beside_;  // a time that is not on the grid
};

}  // namespace mcore
