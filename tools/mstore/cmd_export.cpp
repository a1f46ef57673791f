// SPDX-License-Identifier: Apache-2.0
// `mstore export [SELECTOR…]`: stored samples as a stream.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/number_text.h"
#include "cli/command.h"
#include "cli/progress_line.h"
#include "commands.h"
#include "ingest/stream_format.h"
#include "ingest/stream_output.h"
#include "store_access.h"
#include "tsdb/store_exemplars.h"
#include "tsdb/store_metadata.h"

namespace mcore {
namespace {

class ExportCommand final : public Command {
 public:
  std::string_view name() const override { return "export"; }
  std::string_view brief() const override { return "Print stored samples as a stream"; }
  void declare(OptionSet& set) override {
    selection_.declare(set, "SELECTOR", "Series to export, such as 'up{job=\"node\"}' or job=node; all without one");
    set.group("Output");
    set.output(&format_, &file_,
               {{".prom", "prom"},
                {".txt", "prom"},
                {".om", "openmetrics"},
                {".pb", "proto"},
                {".rw2", "rw2"},
                {".csv", "csv"},
                {".jsonl", "jsonl"}},
               {"prom", "openmetrics", "proto", "rw2", "csv", "jsonl"});
    set.flag_off("--no-timestamps", &timestamps_, "Only the newest sample of each series, and not its time");
    set.example("mstore export --last 1d job=node -o node.rw2");
    set.example("mstore export -o openmetrics | promtool tsdb create-blocks-from openmetrics -");
  }
  ExitCode run(Console& io) override;

 private:
  void export_series(SeriesSet& set, const StoreMetadata& metadata, StreamOutput& out, ProgressLine& progress,
                     Console& io);
  void export_by_family(StoreReader& reader, const StoreMetadata& metadata, StreamOutput& out, ProgressLine& progress,
                        Console& io);
  void prepare(SeriesSamples& samples);
  void drain(StreamOutput& out, Console& io);

  SelectionOptions selection_;
  std::string format_ = "prom";
  std::string file_;
  bool timestamps_ = true;
  std::optional<StoreExemplars> exemplars_;  // where the format has them
  std::uint64_t series_ = 0;
  std::uint64_t samples_ = 0;
  std::uint64_t stale_markers_ = 0;  // left out
  std::uint64_t nameless_ = 0;       // series without a metric's name that the format has no place for
};

/// Removes stale markers: where a format has none they would come back as values that were never measured.
std::uint64_t remove_stale_markers(SeriesSamples& samples) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
    if (!is_stale_marker(samples.value[i])) {
      samples.t_ms[kept] = samples.t_ms[i];
      samples.value[kept] = samples.value[i];
      ++kept;
    }
  }
  const std::size_t removed = samples.t_ms.size() - kept;
  samples.t_ms.resize(kept);
  samples.value.resize(kept);
  return removed;
}

/// Leaves only the newest sample, and none if that is a stale marker: the series has ended.
void keep_newest(SeriesSamples& samples) {
  if (samples.empty()) {
    return;
  }
  const bool is_float =
      samples.histogram_t_ms.empty() || (!samples.t_ms.empty() && samples.t_ms.back() > samples.histogram_t_ms.back());
  SeriesSamples newest;
  if (is_float && !is_stale_marker(samples.value.back())) {
    newest.t_ms.push_back(samples.t_ms.back());
    newest.value.push_back(samples.value.back());
  } else if (!is_float && !is_stale_marker(samples.histogram.back().sum)) {
    newest.histogram_t_ms.push_back(samples.histogram_t_ms.back());
    newest.histogram.push_back(std::move(samples.histogram.back()));
  }
  samples = std::move(newest);
}

