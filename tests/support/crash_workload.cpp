// SPDX-License-Identifier: Apache-2.0
#include "support/crash_workload.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <fstream>

#include "base/number_text.h"
#include "tsdb/store_reader.h"

namespace mcore {
namespace {

constexpr int kBatchesOfEpisode = 20;

int number_of(std::string_view text) {
  int number = -1;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The whole number that a value is, -1 if it is none.
int whole(double value) noexcept {
  return value >= 0 && value < 1e9 && std::floor(value) == value ? static_cast<int>(value) : -1;
}

void add_float(SampleBatch& batch, LabelBuilder& labels, std::int64_t t_ms, double value) {
  BatchSample& sample = batch.add(labels.build());
  sample.t_ms = t_ms;
  sample.value = value;
}

LabelBuilder& named(LabelBuilder& labels, std::string_view name) {
  labels.clear();
  labels.add("__name__", name);
  return labels;
}

}  // namespace

void fill_crash_batch(const CrashPlan& plan, int writer, int b, SampleBatch& batch) {
  batch.clear();
  LabelBuilder labels;
  const std::int64_t t_ms = plan.time_of(b);
  const std::string who = std::to_string(writer);
  for (int i = 0; i < CrashPlan::kGauges; ++i) {
    const std::string index = std::to_string(i);
    named(labels, "crash_gauge").add("i", index);
    labels.add("writer", who);
    add_float(batch, labels, t_ms, b);
  }
  const std::string episode = std::to_string(b / kBatchesOfEpisode);
  named(labels, "crash_episode").add("episode", episode);
  labels.add("writer", who);
  add_float(batch, labels, t_ms, b);
  if (plan.has_histograms) {
    named(labels, "crash_histogram").add("writer", who);
    Histogram histogram;
    histogram.sum = b;
    histogram.count = b + 3.0;
    histogram.positive_spans = {{b % 5, 2}};
    histogram.positive_counts = {1.0, b + 2.0};
    BatchSample& sample = batch.add(labels.build());
    sample.t_ms = t_ms;
    batch.set_histogram(histogram);
  }
  for (int i = 0; i < CrashPlan::kShared && !plan.is_late(b); ++i) {
    const std::string index = std::to_string(i);
    named(labels, "crash_shared").add("i", index);
    add_float(batch, labels, t_ms, 2.0 * b + i);
  }
}

CrashBatches read_crash_batches(const std::string& path) {
  CrashBatches batches;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t blank = line.find(' ');
    if (blank != std::string::npos) {
      batches[number_of(line)].insert(number_of(std::string_view(line).substr(blank + 1)));
    }
  }
  return batches;
}

void CrashCheck::problem(std::string text) {
  constexpr std::size_t kShown = 8;
  if (++problem_count_ <= kShown) {
    problems_.push_back(std::move(text));
  }
}

void CrashCheck::sample(LabelsView labels, std::int64_t t_ms, double value, bool is_histogram) {
  const std::string_view name = labels.get("__name__");
  if (ignores_foreign_ && !name.starts_with("crash_")) {
    return;
  }
  ++samples_;
  const int writer = number_of(labels.get("writer"));
  const int index = number_of(labels.get("i"));
  const int number = whole(value);
  bool fits = false;
  if (name == "crash_shared") {
    const int b = number / CrashPlan::kShared;
    fits = !is_histogram && is_due(b, t_ms) && !plan_.is_late(b) && number % CrashPlan::kShared == index;
    shared_[b] |= fits ? 1U << static_cast<unsigned>(index) : 0U;
  } else if (is_due(number, t_ms) && writer >= 0) {
    Found& found = found_[writer][number];
    if (name == "crash_gauge" && !is_histogram && index >= 0 && index < CrashPlan::kGauges) {
      fits = (found.gauges >> static_cast<unsigned>(index) & 1U) == 0;
      found.gauges |= 1U << static_cast<unsigned>(index);
    } else if (name == "crash_episode" && !is_histogram) {
      fits = !found.episode && number_of(labels.get("episode")) == number / kBatchesOfEpisode;
      found.episode = true;
    } else if (name == "crash_histogram" && is_histogram) {
      fits = !found.histogram;
      found.histogram = true;
    }
  }
  if (!fits) {
    problem(fmt::format("nobody sent {} {} at {}", labels_text(labels), float_text(value), t_ms));
  }
}

void CrashCheck::series(LabelsView labels, const SeriesSamples& samples) {
  for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
    sample(labels, samples.t_ms[i], samples.value[i], false);
  }
  for (std::size_t i = 0; i < samples.histogram_t_ms.size(); ++i) {
    const Histogram& histogram = samples.histogram[i];
    const int b = whole(histogram.sum);
    if (b < 0 || histogram.count != b + 3.0 || histogram.positive_spans != std::vector<HistogramSpan>{{b % 5, 2}} ||
        histogram.positive_counts != std::vector<double>{1.0, b + 2.0}) {
      problem(
          fmt::format("a histogram of {} at {} is not as it was sent", labels_text(labels), samples.histogram_t_ms[i]));
      continue;
    }
    sample(labels, samples.histogram_t_ms[i], histogram.sum, true);
  }
}

