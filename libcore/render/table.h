// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "model/time_text.h"

namespace mcore {

enum class TableFormat : std::uint8_t { kTable, kTsv, kCsv, kJson, kJsonl, kMarkdown };

/// The format of a word of `-o`: table, tsv, csv, json, jsonl, markdown.
[[nodiscard]] std::optional<TableFormat> table_format_by_name(std::string_view name) noexcept;

/// What a column holds; decides how a cell is spelled in each format. Numbers stand to the right.
enum class ColumnKind : std::uint8_t {
  kText,
  kInteger,   // exact to 64 bits in every format
  kFloat,     // JSON has NaN and infinities as strings
  kBytes,     // a number; 1.5GiB with TableStyle::human
  kTime,      // milliseconds since the epoch; table: the style's zone; else RFC 3339 in UTC
  kDuration,  // milliseconds; table and markdown: 1h30m; else seconds
  kLabels,    // JSON: an object; else as PromQL writes it
  kSpelled,   // a number that the caller spelled: a text, to the right
};

struct Column {
  std::string name{};  // as in JSON: lower case, words joined by _
  ColumnKind kind = ColumnKind::kText;
  std::string title{};  // over a table; by default the name in capitals, _ as blank
};

struct TableStyle {
  TableFormat format = TableFormat::kTable;
  bool header = true;
  TimeZone zone = TimeZone::kLocal;
  bool human = false;
  /// The one row is a thing with properties: a property a line (table, tsv, markdown), an object instead of an array
  /// (json).
  bool record = false;
};

/// Rows of results, written as a table for people or as data for programs.
///
/// Shape:    table: columns two blanks apart, control characters escaped; tsv: \t \n \r \\ escaped in texts; csv: RFC
/// 4180
///           with line feeds; json: an array with an object a line; jsonl: an object a line; markdown: a pipe table. A
///           cell without value is empty, in JSON null.
/// Errors:   none; cells must come in the order and number of the columns (asserted).
/// Threads:  one.
/// Cost:     tsv, csv, json and jsonl rows are in output() at once; a table is held back until finish(), for its
/// widths.
class ResultTable {
 public:
  /// Requires: at least one column.
  ResultTable(std::vector<Column> columns, TableStyle style);

  /// One cell of the row under way, each for columns of its kind. none() is for any.
  void text(std::string_view value);
  void integer(std::int64_t value);
  void number(double value);
  void spelled_number(std::string_view text);
  void bytes(std::uint64_t value);
  void time(std::int64_t t_ms);
  void duration(std::int64_t ms);
  void labels(LabelsView value);
  void none();
  /// Requires: a cell for each column.
  void end_row();

  /// Completes the output. Requires: no row under way.
  void finish();
  /// What is ready to be written; the caller takes it and clears it whenever it likes.
  [[nodiscard]] std::string& output() noexcept { return output_; }
  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

 private:
  [[nodiscard]] bool is_json() const noexcept;
  [[nodiscard]] std::string title(const Column& column) const;
  void start();
  void add(ColumnKind kind, std::string cell);
  void finish_table();
  void finish_markdown();
  void put_record();

  std::vector<Column> columns_;
  TableStyle style_;
  std::vector<std::string> row_;      // spelled for the format
  std::vector<std::string> pending_;  // cells of the rows of table and markdown
  std::string output_;
  std::size_t rows_ = 0;
  bool started_ = false;
};

/// A size as people read it: 512B, 1.5KiB, 20GiB; two or three digits.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

}  // namespace mcore
