// SPDX-License-Identifier: Apache-2.0
// `mstore verify [DIR]`: finds every damaged byte of a store.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/progress_line.h"
#include "commands.h"
#include "cli/list_printer.h"
#include "render/json_text.h"
#include "store_access.h"
#include "tsdb/store_verify.h"

namespace mcore {
namespace {

std::string json_of(const StoreFinding& finding) {
  std::string json = fmt::format(R"({{"severity":"{}","part":"{}","file":)", finding.is_note ? "note" : "error",
                                 finding_part_text(finding.part));
  append_json_string(json, finding.path);
  json += finding.offset.has_value() ? fmt::format(R"(,"offset":{},"text":)", *finding.offset)
                                     : R"(,"offset":null,"text":)";
  append_json_string(json, finding.text);
  return json + "}";
}

class VerifyCommand final : public Command {
 public:
  std::string_view name() const override { return "verify"; }
  std::string_view brief() const override { return "Find every damaged byte of a store"; }
  void declare(OptionSet& set) override {
    set.operands("DIR", &operands_, "The store, or a block", 0, 1);
    set.group("Store");
    store_.declare(set);
    set.group("Output");
    output_.declare(set);
    set.example("mstore verify ./metrics && echo all is well");
  }
  ExitCode run(Console& io) override {
    store_.take_from(operands_, StoreOption::Operands::kAny);
    const std::string store = store_.path();
    require_directory(store);
    output_.apply(io);
    ListPrinter list(output_, io);
    const VerifyResult result = verify(store, list, io);
    list.finish();
    if (io.is_verbose()) {
      io.note(fmt::format("verify: {} blocks, {} log records, {} series of the head: {} findings", result.blocks,
                          result.records, result.series, result.findings));
    }
    return result.findings > 0 ? ExitCode::kNo : ExitCode::kOk;
  }

 private:
  VerifyResult verify(const std::string& store, ListPrinter& list, Console& io) const {
    std::optional<ProgressLine> progress(std::in_place, io, "verify", "bytes");
    bool at_series = false;
    VerifyOptions options;
    options.on_bytes = [&](std::uint64_t done, std::uint64_t total) {
      if (std::exchange(at_series, false)) {
        progress.reset();
        progress.emplace(io, "verify", "bytes");
      }
      progress->update(done, total);
    };
    options.on_series = [&](std::uint64_t series) {
      if (!std::exchange(at_series, true)) {
        progress.reset();
        progress.emplace(io, "verify", "series of the head");
      }
      progress->update(series);
    };
    options.is_cancelled = Console::interrupted;
    return verify_store(store, [&](const StoreFinding& finding) { show(finding, list, io); }, options);
  }
  void show(const StoreFinding& finding, ListPrinter& list, Console& io) const {
    if (output_.is_json()) {
      list.add(json_of(finding));
    } else if (finding.is_note) {
      io.note("verify: " + finding_text(finding));
    } else {
      list.add(finding_text(finding));
    }
  }

  StoreOption store_;
  ListOption output_;
  std::vector<std::string> operands_;
};

}  // namespace

std::unique_ptr<Command> make_verify_command() {
  return std::make_unique<VerifyCommand>();
}

}  // namespace mcore
