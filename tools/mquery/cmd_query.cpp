// SPDX-License-Identifier: Apache-2.0
// `mquery [query] EXPR`: evaluates PromQL, at one time or over a range.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "answer_printer.h"
#include "base/clock.h"
#include "cli/command.h"
#include "commands.h"
#include "empty_answer.h"
#include "evaluation_words.h"
#include "expressions.h"
#include "promql/engine.h"
#include "query_sources.h"
#include "query_times.h"

namespace mcore {
namespace {

class QueryCommand final : public Command {
 public:
  std::string_view name() const override { return "query"; }
  std::string_view brief() const override { return "Evaluate an expression"; }
  void declare(OptionSet& set) override {
    expressions_.declare(set);
    sources_.declare(set);
    set.group("Time");
    times_.declare(set);
    set.group("Output");
    printer_.declare(set);
    set.flag("--exit-status", &exit_status_, "Exit with 1 if the answer is empty");
    set.group("Evaluation");
    set.text("--lookback", "D|auto", &lookback_,
             "How old a sample may be and still count; auto: twice a series' usual distance, at least 5m");
    set.default_text("$MQUERY_LOOKBACK, else 5m");
    set.rare();
    set.duration("--timeout", &timeout_, "Give up after this long");
    set.count("--max-samples", "N", &max_samples_, "The most samples that are held at one time");
    set.list("--enable-feature", "NAME", &features_,
             "Answer as a server with this flag (promql-delayed-name-removal, use-start-timestamps, "
             "type-and-unit-labels; repeatable)");
    set.example("mquery 'rate(node_cpu_seconds_total{mode!=\"idle\"}[5m])' --last 6h -o json");
    set.example("mquery ./data 'topk(5, node_filesystem_avail_bytes)' --at-end");
    set.example("mscrape http://localhost:9100/metrics | mquery - node_load1");
  }

  ExitCode run(Console& io) override {
    sources_.take_from(expressions_.operands());
    const std::vector<Query> queries = parse();
    QueryOptions options = evaluation_options();
    printer_.apply(io);
    const SystemClock clock;
    sources_.open(clock, io);
    const auto newest = times_.wants_newest(sources_.is_lone_stream()) ? sources_.newest_t_ms() : std::nullopt;
    times_.resolve(clock, newest, printer_.needs_range(io), options);
    bool is_empty = true;
    for (const Query& query : queries) {
      QueryAnswer answer = evaluate_query(*query.expr, query.text, sources_.querier(), options);
      for (const QueryNote& note : answer.notes) {
        note.is_warning ? io.warn_softly(note.text) : io.note(note.text);
      }
      if (is_empty_answer(answer.value)) {
        explain_empty(query, options, io);
      } else {
        is_empty = false;
      }
      printer_.add(query.text, std::move(answer.value));
    }
    printer_.finish(times_.zone(), io);
    return is_empty && exit_status_ ? ExitCode::kNo : ExitCode::kOk;
  }

 private:
  struct Query {
    std::string text{};
    ExprPtr expr{};
  };
  static bool is_empty_answer(const QueryValue& value) noexcept {
    return value.series.empty() && (value.type == ValueType::kVector || value.type == ValueType::kMatrix);
  }
  void explain_empty(const Query& query, const QueryOptions& options, Console& io) {
    if (!io.shows_notes()) {
      return;
    }
    if (const std::string why = why_empty(*query.expr, sources_.querier(), options, times_.zone()); !why.empty()) {
      io.note("empty: " + why);
    }
  }

  [[nodiscard]] std::vector<Query> parse() const {
    std::vector<Query> queries;
    for (const ExpressionText& given : expressions_.read(false)) {
      queries.push_back({.text = given.text, .expr = given.parse().expr});
    }
    return queries;
  }

  [[nodiscard]] QueryOptions evaluation_options() const {
    QueryOptions options;
    set_lookback(lookback_, options);
    options.max_samples = max_samples_;
    options.is_cancelled = Console::interrupted;
    if (timeout_.count() > 0) {
      options.deadline = std::chrono::steady_clock::now() + timeout_;
    }
    apply_features(features_, options);
    return options;
  }

  ExpressionOptions expressions_;
  SourceOptions sources_;
  QueryTimes times_;
  AnswerPrinter printer_;
  bool exit_status_ = false;
  std::string lookback_;
  std::chrono::milliseconds timeout_{120'000};
  std::size_t max_samples_ = 50'000'000;
  std::vector<std::string> features_;
};

}  // namespace

std::unique_ptr<Command> make_query_command() {
  return std::make_unique<QueryCommand>();
}

}  // namespace mcore
