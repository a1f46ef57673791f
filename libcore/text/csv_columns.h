// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mcore {

/// How a column of times is written.
enum class CsvTimeFormat : std::uint8_t { kUnixSeconds, kUnixMilliseconds, kUnixNanoseconds, kRfc3339, kCustom };

/// Milliseconds since the Unix epoch; nothing if the text is no such time. Seconds may have a fraction; what is finer
/// than a millisecond is cut off. `layout` is for kCustom: strptime's, in the C locale; UTC unless it has %z; a
/// fraction may stand behind the seconds where the layout ends with them.
[[nodiscard]] std::optional<std::int64_t> parse_csv_time(std::string_view text, CsvTimeFormat format,
                                                         const std::string& layout = {});

/// What one column of a CSV file is.
struct CsvColumn {
  enum class Kind : std::uint8_t {
    kMetric,  // values of the metric `name`
    kValue,   // values of the metric that the label __name__ names
    kLabel,   // values of the label `name`
    kTime
  };
  std::size_t number = 0;  // from 1; 0: the one with this `header`
  std::string header{};
  Kind kind = Kind::kMetric;
  std::string name{};
  CsvTimeFormat time_format = CsvTimeFormat::kUnixMilliseconds;
  std::string layout{};  // of kCustom
};

/// Reads a column map, as VictoriaMetrics' CSV import has it.
///
/// Shape:  items with commas between, `COLUMN:metric:NAME`, `COLUMN:label:NAME`, `COLUMN:value` or
/// `COLUMN:time:FORMAT`;
///         COLUMN is a number from 1 or the text of the header, FORMAT unix_s, unix_ms, unix_ns, rfc3339 or
///         custom:LAYOUT. `2:metric:ask,3:metric:bid,1:label:ticker,4:time:unix_s`. At least one metric or value, at
///         most one time; a value needs a label __name__.
/// Errors: a Result that names the item.
[[nodiscard]] Result<std::vector<CsvColumn>> parse_csv_columns(std::string_view spec);

/// The columns that a header of CsvWriter's shape means, `metric,LABEL...,time,value`; nothing for another header.
[[nodiscard]] std::optional<std::vector<CsvColumn>> default_csv_columns(const std::vector<std::string_view>& header);

}  // namespace mcore
