// SPDX-License-Identifier: Apache-2.0
// `mstore labels [NAME]`: the label names of a store, or the values of one.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "commands.h"
#include "cli/list_printer.h"
#include "render/json_text.h"
#include "store_access.h"

namespace mcore {
namespace {

class LabelsCommand final : public Command {
 public:
  std::string_view name() const override { return "labels"; }
  std::string_view brief() const override { return "List label names, or the values of one"; }
  void declare(OptionSet& set) override {
    selection_.declare(set, "NAME", "Print the values of this label", 2);
    set.group("Output");
    output_.declare(set);
    declare_limit(set, &limit_);
    set.example("mstore labels");
    set.example("mstore labels instance --match job=node");
  }
  ExitCode run(Console& io) override {
    selection_.resolve(false);
    if (selection_.operands().size() > 1) {
      throw Error(ErrorKind::kUsage, "labels", in_quotes(selection_.operands()[1]), "one label at a time");
    }
    output_.apply(io);
    DamageNotes damage(io);
    const auto reader = open_store(selection_.store(), damage);
    const std::vector<std::string> found =
        selection_.operands().empty()
            ? reader->label_names(selection_.selectors(), selection_.range())
            : reader->label_values(selection_.operands().front(), selection_.selectors(), selection_.range());
    ListPrinter list(output_, io);
    const std::size_t most = limit_ == 0 ? found.size() : std::min(limit_, found.size());
    for (std::size_t i = 0; i < most; ++i) {
      if (output_.is_json()) {
        std::string json;
        append_json_string(json, found[i]);
        list.add(json);
      } else {
        list.add(found[i]);
      }
    }
    list.finish();
    damage.finish();
    return found.empty() ? nothing_found("labels", *reader, selection_, io) : ExitCode::kOk;
  }

 private:
  SelectionOptions selection_;
  ListOption output_;
  std::size_t limit_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_labels_command() {
  return std::make_unique<LabelsCommand>();
}

}  // namespace mcore
