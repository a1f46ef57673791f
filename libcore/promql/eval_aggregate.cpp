// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "base/decimal_text.h"
#include "base/hash.h"
#include "base/number_text.h"
#include "base/utf8.h"
#include "model/histogram_text.h"
#include "promql/aggregation.h"
#include "promql/evaluator.h"
#include "promql/match_groups.h"
#include "promql/quoting.h"
#include "promql/value_heap.h"

namespace mcore {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool picks_series(AggregateOp op) noexcept {
  return op == AggregateOp::kTopk || op == AggregateOp::kBottomk || op == AggregateOp::kLimitk ||
         op == AggregateOp::kLimitRatio;
}

/// The values of a parameter at all steps.
struct Param {
  std::vector<double> values{};

  /// NaN if any value is.
  [[nodiscard]] double max() const noexcept { return has_nan() ? kNaN : *std::ranges::max_element(values); }
  [[nodiscard]] double min() const noexcept { return has_nan() ? kNaN : *std::ranges::min_element(values); }
  [[nodiscard]] bool has_nan() const noexcept {
    return std::ranges::any_of(values, [](double value) { return std::isnan(value); });
  }
};

void note_ratio(QueryNotes& notes, SourceRange at, double got, double used) {
  notes.warn(at, "ratio value should be between -1 and 1, got " + float_text(got) + ", capping to " + float_text(used));
}
void note_quantile(QueryNotes& notes, SourceRange at, double got) {
  notes.warn(at, "quantile value should be between 0 and 1, got " + float_text(got));
}

/// Where a series lies between 0 and 1: by the hash of its labels.
double ratio_offset(const Row& row) noexcept {
  constexpr double kMax = static_cast<double>(std::numeric_limits<std::uint64_t>::max());
  return static_cast<double>(hash_bytes_xxh64(row.labels)) / kMax;
}
bool is_in_ratio(double ratio, double offset) noexcept {
  return ratio >= 0 ? offset < ratio : offset >= 1.0 + ratio;
}

/// topk, bottomk, limitk and limit_ratio: some of the series of each group, with all their labels.
class SeriesPicker {
 public:
  SeriesPicker(const AggregateExpr& aggregate, const StepGrid& grid, const Param& param, std::size_t series,
               QueryNotes& notes)
      : aggregate_(aggregate), grid_(grid), notes_(notes) {
    for (const double value : param.values) {
      limit_.push_back(aggregate.op == AggregateOp::kLimitRatio
                           ? 0
                           : static_cast<std::size_t>(std::clamp(std::trunc(value), 0.0, static_cast<double>(series))));
      ratio_.push_back(std::clamp(value, -1.0, 1.0));
    }
  }

  void add(std::size_t group, std::uint32_t series, const Row& row) {
    const bool keeps_largest = aggregate_.op != AggregateOp::kBottomk;
    if (group >= heaps_.size()) {
      heaps_.resize(group + 1, std::vector<ValueHeap>(grid_.count, ValueHeap(keeps_largest)));
    }
    const double offset = aggregate_.op == AggregateOp::kLimitRatio ? ratio_offset(row) : 0;
    for (std::size_t i = 0; i < grid_.count; ++i) {
      if (row.has(i)) {
        add(heaps_[group][i], i, series, row, offset);
      }
    }
  }

  /// The picked samples, as rows; those of one step in the order of the server.
  [[nodiscard]] std::vector<Row> finish(std::vector<Row> rows) const {
    std::vector<std::size_t> order;  // series as they are first picked
    std::vector<Row> picked(rows.size());
    for (const std::vector<ValueHeap>& group : heaps_) {
      for (std::size_t i = 0; i < grid_.count; ++i) {
        const bool sorts = aggregate_.op == AggregateOp::kTopk || aggregate_.op == AggregateOp::kBottomk;
        for (const ValueHeap::Entry& entry : sorts ? group[i].sorted() : group[i].entries()) {
          Row& to = picked[entry.series];
          if (to.value.empty()) {
            to.reset(grid_.count);
            order.push_back(entry.series);
          }
          to.value[i] = rows[entry.series].value[i];
          if (rows[entry.series].histogram_at(i) != nullptr) {
            to.set(i, rows[entry.series].histogram[i]);
          }
        }
      }
    }
    std::vector<Row> out;
    for (const std::size_t series : order) {
      picked[series].labels = std::move(rows[series].labels);
      picked[series].drops_name = rows[series].drops_name;
      out.push_back(std::move(picked[series]));
    }
    return out;
  }

 private:
  void add(ValueHeap& heap, std::size_t step, std::uint32_t series, const Row& row, double offset) {
    switch (aggregate_.op) {
      case AggregateOp::kLimitk:
        if (heap.size() < limit_[step]) {
          heap.push({row.value[step], series});
        }
        break;
      case AggregateOp::kLimitRatio:
        if (is_in_ratio(ratio_[step], offset) && ratio_[step] != 0) {
          heap.push({row.value[step], series});
        }
        break;
      default:
        if (row.histogram_at(step) != nullptr) {
          notes_.info(aggregate_.at,
                      std::string("ignored histogram in ") + aggregate_op_text(aggregate_.op) + " aggregation");
        } else if (limit_[step] > 0) {
          heap.add({row.value[step], series}, limit_[step]);
        }
        break;
    }
  }

