// SPDX-License-Identifier: Apache-2.0
#include "cli/data_options.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "model/duration.h"
#include "model/selector_text.h"

namespace mcore {
namespace {

std::string from_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

StoreSurroundings surroundings_of_process() {
  StoreSurroundings found{.mstore = from_environment("MSTORE"),
                          .xdg_data_home = from_environment("XDG_DATA_HOME"),
                          .home = from_environment("HOME"),
                          .is_root = ::geteuid() == 0};
  if (found.home.empty()) {  // a cron or service without it
    const passwd* const entry = ::getpwuid(::geteuid());
    found.home = entry != nullptr && entry->pw_dir != nullptr ? entry->pw_dir : "";
  }
  return found;
}

Error wrong_option(std::string_view option, const Error& why) {
  return Error(ErrorKind::kUsage, "option " + std::string(option), why.where(), why.why());
}

std::int64_t time_of(std::string_view option, const std::string& text, std::int64_t now_ms, TimeZone zone) {
  const auto time = parse_time(text, now_ms, zone);
  if (!time.ok()) {
    throw wrong_option(option, time.error());
  }
  return time.value();
}

}  // namespace

std::string default_store(const StoreSurroundings& surroundings) {
  if (!surroundings.mstore.empty()) {
    return surroundings.mstore;
  }
  if (surroundings.is_root) {
    return "/var/lib/metricutils";
  }
  if (surroundings.xdg_data_home.starts_with('/')) {
    return surroundings.xdg_data_home + "/metricutils";
  }
  if (surroundings.home.empty()) {
    throw Error(ErrorKind::kUsage, "find the default store", "", "neither $MSTORE nor $HOME is set; give -s DIR");
  }
  return surroundings.home + "/.local/share/metricutils";
}

bool names_store(std::string_view word) noexcept {
  constexpr std::string_view kStarts[] = {"/", "./", "../", "http://", "https://"};
  return is_one_of(word, {"-", ".", ".."}) ||
         std::ranges::any_of(kStarts, [word](std::string_view start) { return word.starts_with(start); });
}

void StoreOption::declare(OptionSet& set) {
  set.text("-s,--store", "DIR", &store_, "The store");
  set.default_text("$MSTORE, else ~/.local/share/metricutils, for root /var/lib/metricutils");
}

void StoreOption::take_from(std::vector<std::string>& operands, Operands which) {
  const auto is_store = [which](const std::string& word) { return which == Operands::kAny || names_store(word); };
  for (const std::string& word : operands) {
    if (!is_store(word)) {
      continue;
    }
    if (word.empty()) {
      throw Error(ErrorKind::kUsage, "store", in_quotes(word), "expected a directory");
    }
    if (is_given()) {
      throw Error(ErrorKind::kUsage, "store", in_quotes(word),
                  "one store at a time, and there is " + in_quotes(store_) + " already");
    }
    store_ = word;
  }
  std::erase_if(operands, is_store);
}

std::string StoreOption::path() const {
  return is_given() ? store_ : default_store(surroundings_of_process());
}

void MatchOption::declare(OptionSet& set) {
  set.list("--match", "SELECTOR", &match_, "Only these series; as an operand, too (repeatable)");
}

std::vector<Selector> MatchOption::selectors(const std::vector<std::string>& operands) const {
  std::vector<Selector> found;
  for (const std::vector<std::string>* const words : {&match_, &operands}) {
    for (const std::string& word : *words) {
      found.push_back(parse_selector(word).value_or_throw());
    }
  }
  return found;
}

void TimeOption::declare(OptionSet& set) {
  set.text("--start", "TIME", &start_, "Only samples from this time on, such as -6h, today, 2026-11-19");
  set.text("--end", "TIME", &end_, "Only samples up to this time");
  set.text("--last", "D", &last_, "Only samples of this long before the end, or before now");
  set.rare();
  set.text("--now", "TIME", &now_, "Take this for the time of day");
  set.flag("--utc", &utc_, "Read and show times in UTC instead of $TZ");
}

std::int64_t TimeOption::now_ms(const Clock& clock) const {
  return now_.empty() ? clock.now_ms() : time_of("--now", now_, clock.now_ms(), zone());
}

TimeRange TimeOption::range(const Clock& clock) const {
  const std::int64_t now = now_ms(clock);
  TimeRange range;
  if (!end_.empty()) {
    range.max_t_ms = time_of("--end", end_, now, zone());
  }
  if (!start_.empty()) {
    range.min_t_ms = time_of("--start", start_, now, zone());
  }
  if (!last_.empty()) {
    if (!start_.empty()) {
      throw Error(ErrorKind::kUsage, "option --last", in_quotes(last_), "either --start or --last begins the range");
    }
    const auto last = parse_duration(last_);
    if (!last.ok()) {
      throw wrong_option("--last", last.error());
    }
    if (end_.empty()) {
      range.max_t_ms = now;
    }
    range.min_t_ms = range.max_t_ms - last.value().count();
  }
  if (range.min_t_ms > range.max_t_ms) {
    throw Error(ErrorKind::kUsage, "option --start", in_quotes(start_),
                time_text_utc(range.min_t_ms) + " is after the end, " + time_text_utc(range.max_t_ms));
  }
  return range;
}

void ResultOption::declare(OptionSet& set) {
  set.output(&format_, &file_,
             {{".tsv", "tsv"}, {".csv", "csv"}, {".jsonl", "jsonl"}, {".json", "json"}, {".md", "markdown"}},
             {"table", "tsv", "csv", "json", "jsonl", "markdown"});
  set.default_text("table on a terminal, else tsv");
  set.rare();
  set.flag_off("--no-header", &header_, "Leave the header of table, tsv and csv out");
  set.flag("--human", &human_, "Sizes as 1.5GiB");
}

void ResultOption::apply(Console& io) const {
  if (!file_.empty()) {
    io.set_output_file(file_);
  }
}

std::string ResultOption::format(const Console& io) const {
  return !format_.empty() ? format_ : io.is_terminal() ? "table" : "tsv";
}

void declare_limit(OptionSet& set, std::size_t* limit) {
  set.count("-n,--limit", "N", limit, "Most rows; 0 for all");
}

}  // namespace mcore
