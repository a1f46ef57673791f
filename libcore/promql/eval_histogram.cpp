// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/number_text.h"
#include "promql/classic_histogram.h"
#include "promql/evaluator.h"
#include "promql/function_table.h"
#include "promql/histogram_functions.h"

namespace mcore {
namespace {

constexpr std::string_view kBucketLabel = "le";

/// The functions of one native histogram; null for others.
using HistogramFunction = double (*)(const Histogram&);
HistogramFunction find_histogram_function(FunctionId id) noexcept {
  switch (id) {
    case FunctionId::kHistogramAvg:
      return [](const Histogram& histogram) { return histogram_mean(histogram); };
    case FunctionId::kHistogramCount:
      return [](const Histogram& histogram) { return histogram.count; };
    case FunctionId::kHistogramSum:
      return [](const Histogram& histogram) { return histogram.sum; };
    case FunctionId::kHistogramStddev:
      return [](const Histogram& histogram) { return histogram_deviation(histogram); };
    case FunctionId::kHistogramStdvar:
      return [](const Histogram& histogram) { return histogram_variance(histogram); };
    default:
      return nullptr;
  }
}

/// The native and classic histograms of a vector, the buckets of each classic one together.
class HistogramVector {
 public:
  struct Classic {
    LabelsView labels{};
    std::vector<std::pair<double, const Row*>> buckets{};  // by upper bound, as they come
  };

  HistogramVector(std::vector<Row> rows, SourceRange at, bool names_metrics, QueryNotes& notes)
      : rows_(std::move(rows)), at_(at), names_metrics_(names_metrics), notes_(notes) {
    for (const Row& row : rows_) {
      if (!row.histogram.empty()) {
        native_.push_back(&row);
      }
      if (!std::ranges::all_of(row.value, is_absent)) {
        add_bucket(row);
      }
    }
    for (const Row* const row : native_) {
      if (const auto group = groups_.find(row->view()); group.has_value()) {
        twins_.emplace(row, *group);
        native_of_.emplace(*group, row);
      }
    }
  }

  [[nodiscard]] const std::vector<const Row*>& native() const noexcept { return native_; }
  [[nodiscard]] const std::vector<Classic>& classic() const noexcept { return classic_; }

  /// What a native row has at a step, unless there is a classic histogram of the same labels beside it.
  [[nodiscard]] const Histogram* native_at(const Row& row, std::size_t step) {
    const Histogram* const histogram = row.histogram_at(step);
    const auto twin = twins_.find(&row);
    if (histogram != nullptr && twin != twins_.end() && has_buckets(classic_[twin->second], step)) {
      notes_.warn(at_, "vector contains a mix of classic and native histograms" + named(row.metric_name()));
      return nullptr;
    }
    return histogram;
  }
  /// The buckets of a classic histogram at a step; none if there is a native one beside it.
  void buckets_at(const Classic& classic, std::size_t step, std::vector<ClassicBucket>& out) const {
    out.clear();
    const auto twin = native_of_.find(static_cast<ClassicGroups::Group>(&classic - classic_.data()));
    if (twin != native_of_.end() && twin->second->histogram_at(step) != nullptr) {
      return;
    }
    for (const auto& [bound, row] : classic.buckets) {
      if (row->has_float(step)) {
        out.push_back({bound, row->value[step]});
      }
    }
  }
  /// ` for metric name "x"`, where names are not gone already.
  [[nodiscard]] std::string named(std::string_view metric_name) const {
    std::string text;
    if (names_metrics_ && !metric_name.empty()) {
      text = " for metric name ";
      append_quoted_value(text, metric_name);
    }
    return text;
  }

 private:
  void add_bucket(const Row& row) {
    const ClassicGroups::Member member = groups_.add(row.view());
    classic_.resize(groups_.size());
    classic_[member.group].labels = groups_.labels(member.group);
    if (member.bound.has_value()) {
      classic_[member.group].buckets.emplace_back(*member.bound, &row);
      return;
    }
    std::string note = "bucket label \"le\" is missing or has a malformed value of ";
    append_quoted_value(note, row.view().get(kBucketLabel));
    notes_.warn(at_, note + named(row.metric_name()));
  }
  [[nodiscard]] static bool has_buckets(const Classic& classic, std::size_t step) noexcept {
    return std::ranges::any_of(classic.buckets, [step](const auto& bucket) { return bucket.second->has_float(step); });
  }

