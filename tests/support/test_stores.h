// SPDX-License-Identifier: Apache-2.0
// Small stores for tests: written by our own writer, and read back as text.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/labels.h"
#include "model/sample_batch.h"
#include "storage/querier.h"
#include "support/temp_folder.h"
#include "tsdb/head_upkeep.h"
#include "tsdb/store_reader.h"
#include "tsdb/store_writer.h"

namespace mcore {

/// The start of a window of blocks, and what tests take for the time of day: three windows later.
inline constexpr std::int64_t kTestStart = 1'700'006'400'000;
inline constexpr std::int64_t kTestNow = kTestStart + 3 * 7'200'000;

struct TestSample {
  std::string name;
  std::int64_t t_ms = 0;  // after kTestStart
  double value = 0;
};

inline void add_test_sample(SampleBatch& batch, const TestSample& sample) {
  LabelBuilder builder;
  builder.add(kNameLabel, sample.name);
  BatchSample& added = batch.add(builder.build());
  added.t_ms = kTestStart + sample.t_ms;
  added.value = sample.value;
}

inline AppendOutcome append_samples(StoreWriter& writer, const std::vector<TestSample>& samples) {
  SampleBatch batch;
  for (const TestSample& sample : samples) {
    add_test_sample(batch, sample);
  }
  return writer.append(batch);
}

/// Appends to a store as one batch.
inline AppendOutcome append_samples(const std::string& store, const std::vector<TestSample>& samples) {
  const FixedClock clock(kTestNow);
  StoreWriter writer(store, clock, {});
  return append_samples(writer, samples);
}

/// Moves what is older than the clock allows to keep in the head into blocks.
inline HeadUpkeepResult cut_test_store(const std::string& store, bool all = false) {
  return cut_and_shrink(Upkeep(store), FixedClock(kTestNow), all, {});
}

/// All series of a set, those without samples left out: `up 0=1 15000=2; `, times after kTestStart.
[[nodiscard]] inline std::string relative_text(SeriesSet& set) {
  std::string text;
  SeriesSamples samples;
  while (set.next()) {
    samples.clear();
    set.samples(samples);
    if (samples.empty()) {
      continue;
    }
    std::vector<std::pair<std::int64_t, std::string>> all;
    for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
      all.emplace_back(samples.t_ms[i], fmt::format("{}", samples.value[i]));
    }
    for (std::size_t i = 0; i < samples.histogram.size(); ++i) {
      all.emplace_back(samples.histogram_t_ms[i], fmt::format("h{}", samples.histogram[i].sum));
    }
    std::ranges::sort(all);
    text += labels_text(set.labels());
    for (const auto& [t_ms, value] : all) {
      text += fmt::format(" {}={}", t_ms - kTestStart, value);
    }
    text += "; ";
  }
  return text;
}

/// All that a store holds; damage is added as `! message; `.
[[nodiscard]] inline std::string store_text(const std::string& path) {
  std::string damage;
  StoreReader reader(path, [&](const Error& error) { damage += fmt::format("! {}; ", error.what()); });
  std::string text = relative_text(*reader.select({}, {}));
  return text + damage;
}

/// A fresh folder whose cache of heads is its own too.
class TestStoreFolder {
 public:
  TestStoreFolder() { ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1); }
  [[nodiscard]] std::string operator/(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] const std::string& path() const noexcept { return folder_.path(); }

 private:
  TempFolder folder_;
};

/// Changes one byte of a file.
inline void flip_byte(const std::string& path, std::uint64_t offset, int bits = 0x40) {
  std::FILE* const file = std::fopen(path.c_str(), "r+b");
  if (file == nullptr || std::fseek(file, static_cast<long>(offset), SEEK_SET) != 0) {
    throw std::runtime_error("cannot change " + path);
  }
  const int byte = std::fgetc(file);
  (void)std::fseek(file, static_cast<long>(offset), SEEK_SET);
  (void)std::fputc(byte ^ bits, file);
  (void)std::fclose(file);
}

}  // namespace mcore
