// SPDX-License-Identifier: Apache-2.0
#include "promql/aggregation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "promql/histogram_total.h"
#include "promql/kahan_sum.h"
#include "promql/quantile.h"
#include "promql/range_notes.h"
#include "promql/vector_clones.h"

namespace mcore {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A column for each group, made when its first row comes.
template <typename State>
class GroupColumns {
 public:
  explicit GroupColumns(std::size_t steps) noexcept : steps_(steps) {}
  [[nodiscard]] std::vector<State>& of(std::size_t group) {
    if (group >= columns_.size()) {
      columns_.resize(group + 1);
    }
    if (columns_[group].empty()) {
      columns_[group].resize(steps_);
    }
    return columns_[group];
  }

 private:
  std::size_t steps_;
  std::vector<std::vector<State>> columns_{};
};

/// What operators for floats have in common: histograms are passed over with an info.
class FloatAggregation : public Aggregation {
 public:
  FloatAggregation(const AggregateExpr& aggregate, QueryNotes& notes) : aggregate_(aggregate), notes_(notes) {}

 protected:
  void note_histograms(const Row& row) {
    for (const HistogramPtr& histogram : row.histogram) {
      if (histogram != nullptr) {
        notes_.info(place_of(*aggregate_.inner),
                    std::string("ignored histogram in ") + aggregate_op_text(aggregate_.op) + " aggregation");
        return;
      }
    }
  }
  [[nodiscard]] AggregateOp op() const noexcept { return aggregate_.op; }

 private:
  const AggregateExpr& aggregate_;
  QueryNotes& notes_;
};

class Extreme final : public FloatAggregation {
 public:
  Extreme(const AggregateExpr& aggregate, std::size_t steps, QueryNotes& notes)
      : FloatAggregation(aggregate, notes), columns_(steps) {}

  void add(std::size_t group, const Row& row) override {
    note_histograms(row);
    std::vector<Best>& best = columns_.of(group);
    const bool is_max = op() == AggregateOp::kMax;
    for (std::size_t i = 0; i < best.size(); ++i) {
      const double x = row.value[i];
      const double y = best[i].value;
      if (!is_absent(x) && (is_absent(y) || (is_max ? y < x : y > x) || std::isnan(y))) {
        best[i].value = x;
      }
    }
  }
  void finish(std::size_t group, Row& out) override {
    const std::vector<Best>& best = columns_.of(group);
    for (std::size_t i = 0; i < best.size(); ++i) {
      out.value[i] = best[i].value;
    }
  }

 private:
  struct Best {
    double value = absent_value();
  };
  GroupColumns<Best> columns_;
};

class Count final : public Aggregation {
 public:
  Count(AggregateOp op, std::size_t steps) : op_(op), columns_(steps) {}

  void add(std::size_t group, const Row& row) override {
    std::vector<double>& count = columns_.of(group);
    for (std::size_t i = 0; i < count.size(); ++i) {
      count[i] += row.has(i) ? 1 : 0;
    }
  }
  void finish(std::size_t group, Row& out) override {
    const std::vector<double>& count = columns_.of(group);
    for (std::size_t i = 0; i < count.size(); ++i) {
      if (count[i] > 0) {
        out.value[i] = op_ == AggregateOp::kGroup ? 1 : count[i];
      }
    }
  }

 private:
  AggregateOp op_;
  GroupColumns<double> columns_;
};

/// Welford's method.
class Deviation final : public FloatAggregation {
 public:
  Deviation(const AggregateExpr& aggregate, std::size_t steps, QueryNotes& notes)
      : FloatAggregation(aggregate, notes), columns_(steps) {}

  void add(std::size_t group, const Row& row) override {
    note_histograms(row);
    std::vector<Spread>& spread = columns_.of(group);
    for (std::size_t i = 0; i < spread.size(); ++i) {
      const double x = row.value[i];
      if (!is_absent(x)) {
        spread[i].add(x);
      }
    }
  }
  void finish(std::size_t group, Row& out) override {
    const std::vector<Spread>& spread = columns_.of(group);
    for (std::size_t i = 0; i < spread.size(); ++i) {
      if (spread[i].count > 0) {
        const double variance = spread[i].squares / spread[i].count;
        out.value[i] = op() == AggregateOp::kStddev ? std::sqrt(variance) : variance;
      }
    }
  }

 private:
  struct Spread {
    double count = 0;
    double mean = 0;
    double squares = 0;

