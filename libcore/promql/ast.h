// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/matcher.h"
#include "model/query_value.h"

namespace mcore {

struct PromqlFunction;

/// Where an expression stands in the query's text: bytes from `begin` up to `end`, without white space around it.
struct SourceRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class ExprKind : std::uint8_t {
  kNumber,
  kString,
  kParen,
  kUnary,
  kBinary,
  kAggregate,
  kCall,
  kVectorSelector,
  kMatrixSelector,
  kSubquery,
};

/// A node of the syntax tree of a query. What it stands for says `kind`; as<T>() gives the node as that.
///
/// Lifetime: owns what is below it.
struct Expr {
  ExprKind kind;
  SourceRange at{};

  virtual ~Expr() = default;
  Expr(const Expr&) = delete;
  Expr& operator=(const Expr&) = delete;

 protected:
  explicit Expr(ExprKind of) noexcept : kind(of) {}
};
using ExprPtr = std::unique_ptr<Expr>;

/// Requires: the node is a T.
template <typename T>
[[nodiscard]] const T& as(const Expr& expr) noexcept {
  return static_cast<const T&>(expr);
}
template <typename T>
[[nodiscard]] T& as(Expr& expr) noexcept {
  return static_cast<T&>(expr);
}

/// The type of a tree that the parser accepted.
[[nodiscard]] ValueType type_of(const Expr& expr) noexcept;
/// The expression without the parentheses around it.
[[nodiscard]] const Expr& unwrap_parens(const Expr& expr) noexcept;
/// Where a note about an operand points to: the parentheses around it do not count.
[[nodiscard]] inline SourceRange place_of(const Expr& expr) noexcept {
  return unwrap_parens(expr).at;
}
[[nodiscard]] ExprPtr clone(const Expr& expr);

/// Operators of two operands; unary expressions use kAdd and kSub.
enum class BinaryOp : std::uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kAtan2,
  kEqual,
  kNotEqual,
  kGreater,
  kLess,
  kGreaterEqual,
  kLessEqual,
  kTrimUpper,  // `</`: keeps what is below
  kTrimLower,  // `>/`
  kAnd,
  kOr,
  kUnless,
};
[[nodiscard]] constexpr bool is_comparison(BinaryOp op) noexcept {
  return op >= BinaryOp::kEqual && op <= BinaryOp::kLessEqual;
}
[[nodiscard]] constexpr bool is_set_operator(BinaryOp op) noexcept {
  return op >= BinaryOp::kAnd;
}
/// As it is written: "+", "atan2", "unless".
[[nodiscard]] const char* binary_op_text(BinaryOp op) noexcept;

enum class AggregateOp : std::uint8_t {
  kSum,
  kAvg,
  kMin,
  kMax,
  kCount,
  kGroup,
  kStddev,
  kStdvar,
  kQuantile,
  kTopk,
  kBottomk,
  kCountValues,
  kLimitk,
  kLimitRatio,
};
[[nodiscard]] const char* aggregate_op_text(AggregateOp op) noexcept;

// --- Durations -----------------------------------------------------------------------------------------------------

enum class DurationOp : std::uint8_t {
  kNumber,  // `seconds`
  kStep,    // step()
  kRange,   // range()
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kMin,  // min_of(left, right)
  kMax,
};

/// A duration that is computed, `5m * 2`, once the query's step and range are known. Unary signs have no `left`.
struct DurationExpr {
  DurationOp op = DurationOp::kNumber;
  double seconds = 0;
  bool is_duration = false;  // the number was written with units
  bool is_wrapped = false;   // in parentheses of its own
  SourceRange at{};
  std::unique_ptr<DurationExpr> left{};
  std::unique_ptr<DurationExpr> right{};
};
using DurationExprPtr = std::unique_ptr<DurationExpr>;

/// A length of time in a query: known, or to be computed.
struct QueryDuration {
  std::int64_t ms = 0;
  DurationExprPtr expr{};  // if set, `ms` comes from it
};

/// `@`.
enum class AtKind : std::uint8_t { kNone, kTime, kStart, kEnd };
/// `@ <time>` and `offset <duration>` behind a selector or subquery.
struct TimeShift {
  AtKind at = AtKind::kNone;
  std::int64_t at_ms = 0;  // of kTime
  QueryDuration offset{};
};

// --- Nodes ---------------------------------------------------------------------------------------------------------

struct NumberExpr final : Expr {
  NumberExpr() noexcept : Expr(ExprKind::kNumber) {}
  double value = 0;
  bool is_duration = false;  // written with units, `5m`
};

struct StringExpr final : Expr {
  StringExpr() noexcept : Expr(ExprKind::kString) {}
  std::string value{};
};

struct ParenExpr final : Expr {
  ParenExpr() noexcept : Expr(ExprKind::kParen) {}
  ExprPtr inner{};
};

struct UnaryExpr final : Expr {
  UnaryExpr() noexcept : Expr(ExprKind::kUnary) {}
  bool is_minus = false;
  ExprPtr inner{};
};

enum class MatchCardinality : std::uint8_t { kOneToOne, kManyToOne, kOneToMany, kManyToMany };

/// How the series of two vectors find each other.
struct VectorMatching {
  MatchCardinality cardinality = MatchCardinality::kOneToOne;  // kManyToOne: group_left; kManyToMany: set operators
  bool is_on = false;                                          // else ignoring, also where neither was written
  std::vector<std::string> labels{};                           // of on or ignoring, as written
  std::vector<std::string> include{};                          // of group_left or group_right
  std::optional<double> fill_left{};
  std::optional<double> fill_right{};
};

struct BinaryExpr final : Expr {
  BinaryExpr() noexcept : Expr(ExprKind::kBinary) {}
  BinaryOp op = BinaryOp::kAdd;
  bool returns_bool = false;
  std::optional<VectorMatching> matching{};  // set if both sides are vectors
  ExprPtr left{};
  ExprPtr right{};
};

struct AggregateExpr final : Expr {
  AggregateExpr() noexcept : Expr(ExprKind::kAggregate) {}
  AggregateOp op = AggregateOp::kSum;
  bool is_without = false;
  std::vector<std::string> grouping{};
  ExprPtr param{};  // null where the operator takes none
  ExprPtr inner{};
};

struct CallExpr final : Expr {
  CallExpr() noexcept : Expr(ExprKind::kCall) {}
  const PromqlFunction* function = nullptr;
  std::vector<ExprPtr> args{};
};

struct VectorSelectorExpr final : Expr {
  VectorSelectorExpr() noexcept : Expr(ExprKind::kVectorSelector) {}
  std::string name{};   // as written before the braces; empty without
  Selector matchers{};  // the name's among them, as the last one (Prometheus' order)
  TimeShift shift{};
  bool is_anchored = false;
  bool is_smoothed = false;
};

struct MatrixSelectorExpr final : Expr {
  MatrixSelectorExpr() noexcept : Expr(ExprKind::kMatrixSelector) {}
  std::unique_ptr<VectorSelectorExpr> vector{};  // has the shift
  QueryDuration range{};
};

struct SubqueryExpr final : Expr {
  SubqueryExpr() noexcept : Expr(ExprKind::kSubquery) {}
  ExprPtr inner{};
  QueryDuration range{};
  QueryDuration step{};  // 0 and no expression: the default step
  TimeShift shift{};
};

}  // namespace mcore
