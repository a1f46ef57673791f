// SPDX-License-Identifier: Apache-2.0
// A store in a folder of its own, with a clock that stands.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "support/series_text.h"
#include "support/temp_folder.h"
#include "tsdb/store_reader.h"
#include "tsdb/store_writer.h"

namespace mcore {

/// One sample of a series that is called by its name alone.
struct ClockedSample {
  std::string_view name;
  std::int64_t t_ms = 0;
  double value = 0;
  const Histogram* histogram = nullptr;
};

inline void fill_batch(SampleBatch& batch, const std::vector<ClockedSample>& samples) {
  batch.clear();
  for (const ClockedSample& one : samples) {
    BatchSample& sample = batch.add(test_label_set({{kNameLabel, one.name}}).view());
    sample.t_ms = one.t_ms;
    sample.value = one.value;
    if (one.histogram != nullptr) {
      batch.set_histogram(*one.histogram);
    }
  }
}

class ClockedStore {
 public:
  static constexpr std::int64_t kNow = 1'700'000'000'000;  // 22:13:20, so its window began at 22:00:00
  static constexpr std::int64_t kHour = 3'600'000;
  static constexpr std::int64_t kWindow = 1'699'999'200'000;  // the window of kNow

  ClockedStore() {
    // Heads that readers build for themselves stay in the test's folder.
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
  }
  ClockedStore(const ClockedStore&) = delete;
  ClockedStore& operator=(const ClockedStore&) = delete;
  ~ClockedStore() { ::unsetenv("XDG_CACHE_HOME"); }

  FixedClock clock{kNow};

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  /// A process of its own appends a batch.
  AppendOutcome append(const std::vector<ClockedSample>& samples, const StoreWriterOptions& options = {}) const {
    StoreWriter writer(path_, clock, options);
    SampleBatch batch;
    fill_batch(batch, samples);
    return writer.append(batch);
  }
  /// All that a reader sees.
  [[nodiscard]] std::string text(TimeRange range = {}) const {
    StoreReader reader(path_, [](const Error& error) { throw Error(error); });
    return querier_text(reader, range);
  }
  /// The same without the head: from the logs alone, as a server would take them, and from the blocks.
  [[nodiscard]] std::string text_of_logs() const {
    const std::string aside = folder_ / "head-aside";
    const bool has_head = std::filesystem::exists(path_ + "/head");
    if (has_head) {
      std::filesystem::rename(path_ + "/head", aside);
    }
    std::filesystem::remove_all(folder_ / "cache");
    std::string all = text();
    if (has_head) {
      std::filesystem::rename(aside, path_ + "/head");
    }
    return all;
  }
  void remove_head() const { std::filesystem::remove_all(path_ + "/head"); }

 private:
  TempFolder folder_;
  std::string path_ = folder_ / "store";
};

}  // namespace mcore
