// SPDX-License-Identifier: Apache-2.0
#include "promql/script_series.h"

#include <fmt/format.h>

#include <deque>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "model/quoted_text.h"

namespace mcore {
namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 20U;  // far below the limit of LabelBuilder

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_quote(char c) noexcept {
  return c == '"' || c == '\'' || c == '`';
}

std::string expect_quoted(ScriptCursor& in) {
  if (!is_quote(in.peek())) {
    in.fail("a quoted text");
  }
  QuotedText read = read_quoted(in.rest());
  in.skip(read.size);
  if (!read.problem.empty()) {
    in.fail(read.problem);
  }
  return std::move(read.value);
}

/// Labels as they come; the builder borrows the texts.
struct Collected {
  LabelBuilder builder{};
  std::deque<std::string> texts{};  // keeps its elements in place

  void add(std::string_view name, std::string value) {
    const std::string& kept = texts.emplace_back(std::move(value));
    builder.add(name, kept);
  }
};

/// `name="value"`, or a quoted metric name alone.
void read_label(ScriptCursor& in, Collected& labels) {
  std::string name;
  if (is_quote(in.peek())) {
    name = expect_quoted(in);
    in.take_blanks();
    if (in.peek() != '=') {
      labels.add(kNameLabel, std::move(name));
      return;
    }
  } else {
    if (is_digit(in.peek())) {
      in.fail("the name of a label");
    }
    name = std::string(in.take_name());
    if (name.empty()) {
      in.fail("the name of a label, or '}'");
    }
    in.take_blanks();
  }
  in.expect("=");
  in.take_blanks();
  const std::string& kept = labels.texts.emplace_back(std::move(name));
  labels.add(kept, expect_quoted(in));
}

void read_braces(ScriptCursor& in, Collected& labels) {
  for (in.take_blanks(); !in.take("}"); in.take_blanks()) {
    read_label(in, labels);
    in.take_blanks();
    if (!in.take(",") && in.peek() != '}') {
      in.fail("',' or '}'");
    }
  }
}

}  // namespace

LabelSet read_script_labels(ScriptCursor& in) {
  if (in.rest().size() > kLongestLine) {
    throw_script_error("a line of more than 1 MiB");
  }
  const ScriptCursor start = in;
  if (is_digit(in.peek())) {
    in.fail("a series");
  }
  Collected labels;
  const std::string_view name = in.take_name();
  if (!name.empty()) {
    labels.builder.add(kNameLabel, name);
  }
  if (in.take("{")) {
    read_braces(in, labels);
  } else if (name.empty()) {
    in.fail("a series");
  }
  const LabelsView view = labels.builder.build();
  if (labels.builder.has_duplicate_name()) {
    start.fail(fmt::format("each label once, not {} twice", in_quotes(labels.builder.duplicate_name())));
  }
  return LabelSet(view);
}

ScriptSeries read_script_series(std::string_view line, std::size_t& room) {
  ScriptCursor in(line);
  ScriptSeries series;
  series.labels = read_script_labels(in);
  series.values = read_script_values(in, room);
  return series;
}

std::optional<ScriptStarts> read_script_start_line(std::string_view line, std::size_t& room) {
  if (line.find("@st") == std::string_view::npos) {
    return std::nullopt;
  }
  ScriptCursor in(line);
  ScriptStarts starts;
  starts.labels = read_script_labels(in);
  if (!in.take("@st")) {
    return std::nullopt;
  }
  starts.offset_ms = read_script_starts(in, room);
  return starts;
}

}  // namespace mcore