  std::vector<Row> rows_;
  SourceRange at_;
  bool names_metrics_;
  QueryNotes& notes_;
  std::vector<const Row*> native_{};
  std::vector<Classic> classic_{};
  ClassicGroups groups_{};
  std::map<const Row*, ClassicGroups::Group> twins_{};      // native rows that clash with a classic histogram
  std::map<ClassicGroups::Group, const Row*> native_of_{};  // the other way round
};

void note_quantile(double q, SourceRange at, QueryNotes& notes) {
  if (!(q >= 0 && q <= 1)) {
    notes.warn(at, "quantile value should be between 0 and 1, got " + float_text(q));
  }
}

/// histogram_quantile of every histogram of a vector, for one quantile a step.
class QuantileColumn {
 public:
  QuantileColumn(HistogramVector& histograms, const std::vector<double>& quantile, const StepGrid& grid, SourceRange at,
                 bool names_metrics, QueryNotes& notes)
      : histograms_(histograms),
        quantile_(quantile),
        grid_(grid),
        at_(at),
        names_metrics_(names_metrics),
        notes_(notes) {}

  void fill(const Row& native, Row& out) {
    for (std::size_t i = 0; i < grid_.count; ++i) {
      const Histogram* const histogram = histograms_.native_at(native, i);
      if (histogram == nullptr) {
        continue;
      }
      const NativeQuantile result = native_quantile(quantile_[i], *histogram);
      out.value[i] = result.value;
      if (result.note != NativeQuantile::Note::kNone) {
        const bool is_nan = result.note == NativeQuantile::Note::kNanResult;
        notes_.info(at_, std::string("input to histogram_quantile has NaN observations, result is ") +
                             (is_nan ? "NaN" : "skewed higher") + histograms_.named(native.metric_name()));
      }
    }
  }
  void fill(const HistogramVector::Classic& classic, Row& out) {
    for (std::size_t i = 0; i < grid_.count; ++i) {
      histograms_.buckets_at(classic, i, buckets_);
      if (buckets_.empty()) {
        continue;
      }
      const ClassicQuantile result = classic_quantile(quantile_[i], buckets_);
      out.value[i] = result.value;
      if (result.was_forced) {
        const std::string_view name = names_metrics_ ? classic.labels.get(kNameLabel) : std::string_view();
        notes_.forced_monotonicity(at_, name, grid_.t_ms(i), result.min_bound, result.max_bound, result.max_difference);
      }
    }
  }

