// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "text/csv_columns.h"

namespace mcore {

/// Cuts CSV into records and fields.
///
/// Shape:  RFC 4180: commas, lines that end in LF or CRLF, quoted fields with doubled quotes in which lines may go on;
///         a quote inside an unquoted field is a character like any other.
/// Errors: kBad, with reason(): behind a closing quote comes something else, or a record has more than 1 MiB. What is
///         wrong then is at most the first line of `bytes`.
class CsvSplitter {
 public:
  enum class Outcome : std::uint8_t {
    kRecord,  // fields(), and size() bytes are used
    kMore,    // the record is not whole yet
    kBad
  };
  /// Reads the record at the front of `bytes`. `at_end`: nothing comes behind them.
  Outcome read(std::string_view bytes, bool at_end);

  /// Views of the bytes, or of this until the next read().
  [[nodiscard]] const std::vector<std::string_view>& fields() const noexcept { return fields_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  std::vector<std::string_view> fields_;
  std::string scratch_;
  std::size_t size_ = 0;
  std::string reason_;
};

/// One sample of a row.
struct CsvSample {
  std::string_view metric;
  double value = 0;
};

/// Makes samples of the rows of a CSV file.
///
/// Shape:  `columns` says what the columns are; where it is empty, the header does, in CsvWriter's shape. The first row
///         is the header where columns are named by it, and where none of its cells of values is a number. A cell
///         without a value is no sample, a label without one is no label.
/// Errors: read() returns kBad and sets reason(); throws Error (kUsage) for a header that lacks a column asked for.
class CsvRowReader {
 public:
  explicit CsvRowReader(std::vector<CsvColumn> columns);

  enum class Row : std::uint8_t { kHeader, kSamples, kBad };
  Row read(const std::vector<std::string_view>& fields);

  /// Of the row: views of its fields.
  [[nodiscard]] const std::vector<CsvSample>& samples() const noexcept { return samples_; }
  [[nodiscard]] std::optional<std::int64_t> t_ms() const noexcept { return t_ms_; }
  /// Adds the labels of one of the samples.
  void labels(const CsvSample& sample, LabelBuilder& out) const;
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  [[nodiscard]] bool is_header(const std::vector<std::string_view>& fields) const;
  void take_header(const std::vector<std::string_view>& fields);
  Row refuse(std::string reason);

  std::vector<CsvColumn> columns_;
  std::size_t most_number_ = 0;
  bool is_first_ = true;
  std::vector<CsvSample> samples_;
  std::vector<Label> labels_;
  std::optional<std::int64_t> t_ms_;
  std::string reason_;
};

}  // namespace mcore
