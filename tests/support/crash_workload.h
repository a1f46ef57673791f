// SPDX-License-Identifier: Apache-2.0
// What scripts/check-crashes has written into a store: batches that follow from their writer and number alone, so that
// whoever reads can tell of each sample whether somebody sent it, and of each batch whether all of it is there.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/sample_batch.h"
#include "storage/querier.h"

namespace mcore {

/// Batch b of writer w, at start + b * step (every tenth: 20 steps late, between the steps):
///
///   crash_gauge{writer="w",i="0".."5"}        b     a reader sees the same on all six
///   crash_episode{writer="w",episode="b/20"}  b     series come and go
///   crash_histogram{writer="w"}                     a native histogram whose sum is b
///   crash_shared{i="0","1"}                   2b+i  not in late batches; all writers send the same
struct CrashPlan {
  std::int64_t start_ms = 0;
  std::int64_t step_ms = 15'000;
  bool has_histograms = true;
  bool has_late = true;

  static constexpr int kGauges = 6;
  static constexpr int kShared = 2;
  [[nodiscard]] bool is_late(int b) const noexcept { return has_late && b % 10 == 7 && b > 20; }
  [[nodiscard]] std::int64_t time_of(int b) const noexcept {
    return is_late(b) ? start_ms + (b - 20) * step_ms + step_ms / 2 : start_ms + b * step_ms;
  }
  /// Samples of one batch that are its writer's alone.
  [[nodiscard]] int own_samples() const noexcept { return kGauges + 1 + (has_histograms ? 1 : 0); }
};

/// Fills a batch.
void fill_crash_batch(const CrashPlan& plan, int writer, int b, SampleBatch& batch);

/// Batches by writer, as a file of lines "WRITER BATCH" lists them; empty if there is no file.
using CrashBatches = std::map<int, std::set<int>>;
[[nodiscard]] CrashBatches read_crash_batches(const std::string& path);

/// Compares what a store yields with what was sent and acknowledged.
///
/// Shape: every sample handed to sample(), then finish().
class CrashCheck {
 public:
  CrashCheck(const CrashPlan& plan, CrashBatches acknowledged) : plan_(plan), acknowledged_(std::move(acknowledged)) {}

  /// Series of others, as a server collects them, are passed over.
  void ignore_foreign() noexcept { ignores_foreign_ = true; }
  /// Batches that nobody was told of may be there in part, as a damaged log leaves them.
  void allow_parts() noexcept { allows_parts_ = true; }
  void sample(LabelsView labels, std::int64_t t_ms, double value, bool is_histogram);
  void series(LabelsView labels, const SeriesSamples& samples);
  /// `tried`: all that was ever sent; read after the store was.
  void finish(const CrashBatches& tried);

  /// The first problems, each a sentence; empty if all is well.
  [[nodiscard]] const std::vector<std::string>& problems() const noexcept { return problems_; }
  [[nodiscard]] std::uint64_t problem_count() const noexcept { return problem_count_; }
  [[nodiscard]] std::uint64_t samples() const noexcept { return samples_; }

 private:
  struct Found {
    unsigned gauges = 0;  // a bit each
    bool episode = false;
    bool histogram = false;
  };
  void problem(std::string text);
  [[nodiscard]] bool is_part_allowed(int writer, int b, const Found& found) const;
  [[nodiscard]] bool is_due(int b, std::int64_t t_ms) const noexcept { return b >= 0 && plan_.time_of(b) == t_ms; }

  CrashPlan plan_;
  bool ignores_foreign_ = false;
  bool allows_parts_ = false;
  CrashBatches acknowledged_;
  std::map<int, std::map<int, Found>> found_;  // writer, batch
  std::map<int, unsigned> shared_;             // batch: a bit each
  std::vector<std::string> problems_;
  std::uint64_t problem_count_ = 0;
  std::uint64_t samples_ = 0;
};

/// Reads all of a store into a check, and every damage as a problem of its own. Returns what was looked at, for a
/// message.
std::string check_store(const std::string& store, CrashCheck& check, std::vector<std::string>& damages);

/// All samples of a store, a line each, in one order.
[[nodiscard]] std::string dump_store(const std::string& store);

}  // namespace mcore
