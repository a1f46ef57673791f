// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cli/console.h"
#include "cli/option_set.h"
#include "model/matcher.h"
#include "model/time_range.h"
#include "model/time_text.h"

namespace mcore {

// Groups of options that mean the same in every tool. A command holds one as a member, declares it, and asks it in
// run().

/// What decides about the store when none is given.
struct StoreSurroundings {
  std::string mstore;         // $MSTORE
  std::string xdg_data_home;  // $XDG_DATA_HOME; a relative one does not count
  std::string home;
  bool is_root = false;
};
/// `$MSTORE`, else /var/lib/metricutils for root, ${XDG_DATA_HOME:-~/.local/share}/metricutils for others.
/// Errors: throws Error (kUsage) where there is not even a home.
[[nodiscard]] std::string default_store(const StoreSurroundings& surroundings);

/// Whether a word can be neither selector nor expression, and so names a store: `-`, `.`, `..`, or it starts with `/`,
/// `./`, `../`, `http://`, `https://`.
[[nodiscard]] bool names_store(std::string_view word) noexcept;

/// `-s`, `--store`, and the operand that counts as it.
class StoreOption {
 public:
  /// Which operands count as `-s`.
  enum class Operands {
    kPathsOnly,  // those of names_store(): the command has other operands too
    kAny,        // all: the command's only operand is [DIR]
  };

  void declare(OptionSet& set);
  /// Takes the store out of the operands. Errors: throws Error (kUsage) for a second store.
  void take_from(std::vector<std::string>& operands, Operands which = Operands::kPathsOnly);
  [[nodiscard]] bool is_given() const noexcept { return !store_.empty(); }
  /// The store that was given, else the default store of the process. Errors: as default_store().
  [[nodiscard]] std::string path() const;

 private:
  std::string store_;
};

/// `--match SELECTOR`, repeatable, beside operands that are selectors.
class MatchOption {
 public:
  void declare(OptionSet& set);
  /// All selectors, those of `--match` first; united as in `match[]`, none selects every series.
  /// Errors: throws Error (kUsage).
  [[nodiscard]] std::vector<Selector> selectors(const std::vector<std::string>& operands = {}) const;

 private:
  std::vector<std::string> match_;
};

/// `--start`, `--end`, `--last`, `--now`, `--utc`.
///
/// Shape: the range has no end unless one is given, so that samples ahead of the clock are listed and copied too;
///        `--last D` reaches from D before the end to the end, which is now then unless given.
class TimeOption {
 public:
  void declare(OptionSet& set);
  /// The closed range asked for; everything if no option was given. Errors: throws Error (kUsage).
  [[nodiscard]] TimeRange range(const Clock& clock) const;
  /// What `--now` sets the run's clock to, else the clock. Errors: throws Error (kUsage).
  [[nodiscard]] std::int64_t now_ms(const Clock& clock) const;
  [[nodiscard]] bool is_given() const noexcept { return !start_.empty() || !end_.empty() || !last_.empty(); }
  /// The zone of times that are read without one, and of tables: $TZ, or UTC with `--utc`.
  [[nodiscard]] TimeZone zone() const noexcept { return utc_ ? TimeZone::kUtc : TimeZone::kLocal; }

 private:
  std::string start_;
  std::string end_;
  std::string last_;
  std::string now_;
  bool utc_ = false;
};

/// `-o`, `--format`, `--no-header`, `--human` of what prints results as rows.
class ResultOption {
 public:
  void declare(OptionSet& set);
  /// Sends the data to the file of `-o FILE.EXT`, if one was given. Call before any output.
  void apply(Console& io) const;
  /// table, tsv, csv, json, jsonl or markdown: what was asked for, else table on a terminal and tsv elsewhere.
  [[nodiscard]] std::string format(const Console& io) const;
  [[nodiscard]] bool header() const noexcept { return header_; }
  /// Whether sizes are shown as 1.5GiB.
  [[nodiscard]] bool human() const noexcept { return human_; }

 private:
  std::string format_;
  std::string file_;
  bool header_ = true;
  bool human_ = false;
};

/// `-n`, `--limit`: the most rows that are printed; 0 for all.
void declare_limit(OptionSet& set, std::size_t* limit);

}  // namespace mcore
