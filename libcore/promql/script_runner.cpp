// SPDX-License-Identifier: Apache-2.0
#include "promql/script_runner.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "model/duration.h"
#include "promql/parser.h"
#include "promql/script_text.h"
#include "promql/script_variants.h"

namespace mcore {
namespace {

constexpr std::size_t kMostDifferences = 10;
constexpr std::size_t kMostText = 4'000;
constexpr std::int64_t kRangeReachMs = 60'000;  // before and behind the time of an instant query; the step as well

std::string time_text(std::int64_t t_ms) {
  return duration_text(std::chrono::milliseconds(t_ms));
}

/// An answer, or the text of the error.
struct Outcome {
  std::optional<QueryAnswer> answer{};
  std::string error{};
};

/// One eval and all the ways in which it is asked. Stops at the first that fails.
class EvalRun {
 public:
  EvalRun(const ScriptEval& eval, const ScriptOptions& options, Querier& storage)
      : eval_(eval), options_(options), storage_(storage) {}

  /// Nothing if all went well.
  [[nodiscard]] std::optional<ScriptFailure> run() {
    auto parsed = parse_promql(eval_.query);
    if (!parsed.ok()) {
      note("");
      failure_.differences = {{.got = parsed.error().why(), .want = "a query"}};
      return std::move(failure_);
    }
    const ExprPtr expr = std::move(parsed).value();
    const bool is_good = eval_.is_range ? check_range_query(*expr) : check_instant_query(*expr);
    return is_good ? std::nullopt : std::optional(std::move(failure_));
  }

 private:
  [[nodiscard]] bool check_range_query(const Expr& expr) {
    note("");
    const Outcome outcome = ask(expr, eval_.start_t_ms, eval_.end_t_ms, eval_.step_ms);
    return check(outcome, outcome.answer ? &outcome.answer->value : nullptr);
  }

  [[nodiscard]] bool check_instant_query(const Expr& expr) {
    if (!check_at(expr, eval_.end_t_ms, "")) {
      return false;
    }
    if (!options_.checks_pinned) {
      return true;
    }
    const ExprPtr pinned = clone(expr);
    if (!pin_selectors(*pinned, eval_.end_t_ms)) {
      return true;
    }
    for (const std::int64_t t_ms : pinned_query_times(eval_.end_t_ms)) {
      if (!check_at(*pinned, t_ms, fmt::format(", pinned with @ and asked at {}", time_text(t_ms)))) {
        return false;
      }
    }
    return true;
  }

  /// As an instant query and as one step of a range.
  [[nodiscard]] bool check_at(const Expr& expr, std::int64_t t_ms, const std::string& how) {
    note(how);
    Outcome outcome = ask(expr, t_ms, t_ms, 0);
    if (outcome.answer.has_value()) {
      move_to_eval_time(outcome.answer->value, t_ms);
    }
    if (!check(outcome, outcome.answer ? &outcome.answer->value : nullptr)) {
      return false;
    }
    const ScriptExpectation& expected = eval_.expected;
    if (!options_.checks_range || expected.failure.has_value() || expected.is_range_vector ||
        expected.string.has_value() || depends_on_query_range(eval_.query)) {
      return true;
    }
    return check_step(expr, t_ms, how, outcome.answer->value.type);
  }

  [[nodiscard]] bool check_step(const Expr& expr, std::int64_t t_ms, const std::string& how, ValueType type) {
    note(how + ", as a step of a range query");
    const Outcome outcome = ask(expr, t_ms - kRangeReachMs, t_ms + kRangeReachMs, kRangeReachMs);
    if (!outcome.answer.has_value()) {
      return differ(outcome.error, "an answer");
    }
    if (eval_.expected.is_ordered) {
      return true;  // a range is in the order of the labels
    }
    QueryValue step = step_of(outcome.answer->value, t_ms, type);
    move_to_eval_time(step, t_ms);
    return collect(compare_script_value(step, eval_));
  }

  [[nodiscard]] Outcome ask(const Expr& expr, std::int64_t start_t_ms, std::int64_t end_t_ms, std::int64_t step_ms) {
    QueryOptions query = options_.query;
    query.start_t_ms = start_t_ms;
    query.end_t_ms = end_t_ms;
    query.step_ms = step_ms;
    query.is_cancelled = options_.is_cancelled;
    try {
      return {.answer = options_.evaluate(expr, eval_.query, storage_, query)};
    } catch (const Error& error) {
      return {.error = error.why()};
    }
  }

  [[nodiscard]] bool check(const Outcome& outcome, const QueryValue* value) {
    const auto& failure = eval_.expected.failure;
    if (value == nullptr) {
      return (failure.has_value() && failure->matches(outcome.error)) ||
             differ("the error " + in_quotes(outcome.error, kMostText),
                    failure.has_value() ? "an error " + script_rule_text(*failure) : "an answer");
    }
    if (failure.has_value()) {
      return differ("an answer", "an error " + script_rule_text(*failure));
    }
    return collect(compare_script_notes(outcome.answer->notes, eval_.expected)) &&
           collect(compare_script_value(*value, eval_));
  }

