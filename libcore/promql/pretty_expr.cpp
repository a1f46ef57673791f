// SPDX-License-Identifier: Apache-2.0
// The layout of Prometheus' formatter. A node that fits stays on its line; one that does not gives its operands lines
// of their own, one level deeper. Whether the parent began a line tells the level: at 0 it did not.
#include <algorithm>

#include "promql/expr_text.h"
#include "promql/expr_writer.h"
#include "promql/function_table.h"

namespace mcore {
namespace {

constexpr std::size_t kLineBytes = 100;
constexpr std::string_view kBlanks = " \t\r\n";

bool fits(const Expr& expr) {
  std::string text;
  ExprWriter(text, kLineBytes).write(expr);
  return text.size() <= kLineBytes;
}

class PrettyWriter {
 public:
  explicit PrettyWriter(std::string& out) noexcept : out_(out) {}

  void write(const Expr& expr, std::size_t level) {
    switch (expr.kind) {
      case ExprKind::kUnary:
        write_unary(as<UnaryExpr>(expr), level);
        return;
      case ExprKind::kSubquery:
        write_subquery(as<SubqueryExpr>(expr), level);
        return;
      case ExprKind::kBinary:
        if (!fits(expr)) {
          write_binary(as<BinaryExpr>(expr), level);
          return;
        }
        break;
      case ExprKind::kAggregate:
        if (!fits(expr)) {
          write_aggregate(as<AggregateExpr>(expr), level);
          return;
        }
        break;
      case ExprKind::kCall:
        if (!fits(expr)) {
          write_call(as<CallExpr>(expr), level);
          return;
        }
        break;
      case ExprKind::kParen:
        if (!fits(expr)) {
          indent(level);
          out_ += "(\n";
          write(*as<ParenExpr>(expr).inner, level + 1);
          close(level);
          return;
        }
        break;
      default:
        break;
    }
    indent(level);
    ExprWriter(out_).write(expr);
  }

 private:
  void indent(std::size_t level) { out_.append(2 * level, ' '); }
  void close(std::size_t level) {
    out_ += '\n';
    indent(level);
    out_ += ')';
  }

  void write_binary(const BinaryExpr& expr, std::size_t level) {
    write(*expr.left, level + 1);
    out_ += '\n';
    indent(level);
    ExprWriter(out_).binary_operator(expr);
    out_ += '\n';
    write(*expr.right, level + 1);
  }

  void write_aggregate(const AggregateExpr& expr, std::size_t level) {
    indent(level);
    ExprWriter(out_).aggregate_head(expr);
    out_ += "(\n";
    if (expr.param != nullptr) {
      write(*expr.param, level + 1);
      out_ += ",\n";
    }
    write(*expr.inner, level + 1);
    close(level);
  }

  void write_call(const CallExpr& expr, std::size_t level) {
    indent(level);
    out_ += expr.function->name;
    out_ += "(\n";
    for (const ExprPtr& arg : expr.args) {
      out_ += &arg == expr.args.data() ? "" : ",\n";
      write(*arg, level + 1);
    }
    close(level);
  }

  /// A subquery that fits is not indented: so Prometheus has it.
  void write_subquery(const SubqueryExpr& expr, std::size_t level) {
    if (fits(expr)) {
      ExprWriter(out_).write(expr);
      return;
    }
    write(*expr.inner, level);
    ExprWriter(out_).subquery_suffix(expr);
  }

  /// The operand begins on the line of its sign.
  void write_unary(const UnaryExpr& expr, std::size_t level) {
    indent(level);
    out_ += expr.is_minus ? '-' : '+';
    const std::size_t begin = out_.size();
    write(*expr.inner, level);
    const std::size_t first = std::min(out_.find_first_not_of(kBlanks, begin), out_.size());
    out_.erase(begin, first - begin);
  }

  std::string& out_;
};

}  // namespace

std::string pretty_expr_text(const Expr& expr) {
  std::string out;
  PrettyWriter(out).write(expr, 0);
  return out;
}

}  // namespace mcore