    void add(double x) noexcept {
      if (count == 0) {
        count = 1;
        mean = x;
        squares = std::isfinite(x) ? 0 : kNaN;
        return;
      }
      count += 1;
      const double delta = x - mean;
      mean += delta / count;
      squares += delta * (x - mean);
    }
  };
  GroupColumns<Spread> columns_;
};

class Quantile final : public FloatAggregation {
 public:
  Quantile(const AggregateExpr& aggregate, std::size_t steps, const std::vector<double>& phi, QueryNotes& notes)
      : FloatAggregation(aggregate, notes), phi_(phi), columns_(steps) {}

  void add(std::size_t group, const Row& row) override {
    note_histograms(row);
    std::vector<std::vector<double>>& values = columns_.of(group);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!is_absent(row.value[i])) {
        values[i].push_back(row.value[i]);
      }
    }
  }
  void finish(std::size_t group, Row& out) override {
    std::vector<std::vector<double>>& values = columns_.of(group);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!values[i].empty()) {
        out.value[i] = quantile_of(phi_[i], values[i]);
      }
    }
  }

 private:
  const std::vector<double>& phi_;
  GroupColumns<std::vector<double>> columns_;
};

/// Adds a run of values to sums that all exist, side by side. The step has no branch and the bits of KahanSum as long
/// as everything stays finite; false, and nothing done, if something is absent or does not.
MCORE_VECTOR_CLONES bool add_run(const double* value, double* sum, double* lost, std::size_t count) {
  bool is_plain = true;
  for (std::size_t i = 0; i < count; ++i) {
    const double total = sum[i] + value[i];  // of an absent operand NaN
    is_plain &= std::fabs(total) <= std::numeric_limits<double>::max();
  }
  if (!is_plain) {
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const double total = sum[i] + value[i];
    const double taken = total - sum[i];
    lost[i] += (sum[i] - (total - taken)) + (value[i] - taken);
    sum[i] = total;
  }
  return true;
}
/// Totals of floats, kept side by side. The mean is the sum's, until that would overflow: from there on it is brought
/// forward value by value.
struct FloatTotals {
  std::vector<double> sum{};
  std::vector<double> lost{};
  std::vector<double> count{};
  std::vector<bool> is_mean{};  // sum is the mean; empty as long as no sum has overflowed

  void resize(std::size_t steps) {
    sum.assign(steps, absent_value());
    lost.assign(steps, 0);
    count.assign(steps, 0);
  }
  void add(std::size_t i, double x) noexcept {
    if (is_absent(sum[i])) {
      sum[i] = x;
      return;
    }
    KahanSum total{sum[i], lost[i]};
    total.add(x);
    sum[i] = total.sum;
    lost[i] = total.lost;
  }
  /// Requires: count[i] has this value in it.
  void add_to_mean(std::size_t i, double x) {
    if (is_absent(sum[i])) {
      sum[i] = x;
      return;
    }
    const double n = count[i];
    if (is_mean.empty() || !is_mean[i]) {
      KahanSum total{sum[i], lost[i]};
      total.add(x);
      if (!std::isinf(total.sum)) {
        sum[i] = total.sum;
        lost[i] = total.lost;
        return;
      }
      is_mean.resize(sum.size());
      is_mean[i] = true;
      sum[i] /= n - 1;
      lost[i] /= n - 1;
    }
    const double q = (n - 1) / n;
    KahanSum mean{q * sum[i], q * lost[i]};
    mean.add(x / n);
    sum[i] = mean.sum;
    lost[i] = mean.lost;
  }
  [[nodiscard]] double total(std::size_t i) const noexcept { return sum[i] + lost[i]; }
  [[nodiscard]] double mean(std::size_t i) const noexcept {
    return !is_mean.empty() && is_mean[i] ? sum[i] + lost[i] : sum[i] / count[i] + lost[i] / count[i];
  }
};

/// sum and avg, of floats or of histograms; a mix of the two gives nothing but a warning.
class Total final : public Aggregation {
 public:
  Total(const AggregateExpr& aggregate, std::size_t steps, QueryNotes& notes)
      : aggregate_(aggregate), steps_(steps), notes_(notes) {}

  void add(std::size_t group, const Row& row) override {
    if (group >= groups_.size()) {
      groups_.resize(group + 1);
    }
    Group& to = groups_[group];
    if (to.floats.sum.empty()) {
      to.floats.resize(steps_);
    }
    if (row.histogram.empty() && to.histograms.empty()) {
      add_floats(to.floats, row.value);
    } else {
      add_mixed(to, row);
    }
  }

