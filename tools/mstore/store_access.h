// SPDX-License-Identifier: Apache-2.0
// What the subcommands that read a store have in common.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/data_options.h"
#include "cli/option_set.h"
#include "render/table.h"
#include "storage/querier.h"
#include "text/exposition_writer.h"
#include "tsdb/store_reader.h"

namespace mcore {

/// Says what of a store is damaged: the first few places, and at the end how many more.
///
/// Lifetime: must outlive what its report() was given to.
class DamageNotes {
 public:
  explicit DamageNotes(Console& io) : io_(io) {}
  [[nodiscard]] DamageReport report();
  /// Call once, when all was read.
  void finish();
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  Console& io_;
  std::uint64_t count_ = 0;
};

/// `-s`, selectors as operands or `--match`, `--start`, `--end`, `--last`.
class SelectionOptions {
 public:
  /// Declares them, the store first. `help` is of the operands, which are called `placeholder`.
  void declare(OptionSet& set, std::string_view placeholder, std::string_view help,
               std::size_t most_operands = SIZE_MAX);
  /// Lets the operands that name no store be spelled in another way. Call before resolve().
  void rewrite_operands(std::string (*rewrite)(const std::string&));
  /// Reads what was given. Call first of all. Errors: throws Error (kUsage).
  void resolve(bool operands_are_selectors = true);

  [[nodiscard]] std::string store() const { return store_.path(); }
  [[nodiscard]] const std::vector<Selector>& selectors() const noexcept { return selectors_; }
  [[nodiscard]] const TimeRange& range() const noexcept { return range_; }
  [[nodiscard]] std::int64_t now_ms() const noexcept { return now_ms_; }
  [[nodiscard]] TimeZone zone() const noexcept { return time_.zone(); }
  /// Those that name no store.
  [[nodiscard]] const std::vector<std::string>& operands() const noexcept { return operands_; }
  [[nodiscard]] bool is_everything() const noexcept { return selectors_.empty() && range_ == TimeRange{}; }

 private:
  StoreOption store_;
  MatchOption match_;
  TimeOption time_;
  std::vector<std::string> operands_;
  std::vector<Selector> selectors_;
  TimeRange range_;
  std::int64_t now_ms_ = 0;
};

/// Errors: throws Error (kIo), with advice, where nothing is.
void require_directory(const std::string& path);

/// Opens a store for reading. Errors: as StoreReader, with advice where a store is missing.
[[nodiscard]] std::unique_ptr<StoreReader> open_store(const std::string& path, DamageNotes& damage);

/// Explains an empty answer in a note; returns the exit code for it.
[[nodiscard]] ExitCode nothing_found(std::string_view command, StoreReader& reader, const SelectionOptions& selection,
                                     Console& io);

/// How a table is printed: what `output` asks for on this console.
[[nodiscard]] TableStyle table_style(const ResultOption& output, TimeZone zone, const Console& io);

/// "1 sample", "2 samples".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

/// Says once what the format could not carry, and which one can.
void tell_losses(std::string_view command, std::string_view format, const ExpositionLosses& losses, Console& io);

}  // namespace mcore
