// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/server_math.h"
#include "promql/evaluator.h"
#include "promql/match_groups.h"
#include "promql/point_operation.h"
#include "promql/quoting.h"

namespace mcore {
namespace {

/// Whether an operation makes something else of a metric.
bool changes_metric(BinaryOp op) noexcept {
  return op <= BinaryOp::kAtan2;
}

LabelGroups groups_of(const VectorMatching& matching) {
  return {matching.labels, matching.is_on};
}

/// Labels of a match, for a message and for a series that is filled in.
std::string matched_labels(const VectorMatching& matching, LabelsView labels) {
  LabelFilter filter(matching.labels, matching.is_on);
  return std::string(filter.filter(labels));
}

/// For each step whether any of the rows has a sample.
std::vector<bool> steps_with_samples(const std::vector<Row>& rows, std::size_t steps) {
  std::vector<bool> has(steps);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < steps; ++i) {
      if (!has[i] && row.has(i)) {
        has[i] = true;
      }
    }
  }
  return has;
}

/// Takes one sample of a row away.
void clear_step(Row& row, std::size_t step) {
  row.value[step] = absent_value();
  if (!row.histogram.empty()) {
    row.histogram[step] = nullptr;
  }
}

void put(Row& row, std::size_t step, PointValue point) {
  if (auto* const value = std::get_if<double>(&point)) {
    row.value[step] = *value;
  } else if (auto* const histogram = std::get_if<Histogram>(&point)) {
    row.set(step, std::make_shared<Histogram>(std::move(*histogram)));
  }
}

/// Rows by the labels that must match.
struct Side {
  std::vector<Row> rows{};
  std::vector<std::size_t> group{};  // of each row
};

/// Joins two vectors; the one whose series match at most once is `one`.
class VectorJoin {
 public:
  VectorJoin(const BinaryExpr& binary, std::size_t steps, bool delays_names, QueryNotes& notes)
      : binary_(binary),
        matching_(*binary.matching),
        is_swapped_(matching_.cardinality == MatchCardinality::kOneToMany),
        steps_(steps),
        delays_names_(delays_names),
        notes_(notes),
        groups_(groups_of(matching_)) {}

  std::vector<Row> run(std::vector<Row> left, std::vector<Row> right) {
    many_.rows = std::move(is_swapped_ ? right : left);
    one_.rows = std::move(is_swapped_ ? left : right);
    for (Side* const side : {&many_, &one_}) {
      for (const Row& row : side->rows) {
        side->group.push_back(groups_.group_of(row.view()));
      }
    }
    find_ones();
    for (std::size_t i = 0; i < many_.rows.size(); ++i) {
      join(many_.rows[i], many_.group[i]);
    }
    if (matching_.fill_left.has_value() || matching_.fill_right.has_value()) {
      fill_ones();
    }
    return std::move(out_);
  }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// The fill value for the series that a side lacks. With group_right the sides have changed places, the fill values
  /// have not: fill_left is for the many side then, too.
  [[nodiscard]] const std::optional<double>& fill_of_one() const noexcept { return matching_.fill_right; }
  [[nodiscard]] const std::optional<double>& fill_of_many() const noexcept { return matching_.fill_left; }

  /// Notes for each group and step which row is the one; two of them are an error wherever something may match.
  void find_ones() {
    std::vector<bool> counts = steps_with_samples(many_.rows, steps_);
    if (fill_of_many().has_value() || fill_of_one().has_value()) {
      counts.assign(steps_, true);
    }
    ones_.assign(groups_.size(), {});
    for (std::uint32_t i = 0; i < one_.rows.size(); ++i) {
      std::vector<std::uint32_t>& ones = ones_[one_.group[i]];
      ones.resize(steps_, kNone);
      for (std::size_t step = 0; step < steps_; ++step) {
        if (!one_.rows[i].has(step)) {
          continue;
        }
        if (ones[step] != kNone && counts[step]) {
          throw_two_ones(one_.rows[i], one_.rows[ones[step]]);
        }
        ones[step] = i;
      }
    }
    matched_.assign(groups_.size(), {});
  }
  [[noreturn]] void throw_two_ones(const Row& row, const Row& other) const {
    const std::string matched = matched_labels(matching_, row.view());
    throw_query_error("found duplicate series for the match group " + quoted_labels(LabelsView(matched)) + " on the " +
                      (is_swapped_ ? "left" : "right") + " hand-side of the operation: [" + quoted_labels(row.view()) +
                      ", " + quoted_labels(other.view()) +
                      "];many-to-many matching not allowed: matching labels must be unique on one side");
  }

