// SPDX-License-Identifier: Apache-2.0
#include "render/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <chrono>

#include "base/number_text.h"
#include "model/duration.h"
#include "render/cell_text.h"
#include "render/json_text.h"

namespace mcore {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::pair<std::string_view, TableFormat> kFormats[] = {
    {"table", TableFormat::kTable}, {"tsv", TableFormat::kTsv},     {"csv", TableFormat::kCsv},
    {"json", TableFormat::kJson},   {"jsonl", TableFormat::kJsonl}, {"markdown", TableFormat::kMarkdown},
};

bool stands_right(ColumnKind kind) noexcept {
  return kind == ColumnKind::kInteger || kind == ColumnKind::kFloat || kind == ColumnKind::kBytes ||
         kind == ColumnKind::kDuration || kind == ColumnKind::kSpelled;
}

/// Whole seconds and milliseconds without a detour through a float.
std::string seconds_text(std::int64_t ms) {
  const std::uint64_t size = ms < 0 ? 0 - static_cast<std::uint64_t>(ms) : static_cast<std::uint64_t>(ms);
  std::string out = fmt::format("{}{}", ms < 0 ? "-" : "", size / 1000);
  if (size % 1000 != 0) {
    out += fmt::format(".{:03}", size % 1000);
    out.resize(out.find_last_not_of('0') + 1);
  }
  return out;
}

void append_padded(std::string& out, std::string_view cell, std::size_t width, bool right) {
  const std::size_t blanks = width - std::min(width, text_width(cell));
  out.append(right ? blanks : 0, ' ');
  out += cell;
  out.append(right ? 0 : blanks, ' ');
}

}  // namespace

std::optional<TableFormat> table_format_by_name(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(kFormats, name, &std::pair<std::string_view, TableFormat>::first);
  return found == std::end(kFormats) ? std::nullopt : std::optional(found->second);
}

ResultTable::ResultTable(std::vector<Column> columns, TableStyle style) : columns_(std::move(columns)), style_(style) {
  assert(!columns_.empty());
  row_.reserve(columns_.size());
}

bool ResultTable::is_json() const noexcept {
  return style_.format == TableFormat::kJson || style_.format == TableFormat::kJsonl;
}

std::string ResultTable::title(const Column& column) const {
  if (style_.format != TableFormat::kTable && style_.format != TableFormat::kMarkdown) {
    return cell_text(column.name, style_.format);
  }
  std::string title = column.title;
  if (title.empty()) {
    title = column.name;
    std::ranges::transform(title, title.begin(), [](char c) {
      return c == '_' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
  }
  return cell_text(title, style_.format);
}

void ResultTable::add(ColumnKind kind, std::string cell) {
  assert(row_.size() < columns_.size() && columns_[row_.size()].kind == kind);
  (void)kind;
  row_.push_back(std::move(cell));
}

void ResultTable::text(std::string_view value) {
  add(ColumnKind::kText, cell_text(value, style_.format));
}

void ResultTable::integer(std::int64_t value) {
  add(ColumnKind::kInteger, std::to_string(value));
}

void ResultTable::number(double value) {
  std::string cell;
  if (is_json()) {
    append_json_float(cell, value);
  } else {
    cell = float_text(value);
  }
  add(ColumnKind::kFloat, std::move(cell));
}

void ResultTable::spelled_number(std::string_view text) {
  add(ColumnKind::kSpelled, cell_text(text, style_.format));
}

void ResultTable::bytes(std::uint64_t value) {
  add(ColumnKind::kBytes, style_.human && !is_json() ? bytes_text(value) : std::to_string(value));
}

void ResultTable::time(std::int64_t t_ms) {
  const bool local = style_.format == TableFormat::kTable && style_.zone == TimeZone::kLocal;
  add(ColumnKind::kTime, cell_text(local ? time_text_local(t_ms) : time_text_utc(t_ms), style_.format));
}

void ResultTable::duration(std::int64_t ms) {
  const bool for_people = style_.format == TableFormat::kTable || style_.format == TableFormat::kMarkdown;
  add(ColumnKind::kDuration, for_people ? duration_text(std::chrono::milliseconds(ms)) : seconds_text(ms));
}

void ResultTable::labels(LabelsView value) {
  std::string cell;
  if (is_json()) {
    append_json_labels(cell, value);
  } else {
    cell = cell_text(labels_text(value), style_.format, true);
  }
  add(ColumnKind::kLabels, std::move(cell));
}

void ResultTable::none() {
  assert(row_.size() < columns_.size());
  row_.emplace_back(is_json() ? "null" : "");
}

void ResultTable::start() {
  if (std::exchange(started_, true)) {
    return;
  }
  const bool titled =
      style_.header && (style_.format == TableFormat::kCsv || (style_.format == TableFormat::kTsv && !style_.record));
  for (const Column& column : columns_) {
    if (titled) {
      output_ += &column == &columns_.front() ? "" : style_.format == TableFormat::kCsv ? "," : "\t";
      output_ += title(column);
    }
  }
  output_ += titled ? "\n" : "";
}

void ResultTable::end_row() {
  assert(row_.size() == columns_.size());
  start();
  ++rows_;
  if (style_.format == TableFormat::kTable || style_.format == TableFormat::kMarkdown) {
    std::ranges::move(row_, std::back_inserter(pending_));
  } else if (style_.record && style_.format == TableFormat::kTsv) {
    put_record();
  } else if (is_json()) {
    const bool in_array = style_.format == TableFormat::kJson && !style_.record;
    output_ += !in_array ? "{" : rows_ == 1 ? "[\n{" : ",\n{";
    for (std::size_t i = 0; i < row_.size(); ++i) {
      output_ += (i == 0 ? "" : ",") + cell_text(columns_[i].name, style_.format) + ":" + row_[i];
    }
    output_ += in_array ? "}" : "}\n";
  } else {
    for (std::size_t i = 0; i < row_.size(); ++i) {
      output_ += i == 0 ? "" : style_.format == TableFormat::kCsv ? "," : "\t";
      output_ += row_[i];
    }
    output_ += '\n';
  }
  row_.clear();
}

void ResultTable::put_record() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    output_ += title(columns_[i]) + "\t" + row_[i] + "\n";
  }
}

