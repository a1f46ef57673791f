// SPDX-License-Identifier: Apache-2.0
#include "text/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/number_text.h"
#include "base/utf8.h"

namespace mcore {
namespace {

constexpr std::size_t kMostRecord = 1 << 20;

bool is_value(const CsvColumn& column) noexcept {
  return column.kind == CsvColumn::Kind::kMetric || column.kind == CsvColumn::Kind::kValue;
}

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

CsvSplitter::Outcome CsvSplitter::read(std::string_view bytes, bool at_end) {
  fields_.clear();
  scratch_.clear();
  if (scratch_.capacity() < std::min(bytes.size(), kMostRecord)) {
    scratch_.reserve(std::min(bytes.size(), kMostRecord));  // so that views of it stay
  }
  const auto bad = [this](std::string reason) {
    reason_ = std::move(reason);
    return Outcome::kBad;
  };
  const auto incomplete = [&](bool in_quotes) {
    if (bytes.size() > kMostRecord || (at_end && in_quotes)) {
      return bad(in_quotes ? "the quote of a field is not closed" : "a record of more than 1 MiB");
    }
    return Outcome::kMore;
  };
  bytes = bytes.substr(0, kMostRecord + 1);
  for (std::size_t p = 0;;) {
    if (p < bytes.size() && bytes[p] == '"') {
      const std::size_t from = scratch_.size();
      for (++p;;) {
        const std::size_t quote = bytes.find('"', p);
        if (quote == std::string_view::npos) {
          return incomplete(true);
        }
        scratch_ += bytes.substr(p, quote - p);
        p = quote + 1;
        if (p == bytes.size() || bytes[p] != '"') {
          break;
        }
        scratch_ += '"';
        ++p;
      }
      fields_.push_back(std::string_view(scratch_).substr(from));
      p += p + 1 < bytes.size() && bytes[p] == '\r' && bytes[p + 1] == '\n' ? 1 : 0;
      if (p == bytes.size() || (p + 1 == bytes.size() && bytes[p] == '\r')) {
        return incomplete(false);
      }
      if (bytes[p] != ',' && bytes[p] != '\n') {
        return bad(fmt::format("expected ',' or the end of the line behind a closing quote, found {}",
                               in_quotes(bytes.substr(p, 1))));
      }
    } else {
      std::size_t stop = p;
      while (stop != bytes.size() && bytes[stop] != ',' && bytes[stop] != '\n') {
        ++stop;
      }
      if (stop == bytes.size()) {
        return incomplete(false);
      }
      std::string_view field = bytes.substr(p, stop - p);
      if (bytes[stop] == '\n' && field.ends_with('\r')) {
        field.remove_suffix(1);
      }
      fields_.push_back(field);
      p = stop;
    }
    if (bytes[p++] == '\n') {
      size_ = p;
      return Outcome::kRecord;
    }
  }
}

CsvRowReader::CsvRowReader(std::vector<CsvColumn> columns) : columns_(std::move(columns)) {
  for (const CsvColumn& column : columns_) {
    most_number_ = std::max(most_number_, column.number);
  }
}

bool CsvRowReader::is_header(const std::vector<std::string_view>& fields) const {
  if (columns_.empty() || std::ranges::any_of(columns_, [](const CsvColumn& c) { return c.number == 0; })) {
    return true;
  }
  double ignored = 0;
  return std::ranges::none_of(columns_, [&](const CsvColumn& c) {
    return is_value(c) && c.number <= fields.size() &&
           parse_float(trimmed(fields[c.number - 1]), ignored) == FloatStatus::kOk;
  });
}

void CsvRowReader::take_header(const std::vector<std::string_view>& fields) {
  if (columns_.empty()) {
    auto columns = default_csv_columns(fields);
    if (!columns) {
      throw Error(ErrorKind::kUsage, "read CSV", "",
                  "the header is not metric,LABEL...,time,value; a column map says what the columns are");
    }
    columns_ = std::move(*columns);
  }
  for (CsvColumn& column : columns_) {
    if (column.number == 0) {
      const auto found = std::ranges::find(fields, std::string_view(column.header));
      if (found == fields.end()) {
        throw Error(ErrorKind::kUsage, "read CSV", "",
                    fmt::format("no column {} in the header", in_quotes(column.header)));
      }
      column.number = static_cast<std::size_t>(found - fields.begin()) + 1;
    }
    most_number_ = std::max(most_number_, column.number);
  }
}

CsvRowReader::Row CsvRowReader::read(const std::vector<std::string_view>& fields) {
  if (std::exchange(is_first_, false) && is_header(fields)) {
    take_header(fields);
    return Row::kHeader;
  }
  samples_.clear();
  labels_.clear();
  t_ms_.reset();
  if (fields.size() < most_number_) {
    return refuse(fmt::format("the row has {} columns, and column {} is asked for", fields.size(), most_number_));
  }
  for (const CsvColumn& column : columns_) {
    const std::string_view cell = fields[column.number - 1];
    if (column.kind == CsvColumn::Kind::kLabel) {
      if (!is_valid_utf8(cell)) {
        return refuse(fmt::format("column {}: {} is not valid UTF-8", column.number, in_quotes(cell, 40)));
      }
      labels_.push_back({column.name, cell});
      continue;
    }
    const std::string_view text = trimmed(cell);
    if (column.kind == CsvColumn::Kind::kTime) {
      t_ms_ = parse_csv_time(text, column.time_format, column.layout);
      if (!t_ms_) {
        return refuse(fmt::format("column {}: {} is no time as asked for", column.number, in_quotes(text, 40)));
      }
    } else if (!text.empty()) {
      double value = 0;
      if (parse_float(text, value) != FloatStatus::kOk) {
        return refuse(fmt::format("column {}: {} is no number", column.number, in_quotes(text, 40)));
      }
      samples_.push_back({column.name, value});
    }
  }
  return Row::kSamples;
}

void CsvRowReader::labels(const CsvSample& sample, LabelBuilder& out) const {
  if (!sample.metric.empty()) {
    out.add(kNameLabel, sample.metric);
  }
  for (const Label& label : labels_) {
    out.add(label.name, label.value);
  }
}

CsvRowReader::Row CsvRowReader::refuse(std::string reason) {
  samples_.clear();
  reason_ = std::move(reason);
  return Row::kBad;
}

}  // namespace mcore
