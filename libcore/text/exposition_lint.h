// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/exposition_reader.h"

namespace mcore {

/// One thing that is wrong with an exposition.
/// Units: line and column count from 1; 0 where there is none (protobuf, or the whole of a family).
struct LintFinding {
  std::size_t line = 0;
  std::size_t column = 0;
  bool is_error = false;  // some parser refuses it; else it should only not be written so
  std::string metric;     // may be empty
  std::string rule;       // one word with dashes
  std::string text;
};

/// How many series a family has.
struct FamilyCardinality {
  std::string metric;
  std::uint64_t series = 0;
  /// Its labels with how many values each has, most first.
  std::vector<std::pair<std::string, std::uint64_t>> labels;
};

struct LintReport {
  std::vector<LintFinding> findings;           // in the order of the lines
  std::vector<FamilyCardinality> cardinality;  // most series first
  std::uint64_t series = 0;
};

/// Says everything that is wrong with an exposition: what Prometheus' scraper refuses, what the stricter reader behind
/// `promtool check metrics` refuses, what promlint finds, and what breaks histograms. After a line that cannot be read
/// it goes on with the next one (text formats), so that all findings come at once.
///
/// Errors: none; what is wrong is in the report.
/// Cost:   a few microseconds a series; holds a hash of each.
[[nodiscard]] LintReport lint_exposition(ExpositionFormat format, std::string_view body);

}  // namespace mcore
