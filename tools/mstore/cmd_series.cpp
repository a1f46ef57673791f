// SPDX-License-Identifier: Apache-2.0
// `mstore series [SELECTOR…]`: the label sets of a store.
#include <memory>
#include <string>

#include "cli/command.h"
#include "commands.h"
#include "cli/list_printer.h"
#include "render/json_text.h"
#include "store_access.h"
#include "tsdb/series_outline.h"

namespace mcore {
namespace {

class SeriesCommand final : public Command {
 public:
  std::string_view name() const override { return "series"; }
  std::string_view brief() const override { return "List series by their labels"; }
  void declare(OptionSet& set) override {
    selection_.declare(set, "SELECTOR", "Series to list, such as 'up{job=\"node\"}' or job=node; all without one");
    set.group("Output");
    output_.declare(set);
    declare_limit(set, &limit_);
    set.example("mstore series up");
    set.example("mstore series --last 1h job=node -o json");
  }
  ExitCode run(Console& io) override {
    selection_.resolve();
    output_.apply(io);
    DamageNotes damage(io);
    const auto reader = open_store(selection_.store(), damage);
    SeriesOutlines series(*reader, selection_.selectors(), selection_.range(), damage.report());
    ListPrinter list(output_, io);
    while (!(limit_ != 0 && list.size() == limit_) && !Console::interrupted() && series.next()) {
      const LabelsView labels = series.at().labels;
      if (output_.is_json()) {
        std::string json;
        append_json_labels(json, labels);
        list.add(json);
      } else {
        list.add(labels_text(labels));
      }
    }
    list.finish();
    damage.finish();
    return list.size() == 0 ? nothing_found("series", *reader, selection_, io) : ExitCode::kOk;
  }

 private:
  SelectionOptions selection_;
  ListOption output_;
  std::size_t limit_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_series_command() {
  return std::make_unique<SeriesCommand>();
}

}  // namespace mcore