  /// A query that is asked at another time has the same answer but for that time.
  void move_to_eval_time(QueryValue& value, std::int64_t t_ms) const {
    if (value.type != ValueType::kVector) {
      return;
    }
    const auto move = [&](std::vector<std::int64_t>& times) {
      for (std::int64_t& time : times) {
        time = time == t_ms ? eval_.end_t_ms : time;
      }
    };
    for (QuerySeries& series : value.series) {
      move(series.samples.t_ms);
      move(series.samples.histogram_t_ms);
    }
    value.t_ms = eval_.end_t_ms;
  }

  /// What a range has at one of its steps, as an instant query would answer.
  [[nodiscard]] static QueryValue step_of(const QueryValue& range, std::int64_t t_ms, ValueType type) {
    QueryValue step;
    step.type = type == ValueType::kScalar ? ValueType::kScalar : ValueType::kVector;
    step.t_ms = t_ms;
    for (const QuerySeries& series : range.series) {
      QuerySeries at_step;
      at_step.labels = series.labels;
      const SeriesSamples& from = series.samples;
      for (std::size_t i = 0; i < from.t_ms.size(); ++i) {
        if (from.t_ms[i] == t_ms) {
          at_step.samples.t_ms.push_back(t_ms);
          at_step.samples.value.push_back(from.value[i]);
          step.scalar = from.value[i];
        }
      }
      for (std::size_t i = 0; i < from.histogram_t_ms.size(); ++i) {
        if (from.histogram_t_ms[i] == t_ms) {
          at_step.samples.histogram_t_ms.push_back(t_ms);
          at_step.samples.histogram.push_back(from.histogram[i]);
        }
      }
      if (!at_step.samples.empty()) {
        step.series.push_back(std::move(at_step));
      }
    }
    return step;
  }

  /// Says what is asked now, for the failure if it comes to one.
  void note(const std::string& how) {
    const std::string when = eval_.is_range ? fmt::format("range from {} to {} step {}", time_text(eval_.start_t_ms),
                                                          time_text(eval_.end_t_ms), time_text(eval_.step_ms))
                                            : fmt::format("instant at {}", time_text(eval_.end_t_ms));
    failure_.what = fmt::format("eval {}{}: {}", when, how, eval_.query);
  }
  bool differ(std::string got, std::string want) {
    failure_.differences.push_back({.got = std::move(got), .want = std::move(want)});
    return false;
  }
  bool collect(std::vector<ScriptDifference> differences) {
    failure_.differences = std::move(differences);
    return failure_.differences.empty();
  }

  const ScriptEval& eval_;
  const ScriptOptions& options_;
  Querier& storage_;
  ScriptFailure failure_{};
};

}  // namespace

ScriptCounts run_script(std::string_view text, const ScriptOptions& options,
                        const std::function<void(const ScriptFailure&)>& on_failure) {
  const Script script = parse_script(text);
  ScriptCounts counts;
  for (const ScriptProblem& problem : script.problems) {
    on_failure({.line = problem.line, .what = problem.text});
    counts.failed = 1;
  }
  if (!script.problems.empty()) {
    return counts;
  }
  ScriptStorage storage;
  for (const ScriptCommand& command : script.commands) {
    if (const auto* const load = std::get_if<ScriptLoad>(&command.what)) {
      try {
        storage.load(*load);
      } catch (const Error& error) {
        on_failure({.line = command.line, .what = error.what()});
        ++counts.failed;
        break;
      }
    } else if (const auto* const eval = std::get_if<ScriptEval>(&command.what)) {
      auto failure = EvalRun(*eval, options, storage).run();
      if (options.is_cancelled && options.is_cancelled()) {
        counts.was_cancelled = true;
        break;
      }
      ++(failure.has_value() ? counts.failed : counts.passed);
      if (failure.has_value()) {
        failure->line = command.line;
        on_failure(*failure);
      }
    } else {
      storage.clear();
    }
  }
  return counts;
}

std::string script_failure_text(std::string_view file, const ScriptFailure& failure) {
  std::string text = fmt::format("{}:{}: {}", file, failure.line, failure.what);
  for (std::size_t i = 0; i < failure.differences.size(); ++i) {
    if (i == kMostDifferences) {
      text += fmt::format("\n    and {} more differences", failure.differences.size() - i);
      break;
    }
    text += fmt::format("\n    got:  {}\n    want: {}", failure.differences[i].got, failure.differences[i].want);
  }
  return text;
}

}  // namespace mcore
