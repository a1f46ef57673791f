// SPDX-License-Identifier: Apache-2.0
// `mquery labels [NAME]`: label names of what can be asked, or the values of one.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/list_printer.h"
#include "commands.h"
#include "query_sources.h"
#include "render/json_text.h"

namespace mcore {
namespace {

class LabelsCommand final : public Command {
 public:
  std::string_view name() const override { return "labels"; }
  std::string_view brief() const override { return "List label names, or the values of one"; }
  void declare(OptionSet& set) override {
    set.operands("NAME", &operands_, "Print the values of this label");
    set.group("Selection");
    sources_.declare(set);
    match_.declare(set);
    time_.declare(set);
    set.group("Output");
    output_.declare(set);
    declare_limit(set, &limit_);
    set.example("mquery labels ./data");
    set.example("mquery labels instance --match job=node");
  }
  ExitCode run(Console& io) override {
    sources_.take_from(operands_);
    if (operands_.size() > 1) {
      throw Error(ErrorKind::kUsage, "labels", in_quotes(operands_[1]), "one label at a time");
    }
    const std::vector<Selector> selectors = match_.selectors();
    const SystemClock clock;
    const TimeRange range = time_.range(clock);
    output_.apply(io);
    sources_.open(clock, io);
    Querier& querier = sources_.querier();
    const std::vector<std::string> found = operands_.empty()
                                               ? querier.label_names(selectors, range)
                                               : querier.label_values(operands_.front(), selectors, range);
    ListPrinter list(output_, io);
    const std::size_t most = limit_ == 0 ? found.size() : std::min(limit_, found.size());
    for (std::size_t i = 0; i < most; ++i) {
      std::string json;
      if (output_.is_json()) {
        append_json_string(json, found[i]);
      }
      list.add(output_.is_json() ? json : found[i]);
    }
    list.finish();
    return found.empty() ? ExitCode::kNo : ExitCode::kOk;
  }

 private:
  std::vector<std::string> operands_;
  SourceOptions sources_;
  MatchOption match_;
  TimeOption time_;
  ListOption output_;
  std::size_t limit_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_labels_command() {
  return std::make_unique<LabelsCommand>();
}

}  // namespace mcore
