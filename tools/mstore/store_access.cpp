// SPDX-License-Identifier: Apache-2.0
#include "store_access.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/directory.h"
#include "base/error.h"
#include "model/duration.h"
#include "model/time_text.h"

namespace mcore {
namespace {

constexpr std::uint64_t kDamagesShown = 10;

std::string time_text(std::int64_t t_ms, TimeZone zone) {
  return zone == TimeZone::kUtc ? time_text_utc(t_ms) : time_text_local(t_ms);
}

}  // namespace

DamageReport DamageNotes::report() {
  return [this](const Error& damage) {
    if (++count_ <= kDamagesShown) {
      io_.warn(damage);
    }
  };
}

void DamageNotes::finish() {
  if (count_ > kDamagesShown) {
    io_.warn(fmt::format("{} more damaged places; 'mstore verify' lists all", count_ - kDamagesShown));
  }
}

void SelectionOptions::declare(OptionSet& set, std::string_view placeholder, std::string_view help,
                               std::size_t most_operands) {
  set.operands(placeholder, &operands_, help, 0, most_operands);
  set.group("Selection");
  store_.declare(set);
  match_.declare(set);
  time_.declare(set);
}

void SelectionOptions::rewrite_operands(std::string (*rewrite)(const std::string&)) {
  for (std::string& operand : operands_) {
    if (!names_store(operand)) {
      operand = rewrite(operand);
    }
  }
}

void SelectionOptions::resolve(bool operands_are_selectors) {
  store_.take_from(operands_);
  selectors_ = match_.selectors(operands_are_selectors ? operands_ : std::vector<std::string>());
  const SystemClock clock;
  range_ = time_.range(clock);
  now_ms_ = time_.now_ms(clock);
}

void require_directory(const std::string& path) {
  if (!path_exists(path)) {
    throw Error(ErrorKind::kIo, "open store", path,
                "no such directory; -s DIR names another, 'mstore append' makes one");
  }
}

std::unique_ptr<StoreReader> open_store(const std::string& path, DamageNotes& damage) {
  require_directory(path);
  return std::make_unique<StoreReader>(path, damage.report());
}

ExitCode nothing_found(std::string_view command, StoreReader& reader, const SelectionOptions& selection, Console& io) {
  const auto has = reader.time_range();
  if (!has.has_value()) {
    io.note(fmt::format("{}: nothing here: the store has no samples", command));
  } else if (!selection.range().overlaps(*has)) {
    io.note(fmt::format("{}: nothing here: the store has samples from {} to {}", command,
                        time_text(has->min_t_ms, selection.zone()), time_text(has->max_t_ms, selection.zone())));
  } else {
    const bool is_limited = selection.range() != TimeRange{};
    io.note(fmt::format("{}: nothing here: no series {}; 'mstore metrics' lists what there is", command,
                        is_limited ? "that matches has samples in the range" : "matches"));
  }
  return ExitCode::kNo;
}

TableStyle table_style(const ResultOption& output, TimeZone zone, const Console& io) {
  return {.format = table_format_by_name(output.format(io)).value_or(TableFormat::kTsv),
          .header = output.header(),
          .zone = zone,
          .human = output.human()};
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

void tell_losses(std::string_view command, std::string_view format, const ExpositionLosses& losses, Console& io) {
  const auto tell = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) {
      io.warn_softly(
          fmt::format("{}: {} left out: format {} has none; -o rw2 keeps them", command, counted(count, what), format));
    }
  };
  tell(losses.native_histograms, "native histogram");
  tell(losses.stale_markers, "stale marker");
  tell(losses.exemplars, "exemplar");
  tell(losses.start_timestamps, "start time");
  if (losses.types > 0) {
    io.warn_softly(
        fmt::format("{}: {} series are parts of histograms and summaries: format {} loses their type; -o rw2 "
                    "keeps it",
                    command, losses.types, format));
  }
}

}  // namespace mcore