  /// A row of the many side against all that it meets.
  void join(const Row& many, std::size_t group) {
    const std::vector<std::uint32_t>& ones = ones_[group];
    std::vector<std::uint32_t> partners;  // a few at most: one, as a rule
    bool fills = false;
    for (std::size_t step = 0; step < steps_; ++step) {
      if (!many.has(step)) {
        continue;
      }
      const std::uint32_t one = ones.empty() ? kNone : ones[step];
      if (one == kNone) {
        fills = true;
      } else if (partners.empty() || partners.back() != one) {
        partners.push_back(one);
      }
    }
    std::ranges::sort(partners);
    const auto [first, last] = std::ranges::unique(partners);
    partners.erase(first, last);
    for (const std::uint32_t partner : partners) {
      operate(many, one_.rows[partner], group,
              [&](std::size_t step) { return many.has(step) && ones[step] == partner; });
    }
    if (fills && fill_of_one().has_value()) {
      const Row one = filled(many, *fill_of_one());
      operate(many, one, group,
              [&](std::size_t step) { return many.has(step) && (ones.empty() || ones[step] == kNone); });
    }
  }

  /// The ones that nothing of the many side met.
  void fill_ones() {
    if (!fill_of_many().has_value()) {
      return;
    }
    const auto matched = matched_;  // by the many side, before this
    for (std::size_t i = 0; i < one_.rows.size(); ++i) {
      const Row& one = one_.rows[i];
      const std::size_t group = one_.group[i];
      const Row many = filled(one, *fill_of_many());
      operate(many, one, group, [&](std::size_t step) {
        return one.has(step) && (matched[group].empty() || matched[group][step].empty());
      });
    }
  }
  [[nodiscard]] Row filled(const Row& like, double value) const {
    Row row;
    row.labels = matched_labels(matching_, like.view());
    row.value.assign(steps_, value);
    return row;
  }

  /// The operation at the steps that `where` names, as one row.
  template <typename Where>
  void operate(const Row& many, const Row& one, std::size_t group, const Where& where) {
    Row row;
    row.reset(steps_);
    row.labels = result_labels(many, one);
    row.drops_name = binary_.returns_bool;
    bool any = false;
    for (std::size_t step = 0; step < steps_; ++step) {
      if (where(step)) {
        any = operate(many, one, group, step, row) || any;
      }
    }
    if (any) {
      out_.push_back(std::move(row));
    }
  }
  bool operate(const Row& many, const Row& one, std::size_t group, std::size_t step, Row& row) {
    const Row& left = is_swapped_ ? one : many;
    const Row& right = is_swapped_ ? many : one;
    PointOperation result = operate_on(binary_.op, {left.value[step], left.histogram_at(step)},
                                       {right.value[step], right.histogram_at(step)}, binary_.at, notes_);
    if (result.failed) {
      return false;
    }
    mark_matched(group, step, row);
    if (binary_.returns_bool) {
      row.value[step] = result.keeps ? 1 : 0;
    } else if (result.keeps) {
      put(row, step, std::move(result.point));
    } else {
      return false;
    }
    return true;
  }

