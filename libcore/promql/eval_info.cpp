// SPDX-License-Identifier: Apache-2.0
// info() adds labels of info metrics, target_info unless others are named, to the series that share `instance` and
// `job` with them. Which info series counts at a step is a matter of that step: of several with one identity the one
// whose sample is the newest.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "promql/evaluator.h"
#include "promql/quoting.h"

namespace mcore {
namespace {

constexpr std::array<std::string_view, 2> kIdentity = {"instance", "job"};

/// What info() was told: which metrics, and which of their labels.
struct InfoChoice {
  Selector names{};
  std::map<std::string, Selector> labels{};  // by name; empty: all labels

  [[nodiscard]] bool takes(std::string_view label) const {
    return labels.empty() || labels.contains(std::string(label));
  }
  /// Whether a series without any info may stay.
  [[nodiscard]] bool allows_none() const {
    return std::ranges::all_of(labels, [](const auto& entry) {
      return std::ranges::all_of(entry.second, [](const Matcher& matcher) { return matcher.matches_empty(); });
    });
  }
};

InfoChoice choice_of(const CallExpr& call) {
  InfoChoice choice;
  if (call.args.size() > 1) {
    for (const Matcher& matcher : as<VectorSelectorExpr>(unwrap_parens(*call.args[1])).matchers) {
      if (matcher.name() == kNameLabel) {
        choice.names.push_back(matcher);
      } else {
        choice.labels[matcher.name()].push_back(matcher);
      }
    }
  }
  const bool has_positive = std::ranges::any_of(choice.names, [](const Matcher& matcher) {
    return matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegexp;
  });
  if (choice.names.empty()) {
    choice.names.push_back(Matcher::make(MatchType::kEqual, std::string(kNameLabel), "target_info").value_or_throw());
  } else if (!has_positive) {
    choice.names.push_back(Matcher::make(MatchType::kRegexp, std::string(kNameLabel), ".+_info").value_or_throw());
  }
  return choice;
}

std::string quoted_pattern(std::string_view text) {
  constexpr std::string_view kSpecial = R"(\.+*?()|[]{}^$)";
  std::string quoted;
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted;
}

/// Conditions on identity labels that every info series of these rows meets; nothing if no row has such labels.
std::optional<Selector> identity_matchers(const std::vector<Row>& rows, const std::vector<bool>& is_info) {
  Selector selector;
  for (const std::string_view name : kIdentity) {
    std::set<std::string_view> values;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (const std::string_view value = rows[i].view().get(name); !is_info[i] && !value.empty()) {
        values.insert(value);
      }
    }
    std::string pattern;
    for (const std::string_view value : values) {
      pattern += (pattern.empty() ? "" : "|") + quoted_pattern(value);
    }
    if (!values.empty()) {
      selector.push_back(Matcher::make(MatchType::kRegexp, std::string(name), pattern).value_or_throw());
    }
  }
  return selector.empty() ? std::nullopt : std::optional(std::move(selector));
}

std::string identity_of(LabelsView labels, std::string_view metric) {
  std::string identity(metric);
  for (const std::string_view name : kIdentity) {
    identity += '\0';
    identity += labels.get(name);
  }
  return identity;
}

/// `@` and offset of the first selector below: they decide of when the info is, too. Those of the subqueries around it
/// add to the offset up to the innermost `@`. Nothing without a selector.
std::optional<TimeShift> first_shift(const Expr& expr);

std::optional<TimeShift> first_shift(const std::vector<const Expr*>& exprs) {
  for (const Expr* const expr : exprs) {
    if (expr != nullptr) {
      if (auto shift = first_shift(*expr); shift.has_value()) {
        return shift;
      }
    }
  }
  return std::nullopt;
}

TimeShift copy_of(const TimeShift& shift) {
  TimeShift copy{.at = shift.at, .at_ms = shift.at_ms};
  copy.offset.ms = shift.offset.ms;
  return copy;
}

std::optional<TimeShift> first_shift(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      return copy_of(as<VectorSelectorExpr>(expr).shift);
    case ExprKind::kMatrixSelector:
      return copy_of(as<MatrixSelectorExpr>(expr).vector->shift);
    case ExprKind::kParen:
      return first_shift(*as<ParenExpr>(expr).inner);
    case ExprKind::kUnary:
      return first_shift(*as<UnaryExpr>(expr).inner);
    case ExprKind::kSubquery: {
      const auto& subquery = as<SubqueryExpr>(expr);
      auto shift = first_shift(*subquery.inner);
      if (shift.has_value() && shift->at == AtKind::kNone) {
        shift->offset.ms += subquery.shift.offset.ms;
        shift->at = subquery.shift.at;
        shift->at_ms = subquery.shift.at_ms;
      }
      return shift;
    }
    case ExprKind::kAggregate:
      return first_shift(*as<AggregateExpr>(expr).inner);
    case ExprKind::kBinary:
      return first_shift({as<BinaryExpr>(expr).left.get(), as<BinaryExpr>(expr).right.get()});
    case ExprKind::kCall: {
      std::vector<const Expr*> args;
      for (const ExprPtr& arg : as<CallExpr>(expr).args) {
        args.push_back(arg.get());
      }
      return first_shift(args);
    }
    case ExprKind::kNumber:
    case ExprKind::kString:
      break;
  }
  return std::nullopt;
}

