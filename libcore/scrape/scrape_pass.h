// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/sample_batch.h"
#include "scrape/scrape_options.h"
#include "scrape/target_labels.h"
#include "text/exposition_reader.h"

namespace mcore {

/// One body as it came from a target.
struct ScrapeBody {
  std::string_view bytes;             // as transferred
  std::string_view content_type;      // empty if the answer had none
  std::string_view content_encoding;  // "gzip" is decoded; anything else is taken as it is, as Prometheus does
  /// For what has no Content-Type, such as a file: then content_type does not count.
  std::optional<ExpositionFormat> format;
};

/// What became of one scrape; the figures go into its report series.
struct ScrapeOutcome {
  std::string error;  // empty: the target is up
  std::uint64_t samples_scraped = 0;
  std::uint64_t samples_post_relabeling = 0;
  std::uint64_t series_added = 0;
  std::uint64_t body_bytes = 0;     // after decompression
  std::uint64_t duplicates = 0;     // samples dropped because their series and time were there already
  std::uint64_t out_of_bounds = 0;  // samples dropped because they are more than ten minutes ahead of the clock
};

/// Turns bodies into batches of samples with the target's labels, as one scrape of Prometheus does: all of a body or,
/// when anything in it is wrong, nothing (feature list C-032 to C-035, X-40 to X-43).
///
/// Lifetime: made once, used for one body after the other; the batch lives until the next run().
/// Threads:  one pass per thread.
/// Cost:     no allocation per float sample in the steady state; about 0.1 us a sample.
class ScrapePass {
 public:
  explicit ScrapePass(const ScrapeOptions& options) : options_(options) {}

  /// Reads `body`. Samples without a timestamp get `now_ms`. After an error samples() is empty.
  ScrapeOutcome run(const ScrapeBody& body, const TargetLabels& target, std::int64_t now_ms);

  [[nodiscard]] const SampleBatch& batch() const noexcept { return batch_; }
  [[nodiscard]] SampleBatch& batch() noexcept { return batch_; }

 private:
  bool read(ExpositionReader& reader, const TargetLabels& target, std::int64_t now_ms);
  bool take_sample(ExpositionReader& reader, const TargetLabels& target, std::int64_t now_ms, bool is_histogram);
  bool check_labels(LabelsView labels);
  bool check_limits(LabelsView labels);
  bool take_histogram(const Histogram& read);
  void take_exemplars(ExpositionReader& reader, std::int64_t t_ms, bool is_histogram);
  bool is_duplicate(LabelsView labels, std::uint64_t hash, std::int64_t t_ms);
  void note_metadata(ExpositionReader& reader, ExpositionEntry entry);
  std::uint32_t family_of(std::string_view metric) const;
  bool fail(std::string reason);

  ScrapeOptions options_;
  SampleBatch batch_;
  ScrapeOutcome outcome_;
  LabelBuilder builder_;
  std::vector<std::string> renamed_;
  Histogram histogram_;
  std::string inflated_;
  std::vector<std::uint32_t> seen_;  // open-addressed table of sample numbers + 1, by hash of labels and time
};

}  // namespace mcore