void ResultTable::finish() {
  assert(row_.empty());
  start();
  if (style_.format == TableFormat::kTable) {
    finish_table();
  } else if (style_.format == TableFormat::kMarkdown) {
    finish_markdown();
  } else if (style_.format == TableFormat::kJson && !style_.record) {
    output_ += rows_ == 0 ? "[]\n" : "\n]\n";
  }
  pending_.clear();
}

void ResultTable::finish_table() {
  const std::size_t count = columns_.size();
  std::vector<std::string> titles;
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < count; ++i) {
    titles.push_back(title(columns_[i]));
    std::size_t width = style_.header || style_.record ? text_width(titles[i]) : 0;
    for (std::size_t at = i; at < pending_.size(); at += count) {
      width = std::max(width, text_width(pending_[at]));
    }
    widths.push_back(width);
  }
  if (style_.record) {
    std::size_t width = 0;
    for (const std::string& one : titles) {
      width = std::max(width, text_width(one));
    }
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      append_padded(output_, titles[i % count], pending_[i].empty() ? 0 : width, false);
      output_ += pending_[i].empty() ? std::string_view() : kGap;
      output_ += pending_[i] + "\n";
    }
    return;
  }
  const auto put_line = [&](const std::string* cells) {
    for (std::size_t i = 0; i < count; ++i) {
      output_ += i == 0 ? "" : kGap;
      append_padded(output_, cells[i], widths[i], stands_right(columns_[i].kind));
    }
    output_.resize(output_.find_last_not_of(' ') + 1);
    output_ += '\n';
  };
  if (style_.header) {
    put_line(titles.data());
  }
  for (std::size_t at = 0; at < pending_.size(); at += count) {
    put_line(pending_.data() + at);
  }
}

void ResultTable::finish_markdown() {
  const std::size_t count = columns_.size();
  if (style_.record) {
    output_ += "| | |\n|---|---|\n";
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      output_ += "| " + title(columns_[i % count]) + " | " + pending_[i] + " |\n";
    }
    return;
  }
  for (const Column& column : columns_) {  // without a header line it would be no table
    output_ += "| " + title(column) + " ";
  }
  output_ += "|\n";
  for (const Column& column : columns_) {
    output_ += stands_right(column.kind) ? "|---:" : "|---";
  }
  output_ += "|\n";
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    output_ += "| " + pending_[i] + (i % count == count - 1 ? " |\n" : " ");
  }
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) {
    return fmt::format("{}B", bytes);
  }
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < std::size(kUnits)) {  // 1023.5 would be shown as 1024
    value /= 1024;
    ++unit;
  }
  return value < 9.95 ? fmt::format("{:.1f}{}", value, kUnits[unit]) : fmt::format("{:.0f}{}", value, kUnits[unit]);
}

}  // namespace mcore
