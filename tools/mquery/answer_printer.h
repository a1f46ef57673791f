// SPDX-License-Identifier: Apache-2.0
// Prints answers in the format that `-o` names.
#pragma once

#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/option_set.h"
#include "model/query_value.h"
#include "model/time_text.h"

namespace mcore {

/// `-o`, `--format`, and what belongs to the formats.
class AnswerPrinter {
 public:
  void declare(OptionSet& set);
  /// Sends the data to the file of `-o FILE.EXT`, if one was given. Call before any output.
  void apply(Console& io) const;
  /// Whether the format shows a range also of an instant query.
  [[nodiscard]] bool needs_range(const Console& io) const;

  void add(const std::string& query, QueryValue value) { answers_.push_back({query, std::move(value)}); }
  /// Prints all that was added. Errors: throws Error (kUsage) if the format cannot show it.
  void finish(TimeZone zone, Console& io);

 private:
  struct Answer {
    std::string query{};
    QueryValue value{};
  };
  [[nodiscard]] std::string format(const Console& io) const;
  void print_json(Console& io) const;
  void print_rows(const std::string& format, TimeZone zone, Console& io) const;
  void print_stream(Console& io) const;

  std::string format_;
  std::string file_;
  std::string as_;
  bool header_ = true;
  bool human_ = false;
  std::vector<Answer> answers_;
};

}  // namespace mcore
