// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "promql/script.h"
#include "promql/script_expectation.h"

namespace mcore {
namespace {

constexpr std::size_t kMostValues = 4'000'000;
constexpr std::size_t kMostProblems = 20;

/// Trimmed lines; a comment is an empty one.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim_script_line(text.substr(0, end));
    lines.push_back(line.starts_with('#') ? std::string_view() : line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string lower(std::string_view word) {
  std::string text(word);
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return text;
}

class ScriptParser {
 public:
  explicit ScriptParser(std::string_view text) : lines_(lines_of(text)) {}

  Script parse() {
    while (at_ < lines_.size() && script_.problems.size() < kMostProblems) {
      if (lines_[at_].empty()) {
        ++at_;
        continue;
      }
      try {
        parse_command();
      } catch (const Error& error) {
        script_.problems.push_back({.line = at_ + 1, .text = error.why()});
        skip_block();
      }
    }
    return std::move(script_);
  }

 private:
  /// The problem may lie in any line of the block: `at_` stays at a line until it was read.
  void parse_command() {
    ScriptCursor in(lines_[at_]);
    const std::string word = lower(in.take_word());
    in.take_blanks();
    ScriptCommand command{.line = at_ + 1};
    if (word == "clear") {
      ++at_;
    } else if (word == "load" || word == "load_with_nhcb") {
      command.what = parse_load(in, word == "load_with_nhcb");
    } else if (word.starts_with("eval")) {
      command.what = parse_eval(in, word);
    } else {
      throw_script_error(fmt::format("expected clear, load or eval, found {}", in_quotes(word, 40)));
    }
    script_.commands.push_back(std::move(command));
  }

  void skip_block() {
    while (at_ < lines_.size() && !lines_[at_].empty()) {
      ++at_;
    }
  }
  [[nodiscard]] bool in_block() const noexcept { return at_ < lines_.size() && !lines_[at_].empty(); }

  ScriptLoad parse_load(ScriptCursor& in, bool converts_histograms) {
    ScriptLoad load;
    load.converts_histograms = converts_histograms;
    load.step_ms = read_script_duration(in.rest(), "a step");
    std::optional<ScriptStarts> starts;
    for (++at_; in_block(); ++at_) {
      if (auto read = read_script_start_line(lines_[at_], room_); read.has_value() && !starts.has_value()) {
        starts = std::move(read);
        continue;
      }
      ScriptLoad::Series series;
      series.described = read_script_series(lines_[at_], room_);
      if (load.step_ms == 0 && series.described.values.size() > 1) {
        throw_script_error("a step of 0 has room for one value only");
      }
      if (starts.has_value()) {
        check_starts(*starts, series.described);
        series.start_offset_ms = std::move(starts->offset_ms);
        starts.reset();
      }
      load.series.push_back(std::move(series));
    }
    if (starts.has_value()) {
      --at_;
      throw_script_error("expected the series of the start times on the next line");
    }
    return load;
  }
  static void check_starts(const ScriptStarts& starts, const ScriptSeries& series) {
    if (starts.labels.view() != series.labels.view()) {
      throw_script_error("the line above has start times of another series");
    }
    if (starts.offset_ms.size() != series.values.size()) {
      throw_script_error(
          fmt::format("{} values, but {} start times above", series.values.size(), starts.offset_ms.size()));
    }
  }

  ScriptEval parse_eval(ScriptCursor& in, std::string_view word) {
    ScriptEval eval;
    const ScriptCursor before = in;
    const std::string_view kind = in.take_word();
    in.take_blanks();
    if (kind == "instant") {
      expect_script_word(in, "at");
      eval.start_t_ms = read_script_duration(in.take_word(), "a time");
      eval.end_t_ms = eval.start_t_ms;
      in.take_blanks();
    } else if (kind == "range") {
      eval.is_range = true;
      expect_script_word(in, "from");
      read_script_times(in, eval);
    } else {
      before.fail("instant or range");
    }
    apply_suffix(word, eval);
    eval.query = std::string(in.rest());
    if (eval.query.empty()) {
      in.fail("a query");
    }
    bool goes_on = true;
    for (++at_; goes_on && in_block(); ++at_) {
      goes_on = read_expectation(lines_[at_], eval, room_);
    }
    return eval;
  }
  static void apply_suffix(std::string_view word, ScriptEval& eval) {
    if (word == "eval_fail") {
      eval.expected.failure = ScriptTextRule{};
    } else if (word == "eval_warn") {
      eval.expected.warnings.emplace_back();
    } else if (word == "eval_info") {
      eval.expected.infos.emplace_back();
    } else if (word == "eval_ordered" && !eval.is_range) {
      eval.expected.is_ordered = true;
    } else if (word != "eval") {
      throw_script_error(fmt::format("unknown command {}", in_quotes(word, 40)));
    }
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  std::size_t room_ = kMostValues;
  Script script_;
};

}  // namespace

Script parse_script(std::string_view text) {
  return ScriptParser(text).parse();
}

}  // namespace mcore