  /// Two results of one group must not be alike.
  void mark_matched(std::size_t group, std::size_t step, const Row& row) {
    matched_[group].resize(steps_);
    std::vector<std::uint64_t>& matched = matched_[group][step];
    if (matching_.cardinality == MatchCardinality::kOneToOne) {
      if (!matched.empty()) {
        throw_query_error(
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
      }
      matched.push_back(0);
      return;
    }
    const std::uint64_t hash = row.view().hash();
    if (std::ranges::find(matched, hash) != matched.end()) {
      throw_query_error("multiple matches for labels: grouping labels must ensure unique matches");
    }
    matched.push_back(hash);
  }

  [[nodiscard]] std::string result_labels(const Row& many, const Row& one) const {
    const bool drops = changes_metric(binary_.op) || (binary_.returns_bool && !delays_names_);
    std::string labels = drops ? without_metadata(many.view()) : many.labels;
    if (matching_.cardinality == MatchCardinality::kOneToOne) {
      labels = only_matched(LabelsView(labels));
    }
    if (matching_.include.empty()) {
      return labels;
    }
    const std::set<std::string_view> include(matching_.include.begin(), matching_.include.end());
    LabelBuilder builder;
    for (const Label& label : LabelsView(labels)) {
      if (!include.contains(label.name)) {
        builder.add(label.name, label.value);
      }
    }
    for (const std::string_view name : include) {
      builder.add(name, one.view().get(name));
    }
    return std::string(builder.build().bytes());
  }
  /// Of one-to-one matches only `on` labels stay, or all but the ignored ones.
  [[nodiscard]] std::string only_matched(LabelsView labels) const {
    LabelBuilder builder;
    for (const Label& label : labels) {
      const bool listed = std::ranges::find(matching_.labels, label.name) != matching_.labels.end();
      if (listed == matching_.is_on) {
        builder.add(label.name, label.value);
      }
    }
    return std::string(builder.build().bytes());
  }

  const BinaryExpr& binary_;
  const VectorMatching& matching_;
  bool is_swapped_;
  std::size_t steps_;
  bool delays_names_;
  QueryNotes& notes_;
  LabelGroups groups_;
  Side many_{};
  Side one_{};
  std::vector<std::vector<std::uint32_t>> ones_{};                  // by group and step
  std::vector<std::vector<std::vector<std::uint64_t>>> matched_{};  // by group and step: hashes of results
  std::vector<Row> out_{};
};

}  // namespace

void Evaluator::unary(const UnaryExpr& unary, const StepGrid& grid, const RowSink& sink) {
  if (!unary.is_minus) {
    rows(*unary.inner, grid, sink);
    return;
  }
  RowCheck check = check_after_drop(*unary.inner, RowCheck::Rule::kNoOverlap);
  rows(*unary.inner, grid, [&](Row& row) {
    for (std::size_t i = 0; i < grid.count; ++i) {
      if (row.has_float(i)) {
        row.value[i] = -row.value[i];
      } else if (const Histogram* const histogram = row.histogram_at(i); histogram != nullptr) {
        row.set(i, std::make_shared<Histogram>(negated(*histogram)));
      }
    }
    drop_name(row);
    check.add(row);
    sink(row);
  });
}

void Evaluator::binary(const BinaryExpr& binary, const StepGrid& grid, const RowSink& sink) {
  const bool has_scalar = type_of(*binary.left) == ValueType::kScalar || type_of(*binary.right) == ValueType::kScalar;
  if (has_scalar) {
    with_scalar(binary, grid, sink);
  } else if (is_set_operator(binary.op)) {
    set_operation(binary, grid, sink);
  } else {
    vector_operation(binary, grid, sink);
  }
}

std::vector<double> Evaluator::scalar_binary(const BinaryExpr& binary, const StepGrid& grid) {
  std::vector<double> values = scalars(*binary.left, grid);
  const std::vector<double> others = scalars(*binary.right, grid);
  for (std::size_t i = 0; i < grid.count; ++i) {
    values[i] = is_comparison(binary.op) ? (compare(binary.op, values[i], others[i]) ? 1 : 0)
                                         : calculate(binary.op, values[i], others[i]);
  }
  return values;
}