/// The info series that count at each step.
class InfoTable {
 public:
  /// `infos`: rows whose values are the times of their samples.
  InfoTable(std::vector<Row> infos, std::size_t steps, const std::vector<bool>& has_base) : infos_(std::move(infos)) {
    for (std::uint32_t i = 0; i < infos_.size(); ++i) {
      const std::string_view metric = infos_[i].metric_name();
      metrics_.insert(metric);
      std::vector<std::uint32_t>& newest = newest_[identity_of(infos_[i].view(), metric)];
      newest.resize(steps, kNone);
      for (std::size_t step = 0; step < steps; ++step) {
        if (infos_[i].has(step) && has_base[step]) {
          newest[step] = newer(newest[step], i, step);
        }
      }
    }
  }

  /// The info rows of a series at a step, one a metric, in the order of the metrics.
  [[nodiscard]] std::vector<std::uint32_t> find(const Row& base, std::size_t step) const {
    std::vector<std::uint32_t> found;
    for (const std::string_view metric : metrics_) {
      const auto entry = newest_.find(identity_of(base.view(), metric));
      if (entry != newest_.end() && entry->second[step] != kNone) {
        found.push_back(entry->second[step]);
      }
    }
    return found;
  }
  [[nodiscard]] LabelsView labels(std::uint32_t info) const { return infos_[info].view(); }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  [[nodiscard]] std::uint32_t newer(std::uint32_t known, std::uint32_t other, std::size_t step) const {
    if (known == kNone) {
      return other;
    }
    const double known_t = infos_[known].value[step];
    const double other_t = infos_[other].value[step];
    if (known_t == other_t) {
      const std::string at = " @ " + std::to_string(static_cast<std::int64_t>(known_t));
      throw_query_error("found duplicate series for info metric: existing " + quoted_labels(infos_[known].view()) + at +
                        ", new " + quoted_labels(infos_[other].view()) + at);
    }
    return known_t > other_t ? known : other;
  }

  std::vector<Row> infos_;
  std::set<std::string_view> metrics_{};
  std::map<std::string, std::vector<std::uint32_t>> newest_{};  // by identity, by step
};

/// The labels of a series with those of its infos.
std::string enriched(const Row& base, const std::vector<std::uint32_t>& found, const InfoTable& table,
                     const InfoChoice& choice) {
  std::map<std::string_view, std::string_view> added;
  for (const std::uint32_t info : found) {
    for (const Label& label : table.labels(info)) {
      if (label.name == kNameLabel || !choice.takes(label.name)) {
        continue;
      }
      if (const auto other = added.find(label.name); other != added.end() && other->second != label.value) {
        throw_query_error("conflicting label: " + std::string(label.name));
      }
      if (base.view().get(label.name).empty()) {
        added[label.name] = label.value;
      }
    }
  }
  LabelBuilder builder;
  for (const Label& label : base.view()) {
    builder.add(label.name, label.value);
  }
  for (const auto& [name, value] : added) {
    builder.add(name, value);
  }
  return std::string(builder.build().bytes());
}

void copy_step(const Row& from, std::size_t step, Row& to) {
  to.value[step] = from.value[step];
  if (from.histogram_at(step) != nullptr) {
    to.set(step, from.histogram[step]);
  }
}

}  // namespace

void Evaluator::info(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const InfoChoice choice = choice_of(call);
  std::vector<Row> base = collect(*call.args[0], grid);
  std::vector<bool> is_info;
  std::vector<bool> has_base(grid.count);
  for (const Row& row : base) {
    is_info.push_back(
        std::ranges::all_of(choice.names, [&](const Matcher& matcher) { return matcher.matches(row.metric_name()); }));
    for (std::size_t i = 0; i < grid.count; ++i) {
      has_base[i] = has_base[i] || row.has(i);
    }
  }
  std::vector<Row> infos;
  if (auto matchers = identity_matchers(base, is_info); matchers.has_value()) {
    VectorSelectorExpr selector;
    selector.matchers = std::move(*matchers);
    for (const auto& [name, conditions] : choice.labels) {
      selector.matchers.insert(selector.matchers.end(), conditions.begin(), conditions.end());
    }
    selector.matchers.insert(selector.matchers.end(), choice.names.begin(), choice.names.end());
    selector.shift = first_shift(*call.args[0]).value_or(TimeShift());
    infos = sample_times(selector, grid, SampleTime::kOfInfo);
  }
  const InfoTable table(std::move(infos), grid.count, has_base);
  std::vector<Row> out;
  for (std::size_t r = 0; r < base.size(); ++r) {
    if (is_info[r]) {
      out.push_back(std::move(base[r]));
      continue;
    }
    std::map<std::vector<std::uint32_t>, std::size_t> rows_of;  // the rows that come of the series, by its infos
    for (std::size_t i = 0; i < grid.count; ++i) {
      if (!base[r].has(i)) {
        continue;
      }
      std::vector<std::uint32_t> found = table.find(base[r], i);
      if (found.empty() && !choice.allows_none()) {
        continue;
      }
      const auto [known, is_new] = rows_of.try_emplace(std::move(found), out.size());
      if (is_new) {
        Row& row = out.emplace_back();
        row.reset(grid.count);
        row.labels = enriched(base[r], known->first, table, choice);
        row.drops_name = base[r].drops_name;
      }
      copy_step(base[r], i, out[known->second]);
    }
  }
  merge_repeated(out);
  std::ranges::for_each(out, sink);
}

}  // namespace mcore
