// SPDX-License-Identifier: Apache-2.0
#include "text/csv_columns.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>

#include "base/utf8.h"
#include "model/labels.h"

namespace mcore {
namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

Error bad_columns(std::string_view item, std::string_view why) {
  return {ErrorKind::kUsage, "parse columns", "", fmt::format("{}: {}", in_quotes(item), why)};
}

/// Takes digits from the front of `text` as a number of exactly `width` of them; -1 if they are not there.
int take_number(std::string_view& text, std::size_t width) noexcept {
  int number = 0;
  if (text.size() < width) {
    return -1;
  }
  for (std::size_t i = 0; i < width; ++i) {
    if (!is_digit(text[i])) {
      return -1;
    }
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return number;
}

bool take(std::string_view& text, std::string_view any_of) noexcept {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

/// Takes a decimal fraction from behind its point as milliseconds; digits beyond them are cut off.
std::int64_t take_fraction(std::string_view& text) noexcept {
  std::int64_t ms = 0;
  std::int64_t unit = 100;
  while (!text.empty() && is_digit(text.front())) {
    ms += (text.front() - '0') * unit;
    unit /= 10;
    text.remove_prefix(1);
  }
  return ms;
}

std::optional<std::int64_t> unix_seconds(std::string_view text) noexcept {
  const bool negative = take(text, "-");
  std::int64_t seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || text.empty() || !is_digit(text.front()) ||
      seconds > std::numeric_limits<std::int64_t>::max() / 1000 - 1) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  std::int64_t ms = seconds * 1000;
  if (take(text, ".")) {
    ms += take_fraction(text);
  }
  return text.empty() ? std::optional(negative ? -ms : ms) : std::nullopt;
}

std::optional<std::int64_t> whole(std::string_view text) noexcept {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && stop == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> rfc3339(std::string_view text) noexcept {
  const int year = take_number(text, 4);
  const bool first = take(text, "-");
  const int month = take_number(text, 2);
  const bool second = take(text, "-");
  const int day = take_number(text, 2);
  const bool separator = take(text, "Tt ");
  const int hour = take_number(text, 2);
  const bool third = take(text, ":");
  const int minute = take_number(text, 2);
  const bool fourth = take(text, ":");
  const int seconds = take_number(text, 2);
  if (!first || !second || !separator || !third || !fourth || year < 0 || month < 0 || day < 0 || hour < 0 ||
      hour > 23 || minute < 0 || minute > 59 || seconds < 0 || seconds > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) {
    return std::nullopt;
  }
  std::int64_t ms = 0;
  if (take(text, ".")) {
    if (text.empty() || !is_digit(text.front())) {
      return std::nullopt;
    }
    ms = take_fraction(text);
  }
  std::int64_t offset_minutes = 0;
  if (!take(text, "Zz")) {
    const bool behind = !text.empty() && text.front() == '-';
    if (!take(text, "+-")) {
      return std::nullopt;
    }
    const int hours = take_number(text, 2);
    const bool colon = take(text, ":");
    const int minutes = take_number(text, 2);
    if (hours < 0 || hours > 23 || !colon || minutes < 0 || minutes > 59) {
      return std::nullopt;
    }
    offset_minutes = (behind ? -1 : 1) * (hours * 60 + minutes);
  }
  if (!text.empty()) {
    return std::nullopt;
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (((days * 24 + hour) * 60 + minute - offset_minutes) * 60 + seconds) * 1000 + ms;
}

std::optional<std::int64_t> custom(std::string_view text, const std::string& layout) {
  const std::string ended(text);
  struct tm parts {};
  parts.tm_mday = 1;  // for layouts without one
  const char* const stop = ::strptime(ended.c_str(), layout.c_str(), &parts);
  if (stop == nullptr) {
    return std::nullopt;
  }
  std::string_view rest = std::string_view(ended).substr(static_cast<std::size_t>(stop - ended.c_str()));
  std::int64_t ms = 0;
  if ((layout.ends_with("%S") || layout.ends_with("%T")) && take(rest, ".,")) {
    ms = take_fraction(rest);
  }
  if (!rest.empty()) {
    return std::nullopt;
  }
  const std::int64_t offset = parts.tm_gmtoff;  // timegm() sets it to 0
  return (static_cast<std::int64_t>(::timegm(&parts)) - offset) * 1000 + ms;
}

struct FormatWord {
  std::string_view word;
  CsvTimeFormat format;
};
constexpr FormatWord kFormats[] = {{"unix_s", CsvTimeFormat::kUnixSeconds},
                                   {"unix_ms", CsvTimeFormat::kUnixMilliseconds},
                                   {"unix_ns", CsvTimeFormat::kUnixNanoseconds},
                                   {"rfc3339", CsvTimeFormat::kRfc3339}};

Result<CsvColumn> parse_column(std::string_view item) {
  CsvColumn column;
  const std::size_t first = item.find(':');
  if (first == std::string_view::npos || first == 0) {
    return bad_columns(item, "expected COLUMN:metric:NAME, COLUMN:label:NAME, COLUMN:time:FORMAT or COLUMN:value");
  }
  const std::string_view which = item.substr(0, first);
  if (std::ranges::all_of(which, is_digit)) {
    const auto number = whole(which);
    if (!number || *number < 1 || *number > 1'000'000) {
      return bad_columns(item, "columns are counted from 1");
    }
    column.number = static_cast<std::size_t>(*number);
  } else {
    column.header = which;
  }
  const std::string_view rest = item.substr(first + 1);
  const std::size_t second = rest.find(':');
  const std::string_view kind = rest.substr(0, second);
  const std::string_view name = second == std::string_view::npos ? std::string_view() : rest.substr(second + 1);
  if (kind == "metric" || kind == "label") {
    column.kind = kind == "metric" ? CsvColumn::Kind::kMetric : CsvColumn::Kind::kLabel;
    column.name = name;
    if (name.empty() || !is_valid_utf8(name)) {
      return bad_columns(item, fmt::format("the {} needs a name", kind));
    }
    return column;
  }
  if (kind == "value" && second == std::string_view::npos) {
    column.kind = CsvColumn::Kind::kValue;
    return column;
  }
  if (kind != "time") {
    return bad_columns(item, fmt::format("{} is none of metric, label, time, value", in_quotes(kind)));
  }
  column.kind = CsvColumn::Kind::kTime;
  if (name.starts_with("custom:") && name.size() > 7) {
    column.time_format = CsvTimeFormat::kCustom;
    column.layout = name.substr(7);
    return column;
  }
  const auto* const row = std::ranges::find(kFormats, name, &FormatWord::word);
  if (row == std::end(kFormats)) {
    return bad_columns(item,
                       fmt::format("{} is none of unix_s, unix_ms, unix_ns, rfc3339, custom:LAYOUT", in_quotes(name)));
  }
  column.time_format = row->format;
  return column;
}

}  // namespace

std::optional<std::int64_t> parse_csv_time(std::string_view text, CsvTimeFormat format, const std::string& layout) {
  switch (format) {
    case CsvTimeFormat::kUnixSeconds:
      return unix_seconds(text);
    case CsvTimeFormat::kUnixMilliseconds:
      return whole(text);
    case CsvTimeFormat::kUnixNanoseconds: {
      const auto ns = whole(text);
      return ns ? std::optional(*ns / 1'000'000 - (*ns % 1'000'000 < 0 ? 1 : 0)) : std::nullopt;
    }
    case CsvTimeFormat::kRfc3339:
      return rfc3339(text);
    case CsvTimeFormat::kCustom:
      return custom(text, layout);
  }
  return std::nullopt;
}

Result<std::vector<CsvColumn>> parse_csv_columns(std::string_view spec) {
  std::vector<CsvColumn> columns;
  std::size_t times = 0;
  bool has_metric = false;
  bool has_value = false;
  bool has_name = false;
  for (std::string_view rest = spec;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    auto column = parse_column(item);
    if (!column.ok()) {
      return column.error();
    }
    columns.push_back(std::move(column).value());
    times += columns.back().kind == CsvColumn::Kind::kTime ? 1 : 0;
    if (times > 1) {
      return bad_columns(item, "a second column of times");
    }
    has_metric |= columns.back().kind == CsvColumn::Kind::kMetric;
    has_value |= columns.back().kind == CsvColumn::Kind::kValue;
    has_name |= columns.back().kind == CsvColumn::Kind::kLabel && columns.back().name == kNameLabel;
    if (comma == std::string_view::npos) {
      break;
    }
    rest.remove_prefix(comma + 1);
  }
  if (!has_metric && !has_value) {
    return bad_columns(spec, "no column is a metric");
  }
  if (has_value && !has_name) {
    return bad_columns(spec, "a value needs a column label:__name__");
  }
  if (has_metric && has_name) {
    return bad_columns(spec, "a metric has its name already: label:__name__ goes with value");
  }
  return columns;
}

std::optional<std::vector<CsvColumn>> default_csv_columns(const std::vector<std::string_view>& header) {
  const std::size_t size = header.size();
  if (size < 3 || header.front() != "metric" || header[size - 2] != "time" || header[size - 1] != "value") {
    return std::nullopt;
  }
  std::vector<CsvColumn> columns;
  for (std::size_t i = 0; i < size; ++i) {
    CsvColumn column;
    column.number = i + 1;
    column.kind = i + 2 == size   ? CsvColumn::Kind::kTime
                  : i + 1 == size ? CsvColumn::Kind::kValue
                                  : CsvColumn::Kind::kLabel;
    if (column.kind == CsvColumn::Kind::kLabel) {
      column.name = i == 0 ? kNameLabel : header[i];
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace mcore
