// SPDX-License-Identifier: Apache-2.0
#include "empty_answer.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "base/utf8.h"
#include "cli/suggest.h"
#include "model/duration.h"

namespace mcore {
namespace {

void find_selectors(const Expr& expr, std::vector<const VectorSelectorExpr*>& out) {
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      out.push_back(&as<VectorSelectorExpr>(expr));
      break;
    case ExprKind::kMatrixSelector:
      out.push_back(as<MatrixSelectorExpr>(expr).vector.get());
      break;
    case ExprKind::kParen:
      find_selectors(*as<ParenExpr>(expr).inner, out);
      break;
    case ExprKind::kUnary:
      find_selectors(*as<UnaryExpr>(expr).inner, out);
      break;
    case ExprKind::kSubquery:
      find_selectors(*as<SubqueryExpr>(expr).inner, out);
      break;
    case ExprKind::kAggregate:
      find_selectors(*as<AggregateExpr>(expr).inner, out);
      break;
    case ExprKind::kBinary:
      find_selectors(*as<BinaryExpr>(expr).left, out);
      find_selectors(*as<BinaryExpr>(expr).right, out);
      break;
    case ExprKind::kCall:
      for (const ExprPtr& arg : as<CallExpr>(expr).args) {
        find_selectors(*arg, out);
      }
      break;
    case ExprKind::kNumber:
    case ExprKind::kString:
      break;
  }
}

std::string metric_name(const VectorSelectorExpr& selector) {
  for (const Matcher& matcher : selector.matchers) {
    if (matcher.name() == kNameLabel && matcher.type() == MatchType::kEqual) {
      return matcher.value();
    }
  }
  return {};
}

std::optional<std::int64_t> newest_sample(const VectorSelectorExpr& selector, Querier& querier) {
  const auto set = querier.select(std::span(&selector.matchers, 1), {});
  std::optional<std::int64_t> newest;
  SeriesSamples samples;
  while (set->next()) {
    set->samples(samples);
    for (const auto* const times : {&samples.t_ms, &samples.histogram_t_ms}) {
      if (!times->empty() && (!newest.has_value() || times->back() > *newest)) {
        newest = times->back();
      }
    }
  }
  return newest;
}

/// `mquery prase`: as a query it asks for a metric.
std::string meant_subcommand(const std::string& name) {
  return nearest(name, {"query", "fmt", "parse", "labels", "series", "test"});
}

std::string no_such_name(const std::string& name, Querier& querier) {
  const std::vector<std::string> names = querier.label_values(std::string(kNameLabel), {}, {});
  if (names.empty()) {
    return "there are no series at all";
  }
  if (const std::string subcommand = meant_subcommand(name); !subcommand.empty()) {
    return "no series is called " + in_quotes(name) + "; did you mean the subcommand " + subcommand + "?";
  }
  if (std::ranges::binary_search(names, name)) {
    return "no series of " + in_quotes(name) + " has these labels; 'mquery labels' shows which there are";
  }
  const std::string meant = nearest(name, names);
  return "no series is called " + in_quotes(name) + (meant.empty() ? "" : "; did you mean " + in_quotes(meant) + "?");
}

std::string whole_units(std::int64_t ms) {
  constexpr std::int64_t kMinuteMs = 60'000;
  constexpr std::int64_t kSecondMs = 1'000;
  const std::int64_t unit = ms >= kMinuteMs ? kMinuteMs : kSecondMs;
  return duration_text(std::chrono::milliseconds((ms + unit - 1) / unit * unit));
}

}  // namespace

std::string why_empty(const Expr& expr, Querier& querier, const QueryOptions& options, TimeZone zone) {
  std::vector<const VectorSelectorExpr*> selectors;
  find_selectors(expr, selectors);
  for (const VectorSelectorExpr* const selector : selectors) {
    const auto newest = newest_sample(*selector, querier);
    const std::string name = metric_name(*selector);
    if (!newest.has_value()) {
      return name.empty() ? "no series matches" : no_such_name(name, querier);
    }
    const std::int64_t age = options.end_t_ms - *newest;
    if (age >= options.lookback_ms && selector->shift.at == AtKind::kNone) {
      return "the newest sample that matches is of " +
             (zone == TimeZone::kUtc ? time_text_utc(*newest) : time_text_local(*newest)) + ", " + whole_units(age) +
             " before the end; --at-end looks there, --lookback " + whole_units(age + 1) + " looks back as far";
    }
  }
  return {};
}

}  // namespace mcore
