// SPDX-License-Identifier: Apache-2.0
// `mquery fmt [EXPR…]`: expressions as Prometheus' formatter lays them out.
#include <string>

#include "base/utf8.h"
#include "cli/command.h"
#include "commands.h"
#include "expressions.h"
#include "promql/expr_text.h"

namespace mcore {
namespace {

class FmtCommand final : public Command {
 public:
  std::string_view name() const override { return "fmt"; }
  std::string_view brief() const override { return "Lay an expression out"; }
  void declare(OptionSet& set) override {
    expressions_.declare(set);
    set.group("Output");
    set.flag("--one-line", &one_line_, "Never break a line");
    set.flag("--check", &check_, "Print nothing; exit 1 if the layout is another");
    set.example("mquery fmt 'sum(rate(x_total[5m]))by(job)'");
    set.example("mquery fmt --check @alert.promql");
  }
  ExitCode run(Console& io) override {
    for (const ExpressionText& given : expressions_.read(true)) {
      const ParseOutcome outcome = given.parse();
      const std::string text = one_line_ ? expr_text(*outcome.expr) : pretty_expr_text(*outcome.expr);
      if (!check_) {
        io.data_line(text);
        if (outcome.has_comments) {
          io.warn_softly("fmt: comments are not kept");
        }
      } else if (text != given.text) {
        io.warn("fmt: " + (given.file.empty() ? in_quotes(given.text) : given.file) + ": the layout would change");
      }
    }
    return ExitCode::kOk;
  }

 private:
  ExpressionOptions expressions_;
  bool one_line_ = false;
  bool check_ = false;
};

}  // namespace

std::unique_ptr<Command> make_fmt_command() {
  return std::make_unique<FmtCommand>();
}

}  // namespace mcore
