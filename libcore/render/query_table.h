// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "model/query_value.h"
#include "render/table.h"
#include "render/text_sink.h"

namespace mcore {

/// One of the answers that share a table or a picture.
///
/// Lifetime: borrows the value.
struct NamedAnswer {
  std::string name{};  // as a rule the expression: names the answer, and its unit is guessed from it
  const QueryValue* value = nullptr;
};

/// Writes answers as rows: a sample a row, columns `metric`, one per label (in byte order of the names), `time` where
/// one of the answers is a matrix, `value`. With several answers `query` comes first, with the name of each.
///
/// Shape:  as ResultTable does: table, tsv, csv, markdown (the JSON formats are query_json.h's). Only `value` for
/// scalars
///         and strings. Values are the API's decimals; a histogram is {count:3, sum:4.5, (1,2]:3}. With `style.human`
///         numbers of table and markdown have three digits and a unit.
/// Errors: none of its own; what `sink` throws passes through.
/// Cost:   tsv and csv pass rows on as they come, about 50 ns each; table and markdown hold all of them, for the
/// widths. Requires: style.format is kTable, kTsv, kCsv or kMarkdown; style.record is not set; no value is nullptr.
void write_query_table(std::span<const NamedAnswer> answers, TableStyle style, const TextSink& sink);

/// Writes bare values, one a line: numbers as the API's decimals (`human`: as for people), the text of a string answer.
void write_query_values(std::span<const NamedAnswer> answers, bool human, const TextSink& sink);

}  // namespace mcore
