// SPDX-License-Identifier: Apache-2.0
//
// unit_of_expression(): reads an expression far enough to follow its units. It is no parser of PromQL: render/ must not
// know one, and a guess may be wrong. Whatever it does not understand is a plain number.
#include <algorithm>
#include <optional>

#include "base/number_text.h"
#include "base/strings.h"
#include "render/value_unit.h"

namespace mcore {
namespace {

constexpr int kMaxDepth = 50;

bool is_word_start(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// The value of a part: its unit, and the number if it is written as one.
struct Part {
  ValueUnit unit{};
  std::optional<double> number{};
};

/// Functions whose result counts things, whatever they were given.
bool gives_plain(std::string_view function) noexcept {
  return is_one_of(function, {"count",
                              "count_values",
                              "count_over_time",
                              "present_over_time",
                              "absent",
                              "absent_over_time",
                              "changes",
                              "resets",
                              "sgn",
                              "group",
                              "stdvar",
                              "stdvar_over_time",
                              "histogram_stdvar",
                              "ln",
                              "log2",
                              "log10",
                              "exp",
                              "sqrt",
                              "histogram_count",
                              "vector"}) ||
         function.starts_with("day") || function.ends_with("sin") || function.ends_with("cos");
}

Part times(const Part& a, const Part& b) noexcept {
  if (a.number && !b.number) {
    return times(b, a);
  }
  if (b.number) {
    const double factor = *b.number;
    if (factor == 1 || a.number) {
      return {a.unit, {}};
    }
    if (factor == 8 && a.unit.kind == UnitKind::kBytes) {
      return {{UnitKind::kBits, a.unit.per_second}, {}};
    }
    if (factor == 100 && (a.unit.kind == UnitKind::kRatio || a.unit.kind == UnitKind::kPlain)) {
      return {{a.unit.kind == UnitKind::kRatio ? UnitKind::kPercent : UnitKind::kPlain, a.unit.per_second}, {}};
    }
    return a.unit.kind == UnitKind::kPlain ? Part{a.unit, {}} : Part{};  // in another unit than the name says
  }
  const auto is_factor = [](ValueUnit unit) { return unit.kind == UnitKind::kPlain || unit.kind == UnitKind::kRatio; };
  if (is_factor(a.unit)) {
    return {{b.unit.kind, a.unit.per_second != b.unit.per_second}, {}};
  }
  return is_factor(b.unit) ? Part{{a.unit.kind, a.unit.per_second != b.unit.per_second}, {}} : Part{};
}

Part by(const Part& a, const Part& b) noexcept {
  if (b.number) {
    const bool keeps = *b.number == 1 || a.unit.kind == UnitKind::kPlain;
    return keeps ? Part{a.unit, {}} : Part{};
  }
  if (a.unit.kind == b.unit.kind) {
    // Whether a count by a count is a share of it or a mean, the names do not tell.
    const bool share = a.unit.kind != UnitKind::kPlain && a.unit.per_second == b.unit.per_second;
    return {{share ? UnitKind::kRatio : UnitKind::kPlain, a.unit.per_second && !b.unit.per_second}, {}};
  }
  if (b.unit.kind == UnitKind::kSeconds && !a.unit.per_second && !b.unit.per_second) {
    return {{a.unit.kind, true}, {}};
  }
  const bool factor = b.unit.kind == UnitKind::kPlain && (!b.unit.per_second || a.unit.per_second);
  return factor ? Part{{a.unit.kind, a.unit.per_second && !b.unit.per_second}, {}} : Part{};
}

Part plus(const Part& a, const Part& b, bool minus) noexcept {
  if (minus && a.unit.kind == UnitKind::kTimestamp && b.unit.kind == UnitKind::kTimestamp) {
    return {{UnitKind::kSeconds, false}, {}};
  }
  if (a.number || (a.unit == ValueUnit{} && !b.unit.per_second)) {
    return {b.unit, {}};
  }
  return b.number || b.unit == ValueUnit{} || a.unit == b.unit || a.unit.kind == UnitKind::kTimestamp ? Part{a.unit, {}}
                                                                                                      : Part{};
}

class UnitReader {
 public:
  explicit UnitReader(std::string_view text) : rest_(text) {}

  /// Reads operators that bind at least as tightly as `level`: 0 or, 1 and/unless, 2 comparisons, 3 + -, 4 * / %, 5 ^.
  Part read(int level, int depth) {
    if (depth > kMaxDepth) {
      rest_ = {};
      return {};
    }
    Part left = operand(depth);
    while (true) {
      const std::string_view before = rest_;
      const std::string_view op = take_operator();
      const int binds = level_of(op);
      if (op.empty() || binds < level) {
        rest_ = before;
        return left;
      }
      const bool plain = skip_matching();
      left = joined(op, left, read(binds + 1, depth + 1), plain);
    }
  }

 private:
  static int level_of(std::string_view op) noexcept {
    if (op == "or") {
      return 0;
    }
    if (op == "and" || op == "unless") {
      return 1;
    }
    if (op == "+" || op == "-") {
      return 3;
    }
    if (is_one_of(op, {"*", "/", "%", "atan2"})) {
      return 4;
    }
    return op == "^" ? 5 : 2;
  }

  static Part joined(std::string_view op, const Part& left, const Part& right, bool is_bool) noexcept {
    if (op == "*") {
      return times(left, right);
    }
    if (op == "/") {
      return by(left, right);
    }
    if (op == "+" || op == "-") {
      return plus(left, right, op == "-");
    }
    if (op == "^" || op == "atan2" || is_bool) {
      return {};
    }
    return op == "or" && left.unit == ValueUnit{} ? right : Part{left.number ? right.unit : left.unit, {}};
  }

  void skip_blanks() noexcept {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t' || rest_[0] == '\r')) {
      rest_.remove_prefix(1);
    }
    if (!rest_.empty() && rest_[0] == '#') {  // a comment
      rest_.remove_prefix(std::min(rest_.size(), rest_.find('\n')));
      skip_comment_end();
    }
  }
  void skip_comment_end() noexcept {
    while (!rest_.empty() && (rest_[0] == '\n' || rest_[0] == ' ')) {
      rest_.remove_prefix(1);
    }
  }

  std::string_view take(std::size_t count) noexcept {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view take_word() noexcept {
    std::size_t size = 0;
    while (size < rest_.size() && (is_word_start(rest_[size]) || is_digit(rest_[size]))) {
      ++size;
    }
    return take(size);
  }

  std::string_view take_operator() noexcept {
    skip_blanks();
    if (rest_.empty()) {
      return {};
    }
    if (is_word_start(rest_[0])) {
      const std::string_view word = take_word();
      return is_one_of(word, {"and", "or", "unless", "atan2"}) ? word : std::string_view();
    }
    if (is_one_of(rest_.substr(0, 2), {"==", "!=", "<=", ">="})) {
      return take(2);
    }
    return std::string_view("+-*/%^<>").find(rest_[0]) == std::string_view::npos ? std::string_view() : take(1);
  }

  /// Skips `bool`, `on (…)`, `group_left (…)` and the like behind an operator; says whether there was a bool.
  bool skip_matching() noexcept {
    bool is_bool = false;
    while (true) {
      skip_blanks();
      const std::string_view before = rest_;
      const std::string_view word = take_word();
      if (word == "bool") {
        is_bool = true;
      } else if (is_one_of(word, {"on", "ignoring", "group_left", "group_right", "fill", "fill_left", "fill_right"})) {
        skip_blanks();
        if (rest_.starts_with('(')) {
          skip_bracket();
        }
      } else {
        rest_ = before;
        return is_bool;
      }
    }
  }

  void skip_quoted() noexcept {
    const char quote = rest_[0];
    std::size_t i = 1;
    while (i < rest_.size() && rest_[i] != quote) {
      i += rest_[i] == '\\' && quote != '`' ? 2 : 1;
    }
    rest_.remove_prefix(std::min(rest_.size(), i + 1));
  }

  /// Skips from an opening bracket to the one that closes it.
  void skip_bracket() noexcept {
    int open = 0;
    while (!rest_.empty()) {
      const char c = rest_[0];
      if (c == '"' || c == '\'' || c == '`') {
        skip_quoted();
        continue;
      }
      open += c == '(' || c == '{' || c == '[' ? 1 : c == ')' || c == '}' || c == ']' ? -1 : 0;
      rest_.remove_prefix(1);
      if (open <= 0) {
        return;
      }
    }
  }

  /// What may stand behind an operand: a range, offset, @, and smoothed or anchored.
  void skip_modifiers() noexcept {
    while (true) {
      skip_blanks();
      if (rest_.starts_with('[')) {
        skip_bracket();
        continue;
      }
      const std::string_view before = rest_;
      if (rest_.starts_with('@')) {
        rest_.remove_prefix(1);
        skip_to_end_of_modifier();
        continue;
      }
      const std::string_view word = take_word();
      if (word == "offset") {
        skip_to_end_of_modifier();
      } else if (!is_one_of(word, {"smoothed", "anchored"})) {
        rest_ = before;
        return;
      }
    }
  }
  void skip_to_end_of_modifier() noexcept {
    skip_blanks();
    if (rest_.starts_with('-')) {
      rest_.remove_prefix(1);
    }
    while (!rest_.empty() && (is_word_start(rest_[0]) || is_digit(rest_[0]) || rest_[0] == '.')) {
      rest_.remove_prefix(1);
    }
    if (rest_.starts_with('(')) {
      skip_bracket();
    }
  }

  Part operand(int depth) {
    skip_blanks();
    if (rest_.empty()) {
      return {};
    }
    if (rest_[0] == '-' || rest_[0] == '+') {
      rest_.remove_prefix(1);
      Part part = read(5, depth + 1);
      part.number.reset();
      return part;
    }
    Part part;
    if (rest_[0] == '(') {
      rest_.remove_prefix(1);
      part = read(0, depth + 1);
      close();
    } else if (is_digit(rest_[0]) || rest_[0] == '.') {
      part = number();
    } else if (is_word_start(rest_[0])) {
      part = named(depth);
    } else if (rest_[0] == '{') {
      part = {unit_of_braces(), {}};
    } else if (rest_[0] == '"' || rest_[0] == '\'' || rest_[0] == '`') {
      skip_quoted();
    }
    skip_modifiers();
    return part;
  }

  /// Skips to behind the bracket that closes a group.
  void close() noexcept {
    skip_blanks();
    if (rest_.starts_with(')')) {
      rest_.remove_prefix(1);
      return;
    }
    int open = 1;
    while (!rest_.empty() && open > 0) {
      const char c = rest_[0];
      if (c == '"' || c == '\'' || c == '`') {
        skip_quoted();
        continue;
      }
      open += c == '(' ? 1 : c == ')' ? -1 : 0;
      rest_.remove_prefix(1);
    }
  }

  Part number() noexcept {
    std::size_t size = 0;
    while (size < rest_.size() &&
           (is_digit(rest_[size]) || rest_[size] == '.' || is_word_start(rest_[size]) ||
            ((rest_[size] == '-' || rest_[size] == '+') && (rest_[size - 1] == 'e' || rest_[size - 1] == 'E')))) {
      ++size;
    }
    double value = 0;
    const std::string_view text = take(size);
    return parse_float(text, value) == FloatStatus::kOk ? Part{{}, value} : Part{{}, 0};  // 0x10, 5m: some number
  }

  /// `{"a.bytes", …}` or `{__name__="a_bytes"}`.
  ValueUnit unit_of_braces() noexcept {
    const std::string_view before = rest_;
    skip_bracket();
    const std::string_view inside = before.substr(1, before.size() - rest_.size() - 1);
    std::size_t at = inside.find("__name__");
    at = inside.find_first_of("\"'`", at == std::string_view::npos ? 0 : at);
    if (at == std::string_view::npos) {
      return {};
    }
    const std::string_view quoted = inside.substr(at + 1);
    return unit_of_name(quoted.substr(0, quoted.find(inside[at])));
  }

  Part named(int depth) {
    const std::string_view word = take_word();
    skip_blanks();
    const bool grouped = rest_.starts_with("by") || rest_.starts_with("without");
    if (grouped) {
      skip_grouping();
    }
    if (rest_.starts_with('(')) {
      rest_.remove_prefix(1);
      const Part part = call(word, depth);
      skip_blanks();
      skip_grouping();
      return part;
    }
    if (rest_.starts_with('{')) {
      skip_bracket();
    }
    if (is_one_of(word, {"Inf", "inf", "NaN", "nan"})) {
      return {{}, 0};
    }
    std::string_view name = word;
    if (observed_ && (name.ends_with("_bucket"))) {
      name.remove_suffix(std::string_view("_bucket").size());
    }
    return {unit_of_name(name), {}};
  }

  void skip_grouping() noexcept {
    const std::string_view before = rest_;
    const std::string_view word = take_word();
    skip_blanks();
    if ((word == "by" || word == "without") && rest_.starts_with('(')) {
      skip_bracket();
      skip_blanks();
    } else {
      rest_ = before;
    }
  }

  /// Reads the arguments; the unit is that of the first that is no number.
  Part call(std::string_view function, int depth) {
    const bool was_observed = observed_;
    observed_ = observed_ ||
                is_one_of(function, {"histogram_quantile", "histogram_quantiles", "histogram_avg", "histogram_stddev"});
    Part found{{}, 0};
    while (!rest_.empty()) {
      const Part argument = read(0, depth + 1);
      if (found.number) {
        found = argument;
      }
      skip_blanks();
      if (!rest_.starts_with(',')) {
        break;
      }
      rest_.remove_prefix(1);
    }
    close();
    observed_ = was_observed;
    return result_of(function, {found.unit, {}});
  }

  [[nodiscard]] Part result_of(std::string_view function, const Part& argument) const noexcept {
    if (is_one_of(function, {"rate", "irate", "deriv"}) && !observed_) {
      return {{argument.unit.kind, true}, {}};
    }
    if (is_one_of(function, {"time", "timestamp"}) || function.starts_with("ts_of_")) {
      return {{UnitKind::kTimestamp, false}, {}};
    }
    if (is_one_of(function, {"histogram_fraction"})) {
      return {{UnitKind::kRatio, false}, {}};
    }
    if (function == "histogram_count") {
      return {{UnitKind::kPlain, argument.unit.per_second}, {}};
    }
    return gives_plain(function) ? Part{} : argument;
  }

  std::string_view rest_;
  bool observed_ = false;  // inside a function whose unit is that of a histogram's observations
};

}  // namespace

ValueUnit unit_of_expression(std::string_view expression) {
  const ValueUnit unit = UnitReader(expression).read(0, 0).unit;
  // Seconds in a second are a number of things at work at once.
  return unit == ValueUnit{UnitKind::kSeconds, true} ? ValueUnit() : unit;
}

}  // namespace mcore
