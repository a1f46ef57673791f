// SPDX-License-Identifier: Apache-2.0
// When a query is evaluated: the options of time, and what follows from them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "cli/option_set.h"
#include "model/time_text.h"
#include "promql/engine.h"

namespace mcore {

/// `--time`, or `--last`, `--start`, `--end`, `--step`; `--at-end`, `--now`, `--utc`.
class QueryTimes {
 public:
  void declare(OptionSet& set);

  /// Whether the newest sample decides of the time, so that it must be looked for.
  [[nodiscard]] bool wants_newest(bool is_lone_stream) const noexcept;
  /// Sets start, end and step. `newest_t_ms`: the newest sample, if the run's clock is to be set to it.
  /// `needs_range`: a picture of an instant shows the last hour.
  /// Errors: throws Error (kUsage).
  void resolve(const Clock& clock, std::optional<std::int64_t> newest_t_ms, bool needs_range,
               QueryOptions& options) const;

  [[nodiscard]] bool has_range() const noexcept {
    return !start_.empty() || !end_.empty() || !last_.empty() || !step_.empty();
  }
  [[nodiscard]] TimeZone zone() const noexcept { return utc_ ? TimeZone::kUtc : TimeZone::kLocal; }
  /// The run's clock. Errors: throws Error (kUsage).
  [[nodiscard]] std::int64_t now_ms(const Clock& clock, std::optional<std::int64_t> newest_t_ms) const;

 private:
  std::string time_;
  std::string start_;
  std::string end_;
  std::string last_;
  std::string step_;
  std::string now_;
  bool at_end_ = false;
  bool utc_ = false;
};

}  // namespace mcore