ExitCode ExportCommand::run(Console& io) {
  selection_.resolve();
  const StreamFormat format = *stream_format_by_word(format_);
  const bool is_binary = format == StreamFormat::kProtobuf || format == StreamFormat::kRw2;
  if (is_binary && file_.empty() && io.is_terminal()) {
    throw Error(ErrorKind::kUsage, "option --format", format_,
                "binary data does not go to a terminal; give -o FILE.rw2");
  }
  if (!timestamps_ &&
      (format == StreamFormat::kRw2 || format == StreamFormat::kJsonLines || format == StreamFormat::kCsv)) {
    throw Error(ErrorKind::kUsage, "option --no-timestamps", format_, "this format has a time for every sample");
  }
  if (!file_.empty()) {
    io.set_output_file(file_);
  }
  DamageNotes damage(io);
  const auto reader = open_store(selection_.store(), damage);
  const StoreMetadata metadata(*reader, selection_.selectors());
  StreamOutputOptions options;
  options.timestamps = timestamps_;
  if (format == StreamFormat::kCsv) {
    options.csv_labels = reader->label_names(selection_.selectors(), selection_.range());
    std::erase(options.csv_labels, kNameLabel);
  }
  const auto out = make_stream_output(format, options);
  if (timestamps_ && (format == StreamFormat::kRw2 || format == StreamFormat::kOpenMetrics)) {
    exemplars_.emplace(reader->path(), selection_.range());
  }
  ProgressLine progress(io, "export", "series");
  if (format == StreamFormat::kOpenMetrics) {
    export_by_family(*reader, metadata, *out, progress, io);
  } else {
    export_series(*reader->select(selection_.selectors(), selection_.range()), metadata, *out, progress, io);
  }
  if (Console::interrupted()) {
    return ExitCode::kFailed;  // no end mark: what was written must not pass for the whole
  }
  out->finish();
  drain(*out, io);
  damage.finish();
  ExpositionLosses losses = out->losses();
  losses.stale_markers += stale_markers_;
  tell_losses("export", format_, losses, io);
  if (nameless_ > 0) {
    io.warn_softly(fmt::format("export: {} series without a metric name left out; -o rw2 keeps them", nameless_));
  }
  if (io.is_verbose()) {
    io.note(fmt::format("export: {} of {} series", counted(samples_, "sample"), series_));
  }
  return series_ + nameless_ == 0 ? nothing_found("export", *reader, selection_, io) : ExitCode::kOk;
}

void ExportCommand::prepare(SeriesSamples& samples) {
  if (!timestamps_) {
    keep_newest(samples);
  } else if (format_ != "rw2" && format_ != "proto") {
    stale_markers_ += remove_stale_markers(samples);
  }
}

void ExportCommand::export_series(SeriesSet& set, const StoreMetadata& metadata, StreamOutput& out,
                                  ProgressLine& progress, Console& io) {
  SeriesSamples samples;
  while (set.next() && !Console::interrupted()) {
    set.samples(samples);
    prepare(samples);
    if (samples.empty()) {
      continue;
    }
    const std::string_view metric = set.labels().get(kNameLabel);
    if (metric.empty() && format_ != "rw2" && format_ != "jsonl") {
      ++nameless_;
      continue;
    }
    out.begin_series(set.labels(), metadata.find(metric));
    out.samples(samples, exemplars_.has_value() ? exemplars_->find(set.labels()) : std::span<const Exemplar>());
    ++series_;
    samples_ += samples.size();
    drain(out, io);
    progress.update(series_);
  }
}

/// OpenMetrics wants each family whole, and label order does not keep `rpc`, `rpc_count` and `rpc_sum` together.
void ExportCommand::export_by_family(StoreReader& reader, const StoreMetadata& metadata, StreamOutput& out,
                                     ProgressLine& progress, Console& io) {
  std::map<std::string, std::vector<std::string>> families;
  families[""].emplace_back();  // series without a name: to be counted
  for (std::string& metric : reader.label_values(std::string(kNameLabel), selection_.selectors(), selection_.range())) {
    const MetricFamily* const family = metadata.find(metric);
    std::string name = family != nullptr ? family->name : metric;
    if (family != nullptr && family->type == MetricType::kCounter && name.ends_with("_total")) {
      name.resize(name.size() - std::string_view("_total").size());
    }
    families[std::move(name)].push_back(std::move(metric));
  }
  for (const auto& [family, metrics] : families) {
    for (const std::string& metric : metrics) {
      std::vector<Selector> selectors = selection_.selectors();
      if (selectors.empty()) {
        selectors.emplace_back();
      }
      for (Selector& selector : selectors) {
        selector.push_back(Matcher::make(MatchType::kEqual, std::string(kNameLabel), metric).value_or_throw());
      }
      export_series(*reader.select(selectors, selection_.range()), metadata, out, progress, io);
    }
    out.flush();
    drain(out, io);
  }
}

void ExportCommand::drain(StreamOutput& out, Console& io) {
  io.data(out.output());
  out.output().clear();
}

}  // namespace

std::unique_ptr<Command> make_export_command() {
  return std::make_unique<ExportCommand>();
}

}  // namespace mcore