bool CrashCheck::is_part_allowed(int writer, int b, const Found& found) const {
  const auto told = acknowledged_.find(writer);
  const bool is_told = told != acknowledged_.end() && told->second.contains(b);
  // A writer that is killed between the two logs leaves the sample of a new series in the WAL, and no late ones in the
  // WBL.
  return !is_told && (allows_parts_ || (plan_.is_late(b) && found.gauges == 0));
}

void CrashCheck::finish(const CrashBatches& tried) {
  constexpr unsigned kAllGauges = (1U << CrashPlan::kGauges) - 1;
  for (const auto& [writer, batches] : found_) {
    const auto sent = tried.find(writer);
    for (const auto& [b, found] : batches) {
      if (sent == tried.end() || !sent->second.contains(b)) {
        problem(fmt::format("nobody sent batch {} of writer {}", b, writer));
      } else if ((found.gauges != kAllGauges || !found.episode) && !is_part_allowed(writer, b, found)) {
        problem(fmt::format("batch {} of writer {} is there in part: gauges {:#x}, episode {}", b, writer, found.gauges,
                            found.episode));
      }
    }
  }
  for (const auto& [writer, batches] : acknowledged_) {
    for (const int b : batches) {
      const Found& found = found_[writer][b];
      if (found.gauges != kAllGauges || !found.episode || (plan_.has_histograms && !found.histogram)) {
        problem(fmt::format("lost: batch {} of writer {} was acknowledged: gauges {:#x}, episode {}, histogram {}", b,
                            writer, found.gauges, found.episode, found.histogram));
      }
      if (!plan_.is_late(b) && shared_[b] != (1U << CrashPlan::kShared) - 1) {
        problem(fmt::format("lost: shared samples of batch {}, acknowledged to writer {}", b, writer));
      }
    }
  }
}

std::string check_store(const std::string& store, CrashCheck& check, std::vector<std::string>& damages) {
  StoreReader reader(store, [&](const Error& error) { damages.emplace_back(error.what()); });
  const auto series = reader.select({}, {});
  SeriesSamples samples;
  while (series->next()) {
    series->samples(samples);
    check.series(series->labels(), samples);
  }
  std::string text =
      fmt::format("{} blocks, in order from {}", reader.blocks().entries().size(), reader.blocks().min_valid_t_ms());
  if (reader.head() != nullptr) {
    const HeadCommit& commit = reader.head()->commit();
    text += fmt::format("; head {} commit {} floor {} wal {}:{} wbl {}:{} checkpoint {}", reader.head_files()->folder(),
                        commit.number, commit.floor_t_ms, commit.wal.segment, commit.wal.offset, commit.wbl.segment,
                        commit.wbl.offset, commit.checkpoint);
  }
  return text;
}

std::string dump_store(const std::string& store) {
  std::string text;
  StoreReader reader(store, [&](const Error& error) { text += fmt::format("damage: {}\n", error.what()); });
  const auto series = reader.select({}, {});
  SeriesSamples samples;
  while (series->next()) {
    series->samples(samples);
    const std::string labels = labels_text(series->labels());
    for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
      text += fmt::format("{} {} {:016x}\n", labels, samples.t_ms[i], std::bit_cast<std::uint64_t>(samples.value[i]));
    }
    for (std::size_t i = 0; i < samples.histogram_t_ms.size(); ++i) {
      const Histogram& histogram = samples.histogram[i];
      text += fmt::format("{} {} histogram {} {} {}\n", labels, samples.histogram_t_ms[i], histogram.count,
                          histogram.sum, fmt::join(histogram.positive_counts, ","));
    }
  }
  return text;
}

}  // namespace mcore
