// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "promql/row.h"

namespace mcore {

/// Notices when two series of a vector have one label set, as they may once names are dropped or labels replaced.
///
/// Errors: add() throws Error (kUsage) with Prometheus' text.
/// Cost:   a hash and, where steps count, a bit a step for each row; nothing if made for rows that cannot repeat.
class RowCheck {
 public:
  enum class Rule : std::uint8_t {
    kNone,       // they cannot: do not look
    kNoOverlap,  // an error if both have a sample at one step
    kNoRepeat,   // an error in any case
  };
  explicit RowCheck(Rule rule) noexcept : rule_(rule) {}

  /// Requires: rows of one number of steps.
  void add(const Row& row);

 private:
  Rule rule_;
  std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> steps_{};  // by hash of the labels, a bit a step
};

[[noreturn]] void throw_repeated_labels();

/// Joins rows of one label set, in place; the others keep their order. Errors: as RowCheck's kNoOverlap.
void merge_repeated(std::vector<Row>& rows);

}  // namespace mcore
