// SPDX-License-Identifier: Apache-2.0
// `mstore export [SELECTOR…]`: stored samples as a stream.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "commands.h"
#include "text/exposition_writer.h"
#include "tsdb/store_reader.h"

namespace mcore {
namespace {

class ExportCommand final : public Command {
 public:
  std::string_view name() const override { return "export"; }
  std::string_view brief() const override { return "Print stored samples as a stream"; }
  void declare(OptionSet& set) override {
    set.operands("SELECTOR", &operands_, "Series to export; all without one");
    set.group("Selection");
    store_.declare(set);
    match_.declare(set);
    time_.declare(set);
    set.group("Output");
    set.output(&format_, &file_, {{".prom", "prom"}, {".txt", "prom"}, {".om", "openmetrics"}, {".pb", "proto"}},
               {"prom", "openmetrics", "proto"});
  }
  ExitCode run(Console& io) override;

 private:
  StoreOption store_;
  MatchOption match_;
  TimeOption time_;
  std::vector<std::string> operands_;
  std::string format_ = "prom";
  std::string file_;
};

ExitCode ExportCommand::run(Console& io) {
  store_.take_from(operands_);
  const std::vector<Selector> selectors = match_.selectors(operands_);
  const TimeRange range = time_.range(SystemClock());
  if (!file_.empty()) {
    io.set_output_file(file_);
  }
  StoreReader reader(store_.path(), [&](const Error& damage) { io.warn(damage); });
  const auto writer = make_exposition_writer(format_ == "openmetrics" ? ExpositionFormat::kOpenMetrics
                                             : format_ == "proto"     ? ExpositionFormat::kProtobuf
                                                                      : ExpositionFormat::kPrometheusText);
  const auto series = reader.select(selectors, range);
  SeriesSamples samples;
  while (series->next() && !Console::interrupted()) {
    samples.clear();
    series->samples(samples);
    for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
      writer->sample({.labels = series->labels(),
                      .value = samples.value[i],
                      .timestamp_ms = samples.t_ms[i],
                      .start_timestamp_ms = std::nullopt,
                      .exemplars = {}});
    }
    io.data(writer->output());
    writer->output().clear();
  }
  writer->finish();
  io.data(writer->output());
  return ExitCode::kOk;
}

}  // namespace

std::unique_ptr<Command> make_export_command() {
  return std::make_unique<ExportCommand>();
}

}  // namespace mcore
