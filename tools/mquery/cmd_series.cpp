// SPDX-License-Identifier: Apache-2.0
// `mquery series [SELECTOR…]`: the label sets of what can be asked.
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/list_printer.h"
#include "commands.h"
#include "query_sources.h"
#include "render/json_text.h"

namespace mcore {
namespace {

class SeriesCommand final : public Command {
 public:
  std::string_view name() const override { return "series"; }
  std::string_view brief() const override { return "List series by their labels"; }
  void declare(OptionSet& set) override {
    set.operands("SELECTOR", &operands_, "Series to list, such as 'up{job=\"node\"}' or job=node; all without one");
    set.group("Selection");
    sources_.declare(set);
    match_.declare(set);
    time_.declare(set);
    set.group("Output");
    output_.declare(set);
    declare_limit(set, &limit_);
    set.example("mquery series ./data up");
    set.example("mquery series --last 1h job=node -o json");
  }
  ExitCode run(Console& io) override {
    sources_.take_from(operands_);
    const std::vector<Selector> selectors = match_.selectors(operands_);
    const SystemClock clock;
    const TimeRange range = time_.range(clock);
    output_.apply(io);
    sources_.open(clock, io);
    ListPrinter list(output_, io);
    SeriesSamples samples;
    const auto set = sources_.querier().select(selectors, range);
    while (!(limit_ != 0 && list.size() == limit_) && !Console::interrupted() && set->next()) {
      if (time_.is_given()) {
        set->samples(samples);  // a series may have none in the range after all
        if (samples.empty()) {
          continue;
        }
      }
      std::string json;
      if (output_.is_json()) {
        append_json_labels(json, set->labels());
      }
      list.add(output_.is_json() ? json : labels_text(set->labels()));
    }
    list.finish();
    return list.size() == 0 ? ExitCode::kNo : ExitCode::kOk;
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

std::unique_ptr<Command> make_series_command() {
  return std::make_unique<SeriesCommand>();
}

}  // namespace mcore