  void finish(std::size_t group, Row& out) override {
    Group& of = groups_[group];
    for (std::size_t i = 0; i < steps_; ++i) {
      const bool has_float = !is_absent(of.floats.sum[i]);
      HistogramTotal* const histograms = of.histograms.empty() ? nullptr : of.histograms[i].get();
      if (histograms == nullptr) {
        if (has_float) {
          out.value[i] = is_avg() ? of.floats.mean(i) : of.floats.total(i);
        }
      } else if (has_float) {
        notes_.warn(place_of(*aggregate_.inner), "encountered a mix of histograms and floats for aggregation");
      } else if (!of.is_broken[i]) {
        finish_histogram(*histograms, i, out);
      }
    }
  }

 private:
  struct Group {
    FloatTotals floats{};
    std::vector<std::unique_ptr<HistogramTotal>> histograms{};  // empty, or one a step
    std::vector<bool> is_broken{};                              // by step: they cannot be brought together
  };
  [[nodiscard]] bool is_avg() const noexcept { return aggregate_.op == AggregateOp::kAvg; }
  [[nodiscard]] NoteContext context(std::string_view metric_name) const {
    return {.notes = notes_, .at = place_of(*aggregate_.inner), .metric_name = metric_name};
  }

  void add_floats(FloatTotals& totals, const std::vector<double>& values) const {
    constexpr std::size_t kRun = 128;
    for (std::size_t begin = 0; begin < steps_; begin += kRun) {
      const std::size_t end = std::min(begin + kRun, steps_);
      if (!is_avg() && add_run(&values[begin], &totals.sum[begin], &totals.lost[begin], end - begin)) {
        continue;
      }
      for (std::size_t i = begin; i < end; ++i) {
        if (!is_absent(values[i])) {
          add_float(totals, i, values[i]);
        }
      }
    }
  }
  void add_float(FloatTotals& totals, std::size_t step, double value) const {
    if (is_avg()) {
      totals.count[step] += 1;
      totals.add_to_mean(step, value);
    } else {
      totals.add(step, value);
    }
  }

  void add_mixed(Group& to, const Row& row) {
    to.histograms.resize(steps_);
    to.is_broken.resize(steps_);
    for (std::size_t i = 0; i < steps_; ++i) {
      if (to.is_broken[i]) {
        continue;
      }
      if (const Histogram* const histogram = row.histogram_at(i); histogram != nullptr) {
        add_histogram(to, i, *histogram, row);
      } else if (row.has_float(i)) {
        add_float(to.floats, i, row.value[i]);
      }
    }
  }
  void add_histogram(Group& to, std::size_t step, const Histogram& histogram, const Row& row) {
    std::unique_ptr<HistogramTotal>& total = to.histograms[step];
    if (total == nullptr) {
      total = std::make_unique<HistogramTotal>(is_avg() ? HistogramTotal::Kind::kMean : HistogramTotal::Kind::kSum);
    } else if (!is_absent(to.floats.sum[step])) {
      return;  // mixed with floats: there will be none
    }
    if (!total->add(histogram)) {
      note_mixed_buckets(context(row.metric_name()));
      to.is_broken[step] = true;
    }
    if (total->has_reconciled_bounds()) {
      note_reconciled_bounds("aggregation", context({}));
    }
  }
  void finish_histogram(HistogramTotal& total, std::size_t step, Row& out) const {
    if (total.has_reset_collision()) {
      note_conflicting_resets("aggregation", context({}));
    }
    auto histogram = std::make_shared<Histogram>(total.take());
    compact_histogram(*histogram, 0);
    out.set(step, std::move(histogram));
  }

  const AggregateExpr& aggregate_;
  std::size_t steps_;
  QueryNotes& notes_;
  std::vector<Group> groups_{};
};

}  // namespace

std::unique_ptr<Aggregation> make_aggregation(const AggregateExpr& aggregate, std::size_t steps,
                                              const std::vector<double>& phi, QueryNotes& notes) {
  switch (aggregate.op) {
    case AggregateOp::kMin:
    case AggregateOp::kMax:
      return std::make_unique<Extreme>(aggregate, steps, notes);
    case AggregateOp::kCount:
    case AggregateOp::kGroup:
      return std::make_unique<Count>(aggregate.op, steps);
    case AggregateOp::kStddev:
    case AggregateOp::kStdvar:
      return std::make_unique<Deviation>(aggregate, steps, notes);
    case AggregateOp::kQuantile:
      return std::make_unique<Quantile>(aggregate, steps, phi, notes);
    default:
      return std::make_unique<Total>(aggregate, steps, notes);
  }
}

}  // namespace mcore