  const AggregateExpr& aggregate_;
  const StepGrid& grid_;
  QueryNotes& notes_;
  std::vector<std::size_t> limit_{};
  std::vector<double> ratio_{};
  std::vector<std::vector<ValueHeap>> heaps_{};  // by group and step
};

/// Whether anything can be picked at all; errors and warnings about the parameter.
bool check_picker_param(const AggregateExpr& aggregate, const Param& param, QueryNotes& notes) {
  if (aggregate.op == AggregateOp::kLimitRatio) {
    if (param.max() == 0 && param.min() == 0) {
      return false;
    }
    if (param.has_nan()) {
      throw_query_error("Ratio value is NaN");
    }
    if (param.max() > 1) {
      note_ratio(notes, place_of(*aggregate.param), param.max(), 1);
    }
    if (param.min() < -1) {
      note_ratio(notes, place_of(*aggregate.param), param.min(), -1);
    }
    return true;
  }
  constexpr double kInt64Limit = 9223372036854775808.0;
  if (param.max() < 1) {
    return false;
  }
  if (param.has_nan()) {
    throw_query_error("Parameter value is NaN");
  }
  if (param.min() <= -kInt64Limit) {
    throw_query_error("Scalar value " + float_text(param.min()) + " underflows int64");
  }
  if (param.max() >= kInt64Limit) {
    throw_query_error("Scalar value " + float_text(param.max()) + " overflows int64");
  }
  return true;
}

void note_quantile_param(const AggregateExpr& aggregate, const Param& param, QueryNotes& notes) {
  if (param.has_nan()) {
    note_quantile(notes, place_of(*aggregate.param), kNaN);
  }
  if (param.max() > 1) {
    note_quantile(notes, place_of(*aggregate.param), param.max());
  }
  if (param.min() < 0) {
    note_quantile(notes, place_of(*aggregate.param), param.min());
  }
}

}  // namespace

void Evaluator::aggregate(const AggregateExpr& aggregate, const StepGrid& grid, const RowSink& sink) {
  if (aggregate.op == AggregateOp::kCountValues) {
    count_values(aggregate, grid, sink);
    return;
  }
  Param param;
  if (aggregate.param != nullptr) {
    param.values = scalars(*aggregate.param, grid);
  }
  if (picks_series(aggregate.op)) {
    pick_series(aggregate, param.values, grid, sink);
    return;
  }
  LabelGroups groups(aggregate.grouping, !aggregate.is_without);
  const auto aggregation = make_aggregation(aggregate, grid.count, param.values, notes_);
  std::vector<bool> drops_name;
  rows(*aggregate.inner, grid, [&](const Row& row) {
    const std::size_t group = groups.group_of(row.view());
    drops_name.resize(groups.size());
    drops_name[group] = drops_name[group] || row.drops_name;
    aggregation->add(group, row);
  });
  if (aggregate.op == AggregateOp::kQuantile) {
    note_quantile_param(aggregate, param, notes_);
  }
  Row row;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    row.reset(grid.count);
    aggregation->finish(group, row);
    if (!row.empty()) {
      row.labels = groups.labels(group).bytes();
      row.drops_name = drops_name[group];
      sink(row);
    }
  }
}

void Evaluator::pick_series(const AggregateExpr& aggregate, const std::vector<double>& values, const StepGrid& grid,
                            const RowSink& sink) {
  const Param param{values};
  std::vector<Row> all = collect(*aggregate.inner, grid);
  if (!check_picker_param(aggregate, param, notes_)) {
    return;
  }
  LabelGroups groups(aggregate.grouping, !aggregate.is_without);
  SeriesPicker picker(aggregate, grid, param, all.size(), notes_);
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    picker.add(groups.group_of(all[i].view()), i, all[i]);
  }
  for (Row& row : picker.finish(std::move(all))) {
    sink(row);
  }
}

void Evaluator::count_values(const AggregateExpr& aggregate, const StepGrid& grid, const RowSink& sink) {
  const auto& name = as<StringExpr>(unwrap_parens(*aggregate.param)).value;
  if (name.empty() || !is_valid_utf8(name)) {
    throw_query_error("invalid label name " + quoted(name));
  }
  std::vector<std::string> grouping = aggregate.grouping;
  if (!aggregate.is_without) {
    grouping.push_back(name);
  }
  LabelGroups groups(grouping, !aggregate.is_without);
  std::vector<Row> counts;
  LabelBuilder builder;
  rows(*aggregate.inner, grid, [&](const Row& row) {
    std::map<std::string, std::size_t> group_of;  // by the text of the value
    for (std::size_t i = 0; i < grid.count; ++i) {
      if (!row.has(i)) {
        continue;
      }
      const Histogram* const histogram = row.histogram_at(i);
      std::string text = histogram != nullptr ? histogram_text(*histogram) : decimal_text(row.value[i]);
      const auto [known, is_new] = group_of.try_emplace(std::move(text));
      if (is_new) {
        builder.clear();
        for (const Label& label : row.view()) {
          if (label.name != name) {
            builder.add(label.name, label.value);
          }
        }
        builder.add(name, known->first);
        known->second = groups.group_of(builder.build());
      }
      if (known->second >= counts.size()) {
        counts.emplace_back().reset(grid.count);
      }
      double& count = counts[known->second].value[i];
      count = is_absent(count) ? 1 : count + 1;
    }
  });
  for (std::size_t group = 0; group < counts.size(); ++group) {
    counts[group].labels = groups.labels(group).bytes();
    sink(counts[group]);
  }
}

}  // namespace mcore