void Evaluator::with_scalar(const BinaryExpr& binary, const StepGrid& grid, const RowSink& sink) {
  const bool scalar_is_left = type_of(*binary.left) == ValueType::kScalar;
  const Expr& vector = scalar_is_left ? *binary.right : *binary.left;
  const std::vector<double> scalar = scalars(scalar_is_left ? *binary.left : *binary.right, grid);
  const bool drops = changes_metric(binary.op) || binary.returns_bool;
  RowCheck check = drops ? check_after_drop(vector, RowCheck::Rule::kNoOverlap) : RowCheck(RowCheck::Rule::kNone);
  const auto operate = [&](Row& row, std::size_t i) {
    const Point point{row.value[i], row.histogram_at(i)};
    const Point number{scalar[i], nullptr};
    PointOperation result =
        operate_on(binary.op, scalar_is_left ? number : point, scalar_is_left ? point : number, binary.at, notes_);
    if (binary.returns_bool && !result.failed) {
      clear_step(row, i);
      row.value[i] = result.keeps ? 1 : 0;
    } else if (result.failed || !result.keeps) {
      clear_step(row, i);
    } else if (!is_comparison(binary.op)) {  // a comparison leaves what it keeps
      clear_step(row, i);
      put(row, i, std::move(result.point));
    }
  };
  rows(vector, grid, [&](Row& row) {
    if (row.histogram.empty() && operate_on_floats(binary, scalar_is_left, scalar, row.value)) {
      if (row.empty()) {
        return;
      }
    } else {
      for (std::size_t i = 0; i < grid.count; ++i) {
        if (row.has(i)) {
          operate(row, i);
        }
      }
      if (row.empty()) {
        return;
      }
    }
    if (drops) {
      drop_name(row);
      check.add(row);
    }
    sink(row);
  });
}

void Evaluator::set_operation(const BinaryExpr& binary, const StepGrid& grid, const RowSink& sink) {
  const std::vector<Row> left = collect(*binary.left, grid);
  const std::vector<Row> right = collect(*binary.right, grid);
  LabelGroups groups = groups_of(*binary.matching);
  std::vector<std::size_t> left_group;
  std::vector<std::size_t> right_group;
  for (const Row& row : left) {
    left_group.push_back(groups.group_of(row.view()));
  }
  for (const Row& row : right) {
    right_group.push_back(groups.group_of(row.view()));
  }
  // The steps at which the deciding side has something of a group.
  const bool is_or = binary.op == BinaryOp::kOr;
  std::vector<std::vector<bool>> has(groups.size(), std::vector<bool>(grid.count));
  const auto mark = [&](const std::vector<Row>& rows, const std::vector<std::size_t>& group) {
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (std::size_t i = 0; i < grid.count; ++i) {
        if (rows[r].has(i)) {
          has[group[r]][i] = true;
        }
      }
    }
  };
  is_or ? mark(left, left_group) : mark(right, right_group);
  const auto give = [&](Row row, std::size_t group, bool where) {
    for (std::size_t i = 0; i < grid.count; ++i) {
      if (has[group][i] != where) {
        clear_step(row, i);
      }
    }
    if (!row.empty()) {
      sink(row);
    }
  };
  for (std::size_t r = 0; r < left.size(); ++r) {
    if (is_or) {
      Row row = left[r];
      sink(row);
    } else {
      give(left[r], left_group[r], binary.op == BinaryOp::kAnd);
    }
  }
  for (std::size_t r = 0; is_or && r < right.size(); ++r) {
    give(right[r], right_group[r], false);
  }
}

void Evaluator::vector_operation(const BinaryExpr& binary, const StepGrid& grid, const RowSink& sink) {
  std::vector<Row> left = collect(*binary.left, grid);
  std::vector<Row> right = collect(*binary.right, grid);
  std::vector<Row> joined =
      VectorJoin(binary, grid.count, options_.delayed_name_removal, notes_).run(std::move(left), std::move(right));
  if (grid.count > 1 || !options_.delayed_name_removal) {
    merge_repeated(joined);
  }
  std::ranges::for_each(joined, sink);
}

}  // namespace mcore
