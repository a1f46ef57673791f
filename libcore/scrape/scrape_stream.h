// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "scrape/scrape_pass.h"
#include "scrape/target_labels.h"
#include "text/exposition_writer.h"

namespace mcore {

/// When a target was asked and how long it took.
struct ScrapeTime {
  std::int64_t start_ms = 0;  // milliseconds since the Unix epoch: the time of samples that bring none
  double duration_seconds = 0;
};

/// Turns the answers of targets into one exposition stream: their samples with the targets' labels, and for each target
/// the report series `up`, `scrape_duration_seconds`, `scrape_samples_scraped`, `scrape_samples_post_metric_relabeling`
/// and `scrape_series_added` (feature list C-040).
///
/// Lifetime: made once; the caller drains output() after each target and after finish().
/// Cost:     holds one target's samples at a time (OpenMetrics: the whole stream).
class ScrapeStream {
 public:
  ScrapeStream(const ScrapeOptions& options, ExpositionFormat format, bool timestamps);

  /// Writes what a target answered. An answer that cannot be read writes nothing but a report with `up` 0; the outcome
  /// says why.
  ScrapeOutcome add(const ScrapeBody& body, const TargetLabels& target, const ScrapeTime& time);
  /// Writes the report of a target that gave no answer.
  void add_failure(const TargetLabels& target, const ScrapeTime& time);
  void finish() { writer_->finish(); }

  [[nodiscard]] std::string& output() { return writer_->output(); }
  [[nodiscard]] const ExpositionLosses& losses() const { return writer_->losses(); }

 private:
  void write_batch();
  void write_report(const ScrapeOutcome& outcome, bool up, const TargetLabels& target, const ScrapeTime& time);

  ScrapePass pass_;
  std::unique_ptr<ExpositionWriter> writer_;
  LabelBuilder builder_;
  bool timestamps_;
};

}  // namespace mcore