 private:
  HistogramVector& histograms_;
  const std::vector<double>& quantile_;
  const StepGrid& grid_;
  SourceRange at_;
  bool names_metrics_;
  QueryNotes& notes_;
  std::vector<ClassicBucket> buckets_{};
};

std::string with_label(std::string_view labels, std::string_view name, const std::string& value) {
  LabelBuilder builder;
  for (const Label& label : LabelsView(labels)) {
    if (label.name != name) {
      builder.add(label.name, label.value);
    }
  }
  builder.add(name, value);
  return std::string(builder.build().bytes());
}

}  // namespace

bool Evaluator::histogram_call(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const FunctionId id = call.function->id;
  if (const HistogramFunction function = find_histogram_function(id); function != nullptr) {
    RowCheck check = check_after_drop(*call.args[0], RowCheck::Rule::kNoOverlap);
    rows(*call.args[0], grid, [&](Row& row) {
      for (std::size_t i = 0; i < grid.count; ++i) {
        const Histogram* const histogram = row.histogram_at(i);
        row.value[i] = histogram != nullptr ? function(*histogram) : absent_value();
      }
      row.histogram.clear();
      if (!row.empty()) {
        drop_name(row);
        check.add(row);
        sink(row);
      }
    });
    return true;
  }
  switch (id) {
    case FunctionId::kHistogramQuantile:
      histogram_quantile(call, grid, sink);
      return true;
    case FunctionId::kHistogramQuantiles:
      histogram_quantiles(call, grid, sink);
      return true;
    case FunctionId::kHistogramFraction:
      histogram_fraction(call, grid, sink);
      return true;
    default:
      return false;
  }
}

void Evaluator::give_histogram_row(Row& row, std::string labels, RowCheck& check, const RowSink& sink) {
  if (!row.empty()) {
    row.labels = std::move(labels);
    drop_name(row);
    check.add(row);
    sink(row);
  }
}

void Evaluator::histogram_quantile(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const bool names_metrics = options_.delayed_name_removal;
  const SourceRange at = place_of(*call.args[1]);
  const std::vector<double> quantile = scalars(*call.args[0], grid);
  for (const double q : quantile) {
    note_quantile(q, place_of(*call.args[0]), notes_);
  }
  HistogramVector histograms(collect(*call.args[1], grid), at, names_metrics, notes_);
  QuantileColumn column(histograms, quantile, grid, at, names_metrics, notes_);
  RowCheck check = check_after_drop(*call.args[1], RowCheck::Rule::kNoOverlap);
  Row row;
  for (const Row* const native : histograms.native()) {
    row.reset(grid.count);
    column.fill(*native, row);
    give_histogram_row(row, native->labels, check, sink);
  }
  for (const HistogramVector::Classic& classic : histograms.classic()) {
    row.reset(grid.count);
    column.fill(classic, row);
    give_histogram_row(row, std::string(classic.labels.bytes()), check, sink);
  }
}

void Evaluator::histogram_quantiles(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const bool names_metrics = options_.delayed_name_removal;
  const SourceRange at = place_of(*call.args[0]);
  const std::string& label = as<StringExpr>(unwrap_parens(*call.args[1])).value;
  std::vector<std::vector<double>> quantiles;
  for (std::size_t i = 2; i < call.args.size(); ++i) {
    quantiles.push_back(scalars(*call.args[i], grid));
    for (const double q : quantiles.back()) {
      note_quantile(q, place_of(*call.args[i]), notes_);
    }
  }
  HistogramVector histograms(collect(*call.args[0], grid), at, names_metrics, notes_);
  std::vector<Row> all;
  // A quantile may be another at each step: a row for each value that it has.
  const auto give = [&](const std::vector<double>& quantile, Row& filled, const std::string& labels) {
    std::map<std::string, std::size_t> row_of;
    for (std::size_t i = 0; i < grid.count; ++i) {
      if (!filled.has_float(i)) {
        continue;
      }
      const auto [known, is_new] = row_of.try_emplace(openmetrics_float_text(quantile[i]), all.size());
      if (is_new) {
        Row& row = all.emplace_back();
        row.reset(grid.count);
        row.labels = with_label(labels, label, known->first);
        drop_name(row);
      }
      all[known->second].value[i] = filled.value[i];
    }
  };
  Row row;
  for (const std::vector<double>& quantile : quantiles) {
    QuantileColumn column(histograms, quantile, grid, at, names_metrics, notes_);
    for (const Row* const native : histograms.native()) {
      row.reset(grid.count);
      column.fill(*native, row);
      give(quantile, row, native->labels);
    }
    for (const HistogramVector::Classic& classic : histograms.classic()) {
      row.reset(grid.count);
      column.fill(classic, row);
      give(quantile, row, std::string(classic.labels.bytes()));
    }
  }
  if (grid.count > 1 || !options_.delayed_name_removal) {
    merge_repeated(all);
  }
  std::ranges::for_each(all, sink);
}

void Evaluator::histogram_fraction(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const SourceRange at = place_of(*call.args[2]);
  const std::vector<double> lower = scalars(*call.args[0], grid);
  const std::vector<double> upper = scalars(*call.args[1], grid);
  HistogramVector histograms(collect(*call.args[2], grid), at, options_.delayed_name_removal, notes_);
  RowCheck check = check_after_drop(*call.args[2], RowCheck::Rule::kNoOverlap);
  Row row;
  for (const Row* const native : histograms.native()) {
    row.reset(grid.count);
    for (std::size_t i = 0; i < grid.count; ++i) {
      if (const Histogram* const histogram = histograms.native_at(*native, i); histogram != nullptr) {
        const NativeFraction result = native_fraction(lower[i], upper[i], *histogram);
        row.value[i] = result.value;
        if (result.excludes_nan) {
          notes_.info(at, "input to histogram_fraction has NaN observations, which are excluded from all fractions" +
                              histograms.named(native->metric_name()));
        }
      }
    }
    give_histogram_row(row, native->labels, check, sink);
  }
  std::vector<ClassicBucket> buckets;
  for (const HistogramVector::Classic& classic : histograms.classic()) {
    row.reset(grid.count);
    for (std::size_t i = 0; i < grid.count; ++i) {
      histograms.buckets_at(classic, i, buckets);
      if (!buckets.empty()) {
        row.value[i] = classic_fraction(lower[i], upper[i], buckets);
      }
    }
    give_histogram_row(row, std::string(classic.labels.bytes()), check, sink);
  }
}

}  // namespace mcore
