// SPDX-License-Identifier: Apache-2.0
// `mquery parse [EXPR]`: the syntax tree of an expression as JSON.
#include "cli/command.h"
#include "commands.h"
#include "expressions.h"
#include "promql/expr_json.h"

namespace mcore {
namespace {

class ParseCommand final : public Command {
 public:
  std::string_view name() const override { return "parse"; }
  std::string_view brief() const override { return "Show the syntax tree of an expression as JSON"; }
  void declare(OptionSet& set) override {
    expressions_.declare(set);
    set.group("Output");
    set.flag("--one-line", &one_line_, "One line for each expression");
    set.example("mquery parse 'rate(x_total[5m])' | jq .args");
  }
  ExitCode run(Console& io) override {
    for (const ExpressionText& given : expressions_.read(true)) {
      io.data_line(expr_json(*given.parse().expr, one_line_ ? -1 : 2));
    }
    return ExitCode::kOk;
  }

 private:
  ExpressionOptions expressions_;
  bool one_line_ = false;
};

}  // namespace

std::unique_ptr<Command> make_parse_command() {
  return std::make_unique<ParseCommand>();
}

}  // namespace mcore
