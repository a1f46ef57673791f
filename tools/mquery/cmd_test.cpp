// SPDX-License-Identifier: Apache-2.0
// `mquery test FILE…`: runs scripts in the language of Prometheus' own PromQL tests.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "cli/command.h"
#include "commands.h"
#include "promql/script_runner.h"

namespace mcore {
namespace {

class TestCommand final : public Command {
 public:
  std::string_view name() const override { return "test"; }
  std::string_view brief() const override { return "Run scripts in Prometheus' test language"; }
  void declare(OptionSet& set) override {
    set.operands("FILE", &files_, "Scripts of load and eval commands; - is standard input", 1);
    set.group("Checks");
    set.flag_off("--no-at-checks", &options_.checks_pinned,
                 "Do not ask each instant query again, with @ on its selectors, at other times");
    set.flag_off("--no-range-checks", &options_.checks_range,
                 "Do not ask each instant query again as a step of a range query");
    set.example("mquery test tests/promql/*.test");
  }
  ExitCode run(Console& io) override {
    options_.is_cancelled = Console::interrupted;
    ScriptCounts all;
    bool is_unreadable = false;
    for (const std::string& path : files_) {
      try {
        run_file(path, all, io);
      } catch (const Error& error) {
        io.error(error.what());
        is_unreadable = true;
      }
      if (all.was_cancelled) {
        return ExitCode::kFailed;
      }
    }
    io.data_line(fmt::format("{} passed, {} failed", all.passed, all.failed));
    return is_unreadable ? ExitCode::kFailed : all.failed > 0 ? ExitCode::kNo : ExitCode::kOk;
  }

 private:
  void run_file(const std::string& path, ScriptCounts& all, Console& io) const {
    const std::string script = read_file(path);
    const ScriptCounts counts = run_script(
        script, options_, [&](const ScriptFailure& failure) { io.data_line(script_failure_text(path, failure)); });
    if (io.is_verbose()) {
      io.note(fmt::format("test: {}: {} passed, {} failed", path, counts.passed, counts.failed));
    }
    all.passed += counts.passed;
    all.failed += counts.failed;
    all.was_cancelled = counts.was_cancelled;
  }

  std::vector<std::string> files_;
  ScriptOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_test_command() {
  return std::make_unique<TestCommand>();
}

}  // namespace mcore
