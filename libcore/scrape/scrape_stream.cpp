// SPDX-License-Identifier: Apache-2.0
#include "scrape/scrape_stream.h"

namespace mcore {

ScrapeStream::ScrapeStream(const ScrapeOptions& options, ExpositionFormat format, bool timestamps)
    : pass_(options), writer_(make_exposition_writer(format)), timestamps_(timestamps) {}

ScrapeOutcome ScrapeStream::add(const ScrapeBody& body, const TargetLabels& target, const ScrapeTime& time) {
  ScrapeOutcome outcome = pass_.run(body, target, time.start_ms);
  write_batch();
  write_report(outcome, outcome.error.empty(), target, time);
  return outcome;
}

void ScrapeStream::add_failure(const TargetLabels& target, const ScrapeTime& time) {
  write_report({}, false, target, time);
}

void ScrapeStream::write_batch() {
  const SampleBatch& batch = pass_.batch();
  const MetricFamily* announced = nullptr;
  for (const BatchSample& sample : batch.samples()) {
    if (const MetricFamily* const family = batch.family(sample); family != announced && family != nullptr) {
      writer_->family({.name = family->name,
                       .type = family->type,
                       .has_type = family->has_type,
                       .help = family->help,
                       .has_help = family->has_help,
                       .unit = family->unit});
      announced = family;
    }
    writer_->sample({.labels = batch.labels(sample),
                     .value = sample.value,
                     .histogram = batch.histogram(sample),
                     .timestamp_ms = timestamps_ ? std::optional(sample.t_ms) : std::nullopt,
                     .start_timestamp_ms = sample.start_t_ms,
                     .exemplars = batch.exemplars(sample)});
  }
}

void ScrapeStream::write_report(const ScrapeOutcome& outcome, bool up, const TargetLabels& target,
                                const ScrapeTime& time) {
  struct Row {
    std::string_view name;
    std::string_view help;
    double value;
  };
  const Row rows[] = {
      {"up", "Whether the target could be scraped: 1 or 0.", up ? 1.0 : 0.0},
      {"scrape_duration_seconds", "How long the scrape took.", time.duration_seconds},
      {"scrape_samples_scraped", "Samples that the target exposed.", static_cast<double>(outcome.samples_scraped)},
      {"scrape_samples_post_metric_relabeling", "Samples that were left after relabeling.",
       static_cast<double>(outcome.samples_post_relabeling)},
      {"scrape_series_added", "Series of this scrape that were new.", static_cast<double>(outcome.series_added)},
  };
  for (const Row& row : rows) {
    builder_.clear();
    builder_.add(kNameLabel, row.name);
    for (const auto& [name, value] : target.all()) {
      builder_.add(name, value);
    }
    writer_->family({.name = row.name,
                     .type = MetricType::kGauge,
                     .has_type = true,
                     .help = row.help,
                     .has_help = true,
                     .unit = {}});
    writer_->sample({.labels = builder_.build(),
                     .value = row.value,
                     .timestamp_ms = timestamps_ ? std::optional(time.start_ms) : std::nullopt,
                     .start_timestamp_ms = std::nullopt,
                     .exemplars = {}});
  }
}

}  // namespace mcore
