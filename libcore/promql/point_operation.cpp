// SPDX-License-Identifier: Apache-2.0
#include "promql/point_operation.h"

#include <cmath>
#include <string>
#include <utility>

#include "base/server_math.h"
#include "promql/histogram_math.h"
#include "promql/histogram_trim.h"

namespace mcore {
namespace {

PointOperation failure() {
  return {.failed = true};
}
PointOperation result(PointValue point) {
  return {.keeps = true, .point = std::move(point)};
}
PointOperation compacted(Histogram histogram) {
  compact_histogram(histogram, 0);
  return result(std::move(histogram));
}

std::string_view kind_of(const Point& point) noexcept {
  return point.histogram != nullptr ? "histogram" : "float";
}

PointOperation refuse(BinaryOp op, const Point& left, const Point& right, SourceRange at, QueryNotes& notes) {
  const std::string name = binary_op_text(op);
  notes.info(at, "incompatible sample types encountered for binary operator \"" + name +
                     "\": " + std::string(kind_of(left)) + " " + name + " " + std::string(kind_of(right)));
  return failure();
}

PointOperation scaled(const Histogram& histogram, double factor) {
  Histogram copy = histogram;
  multiply_histogram(copy, factor);
  return compacted(std::move(copy));
}

PointOperation trimmed(const Histogram& histogram, double at, TrimKeep keep) {
  Histogram copy = histogram;
  trim_histogram(copy, at, keep);
  return result(std::move(copy));
}

/// + and - of two histograms.
PointOperation combine(BinaryOp op, const Histogram& left, const Histogram& right, SourceRange at, QueryNotes& notes) {
  const bool adds = op == BinaryOp::kAdd;
  const std::string word = adds ? "addition" : "subtraction";
  Histogram copy = left;
  const HistogramOutcome outcome = adds ? add_histogram(copy, right) : subtract_histogram(copy, right);
  if (outcome.is_incompatible) {
    notes.warn(at, std::string("incompatible bucket layout encountered for binary operator ") + binary_op_text(op));
    return failure();
  }
  if (outcome.has_reset_collision) {
    notes.warn(at, "conflicting counter resets during histogram " + word);
    return failure();
  }
  if (outcome.has_reconciled_bounds) {
    notes.info(at, "mismatched custom buckets were reconciled during " + word);
  }
  if (!adds) {
    copy.hint = CounterResetHint::kGauge;
  }
  return compacted(std::move(copy));
}

PointOperation operate_on_histograms(BinaryOp op, const Point& left, const Point& right, SourceRange at,
                                     QueryNotes& notes) {
  switch (op) {
    case BinaryOp::kAdd:
    case BinaryOp::kSub:
      return combine(op, *left.histogram, *right.histogram, at, notes);
    case BinaryOp::kEqual:
    case BinaryOp::kNotEqual: {
      const bool same = equal_histograms(*left.histogram, *right.histogram);
      return {.keeps = same == (op == BinaryOp::kEqual), .point = *left.histogram};
    }
    default:
      return refuse(op, left, right, at, notes);
  }
}

PointOperation operate_on_histogram(BinaryOp op, const Point& left, const Point& right, SourceRange at,
                                    QueryNotes& notes) {
  switch (op) {
    case BinaryOp::kMul:
      return scaled(*left.histogram, right.value);
    case BinaryOp::kDiv: {
      Histogram copy = *left.histogram;
      divide_histogram(copy, right.value);
      return compacted(std::move(copy));
    }
    case BinaryOp::kTrimUpper:
      return trimmed(*left.histogram, right.value, TrimKeep::kBelow);
    case BinaryOp::kTrimLower:
      return trimmed(*left.histogram, right.value, TrimKeep::kAbove);
    default:
      return refuse(op, left, right, at, notes);
  }
}

template <typename Operation>
void change(std::span<const double> scalar, std::vector<double>& values, const Operation& operation) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = is_absent(values[i]) ? values[i] : operation(values[i], scalar[i]);
  }
}

/// Keeps what compares, or says whether it does.
template <typename Comparison>
void choose(std::span<const double> scalar, std::vector<double>& values, bool returns_bool,
            const Comparison& comparison) {
  change(scalar, values, [&](double value, double other) {
    const bool holds = comparison(value, other);
    return returns_bool ? (holds ? 1.0 : 0.0) : (holds ? value : absent_value());
  });
}

}  // namespace

double calculate(BinaryOp op, double left, double right) noexcept {
  switch (op) {
    case BinaryOp::kAdd:
      return left + right;
    case BinaryOp::kSub:
      return left - right;
    case BinaryOp::kMul:
      return left * right;
    case BinaryOp::kDiv:
      return left / right;
    case BinaryOp::kMod:
      return std::fmod(left, right);
    case BinaryOp::kPow:
      return server_pow(left, right);
    default:
      return server_atan2(left, right);
  }
}

bool compare(BinaryOp op, double left, double right) noexcept {
  switch (op) {
    case BinaryOp::kEqual:
      return left == right;
    case BinaryOp::kNotEqual:
      return left != right;
    case BinaryOp::kGreater:
      return left > right;
    case BinaryOp::kLess:
      return left < right;
    case BinaryOp::kGreaterEqual:
      return left >= right;
    default:
      return left <= right;
  }
}

PointOperation operate_on(BinaryOp op, const Point& left, const Point& right, SourceRange at, QueryNotes& notes) {
  if (left.histogram != nullptr && right.histogram != nullptr) {
    return operate_on_histograms(op, left, right, at, notes);
  }
  if (left.histogram != nullptr) {
    return operate_on_histogram(op, left, right, at, notes);
  }
  if (right.histogram != nullptr) {
    return op == BinaryOp::kMul ? scaled(*right.histogram, left.value) : refuse(op, left, right, at, notes);
  }
  if (op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower) {
    return refuse(op, left, right, at, notes);
  }
  if (is_comparison(op)) {
    return {.keeps = compare(op, left.value, right.value), .point = left.value};
  }
  return result(calculate(op, left.value, right.value));
}

bool operate_on_floats(const BinaryExpr& binary, bool scalar_is_left, std::span<const double> scalar,
                       std::vector<double>& values) {
  const BinaryOp op = binary.op;
  if (op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower) {
    return false;
  }
  if (is_comparison(op)) {
    choose(scalar, values, binary.returns_bool, [&](double value, double other) {
      return scalar_is_left ? compare(op, other, value) : compare(op, value, other);
    });
  } else {
    change(scalar, values, [&](double value, double other) {
      return scalar_is_left ? calculate(op, other, value) : calculate(op, value, other);
    });
  }
  return true;
}

Histogram negated(const Histogram& histogram) {
  Histogram copy = histogram;
  multiply_histogram(copy, -1);
  return copy;
}

}  // namespace mcore
