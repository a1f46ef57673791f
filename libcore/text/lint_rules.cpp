// SPDX-License-Identifier: Apache-2.0
#include "text/lint_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/strings.h"

namespace mcore {
namespace {

struct UnitRow {
  std::string_view unit;
  std::string_view base;
};
constexpr UnitRow kUnits[] = {
    {"amperes", "amperes"}, {"bytes", "bytes"},     {"celsius", "celsius"}, {"grams", "grams"},
    {"joules", "joules"},   {"kelvin", "kelvin"},   {"meters", "meters"},   {"metres", "metres"},
    {"seconds", "seconds"}, {"volts", "volts"},     {"minutes", "seconds"}, {"hours", "seconds"},
    {"days", "seconds"},    {"weeks", "seconds"},   {"kelvins", "kelvin"},  {"fahrenheit", "celsius"},
    {"rankine", "celsius"}, {"inches", "meters"},   {"yards", "meters"},    {"miles", "meters"},
    {"bits", "bytes"},      {"calories", "joules"}, {"pounds", "grams"},    {"ounces", "grams"},
};
constexpr std::string_view kPrefixes[] = {"pico",  "nano", "micro", "milli", "centi", "deci", "deca",
                                          "hecto", "kilo", "kibi",  "mega",  "mebi",  "mibi", "giga",
                                          "gibi",  "tera", "tebi",  "peta",  "pebi"};
constexpr std::string_view kAbbreviations[] = {"s",  "ms", "us", "ns", "sec", "b", "kb",
                                               "mb", "gb", "tb", "pb", "m",   "h", "d"};

std::string_view base_of(std::string_view word) {
  const auto* const row = std::ranges::find(kUnits, word, &UnitRow::unit);
  return row == std::end(kUnits) ? std::string_view() : row->base;
}

/// The first word of a name that is a unit, and its base unit; empty if none is.
UnitRow unit_in(std::string_view name) {
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('_', at), name.size());
    const std::string_view word = name.substr(at, end - at);
    if (const std::string_view base = base_of(word); !base.empty()) {
      return {word, base};
    }
    for (const std::string_view prefix : kPrefixes) {
      if (word.starts_with(prefix)) {
        if (const std::string_view base = base_of(word.substr(prefix.size())); !base.empty()) {
          return {word, base};
        }
      }
    }
    at = end + 1;
  }
  return {};
}

bool is_camel_case(std::string_view name) {
  for (std::size_t i = 1; i < name.size(); ++i) {
    if (name[i - 1] >= 'a' && name[i - 1] <= 'z' && name[i] >= 'A' && name[i] <= 'Z') {
      return true;
    }
  }
  return false;
}

/// Whether `word` stands between underscores in the name, or at its end behind one.
bool has_word(std::string_view name, std::string_view word) {
  const std::string inside = fmt::format("_{}_", word);
  return name.find(inside) != std::string_view::npos || name.ends_with(inside.substr(0, inside.size() - 1));
}

void lint_suffixes(std::string_view name, MetricType type, bool openmetrics, std::vector<LintFault>& faults) {
  const bool is_counter = type == MetricType::kCounter;
  const bool is_histogram = type == MetricType::kHistogram || type == MetricType::kGaugeHistogram;
  const bool has_parts = is_histogram || type == MetricType::kSummary;
  if (is_counter && !openmetrics && !name.ends_with("_total")) {
    faults.push_back({"counter-total", "a counter's name should end in \"_total\""});
  }
  if ((!is_counter || openmetrics) && name.ends_with("_total")) {
    faults.push_back({"total-suffix", openmetrics && is_counter
                                          ? "OpenMetrics names a counter's family without \"_total\""
                                          : "only a counter's name should end in \"_total\""});
  }
  if (!is_histogram && name.ends_with("_bucket")) {
    faults.push_back({"reserved-suffix", "only histograms have names that end in \"_bucket\""});
  }
  if (!has_parts && (name.ends_with("_count") || name.ends_with("_sum"))) {
    faults.push_back(
        {"reserved-suffix", "only histograms and summaries have names that end in \"_count\" or \"_sum\""});
  }
}

}  // namespace

std::vector<LintFault> lint_family_name(std::string_view name, MetricType type, bool has_type, bool openmetrics) {
  std::vector<LintFault> faults;
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool typed = has_type && type != MetricType::kUnknown;
  if (typed) {
    lint_suffixes(name, type, openmetrics, faults);
  }
  if (const UnitRow unit = unit_in(name); !unit.unit.empty() && unit.unit != unit.base) {
    faults.push_back({"base-unit", fmt::format("the base unit is \"{}\", not \"{}\"", unit.base, unit.unit)});
  }
  if (typed && type != MetricType::kInfo && has_word(lower, metric_type_word(type))) {
    faults.push_back({"type-in-name", fmt::format("the name should not say its type, \"{}\"", metric_type_word(type))});
  }
  if (name.find(':') != std::string_view::npos) {
    faults.push_back({"colon", "colons in names are for recording rules"});
  }
  if (is_camel_case(name)) {
    faults.push_back({"camel-case", "names are written in snake_case, not camelCase"});
  }
  if (std::ranges::any_of(kAbbreviations, [&](std::string_view word) { return has_word(lower, word); })) {
    faults.push_back({"abbreviated-unit", "units are not abbreviated in names"});
  }
  return faults;
}

std::vector<LintFault> lint_label_name(std::string_view label, MetricType type, bool has_type) {
  std::vector<LintFault> faults;
  if (is_camel_case(label)) {
    faults.push_back(
        {"camel-case", fmt::format("label names are written in snake_case, not camelCase: \"{}\"", label)});
  }
  const bool typed = has_type && type != MetricType::kUnknown;
  if (typed && label == "le" && type != MetricType::kHistogram && type != MetricType::kGaugeHistogram) {
    faults.push_back({"reserved-label", "only histograms have the label \"le\""});
  }
  if (typed && label == "quantile" && type != MetricType::kSummary) {
    faults.push_back({"reserved-label", "only summaries have the label \"quantile\""});
  }
  return faults;
}

}  // namespace mcore
