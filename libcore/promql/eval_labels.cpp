// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "model/anchored_regex.h"
#include "promql/evaluator.h"

namespace mcore {
namespace {

const std::string& text_of(const CallExpr& call, std::size_t arg) {
  return as<StringExpr>(unwrap_parens(*call.args[arg])).value;
}

void require_label_name(const std::string& name, std::string_view role, std::string_view function) {
  if (name.empty() || !is_valid_utf8(name)) {
    throw_query_error("invalid " + std::string(role) + " label name in " + std::string(function) + "(): " + name);
  }
}

/// Gives a row another label; an empty value takes it away.
void set_label(Row& row, std::string_view name, std::string_view value) {
  LabelBuilder builder;
  for (const Label& label : row.view()) {
    if (label.name != name) {
      builder.add(label.name, label.value);
    }
  }
  builder.add(name, value);
  row.labels = std::string(builder.build().bytes());
  row.drops_name = row.drops_name && name != kNameLabel;
}

}  // namespace

void Evaluator::label_replace(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const std::string& to = text_of(call, 1);
  const std::string& replacement = text_of(call, 2);
  const std::string& from = text_of(call, 3);
  const auto regex = AnchoredRegex::make(text_of(call, 4));
  if (!regex.ok()) {
    throw_query_error("invalid regular expression in label_replace(): " + text_of(call, 4));
  }
  require_label_name(to, "destination", "label_replace");
  std::vector<Row> all = collect(*call.args[0], grid);
  for (Row& row : all) {
    const std::string value(row.view().get(from));
    if (const auto groups = regex.value().match(value); groups.has_value()) {
      set_label(row, to, regex.value().expand(replacement, *groups));
    }
  }
  merge_repeated(all);
  std::ranges::for_each(all, sink);
}

void Evaluator::label_join(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const std::string& to = text_of(call, 1);
  const std::string& separator = text_of(call, 2);
  for (std::size_t i = 3; i < call.args.size(); ++i) {
    require_label_name(text_of(call, i), "source", "label_join");
  }
  require_label_name(to, "destination", "label_join");
  std::vector<Row> all = collect(*call.args[0], grid);
  for (Row& row : all) {
    std::string value;
    for (std::size_t i = 3; i < call.args.size(); ++i) {
      value += i > 3 ? separator : std::string();
      value += row.view().get(text_of(call, i));
    }
    set_label(row, to, value);
  }
  merge_repeated(all);
  std::ranges::for_each(all, sink);
}

}  // namespace mcore
