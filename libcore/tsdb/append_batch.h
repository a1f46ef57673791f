// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "model/sample_batch.h"
#include "tsdb/append_records.h"
#include "tsdb/head_files.h"
#include "tsdb/head_writer.h"
#include "tsdb/store_blocks.h"

namespace mcore {

/// Why a sample was not taken.
enum class Refusal : std::uint8_t {
  kOtherValue,   // the series has another value at that time
  kTooFarAhead,  // of the clock
  kTooOld,       // for the window that was asked for
  kBadLabels,    // no labels, a name twice, or a name or value that is no UTF-8
  kBadHistogram,
  kDeleted,  // the time was deleted from the series, and the deletion is not applied to the blocks yet
};
inline constexpr std::size_t kRefusalCount = 6;
/// "another value at that time" and so on.
[[nodiscard]] std::string_view refusal_text(Refusal refusal) noexcept;

/// What became of the samples of a batch.
struct AppendOutcome {
  std::uint64_t samples = 0;  // stored, late ones included
  std::uint64_t late = 0;
  std::uint64_t repeated = 0;  // there already, with the same value
  std::uint64_t new_series = 0;
  std::array<std::uint64_t, kRefusalCount> refused{};
  std::array<std::string, kRefusalCount> example{};  // the first one refused: its series, time and what is special
  [[nodiscard]] std::uint64_t refused_total() const noexcept;
  void add(const AppendOutcome& more);
};

/// Which samples a batch may hold. Units: milliseconds since the Unix epoch.
struct AppendRules {
  std::int64_t newest_t_ms = 0;               // later ones are too far ahead
  std::optional<std::int64_t> oldest_t_ms{};  // earlier ones are too old
  std::uint32_t durable_series = UINT32_MAX;  // ids below it have their series record on the disk
};

/// Brings one batch into a commit of the head and makes the log records that say the same.
///
/// A sample that is newer than its series' newest and not before the floor goes into the WAL; any other is late: it is
/// compared with what head and blocks hold at its time, and goes into the WBL if there is nothing (DESIGN section 4,
/// "out of order").
///
/// Lifetime: borrows all it is made of; the head's commit has begun.
/// Errors:   throws Error (kIo) when the head cannot grow, kCorrupt when a block that must be asked is damaged.
class AppendBatch {
 public:
  AppendBatch(HeadFiles& files, HeadWriter& head, StoreBlocks& blocks, const AppendRules& rules)
      : files_(files), head_(head), blocks_(blocks), rules_(rules) {}

  void apply(const SampleBatch& batch);
  /// Adds only the series that are new. A late sample may be logged only when its series' record is on the disk: WAL
  /// and WBL are different files, and a loss of power keeps no order between them.
  void apply_series(const SampleBatch& batch);
  [[nodiscard]] bool needs_durable_series() const noexcept { return needs_durable_series_; }
  /// Raises the floor to `floor_t_ms` for a block that others brought: what the log alone holds before it would be
  /// dropped by a starting server, so it is logged once more, as late samples.
  void raise_floor(std::int64_t floor_t_ms);

  [[nodiscard]] const AppendRecords& wal() const noexcept { return wal_; }
  [[nodiscard]] const AppendRecords& wbl() const noexcept { return wbl_; }
  [[nodiscard]] const AppendOutcome& outcome() const noexcept { return outcome_; }

 private:
  /// One sample on its way in.
  struct Incoming {
    LabelsView labels;
    std::int64_t t_ms = 0;
    double value = 0;
    const Histogram* histogram = nullptr;
  };
  [[nodiscard]] std::optional<std::uint32_t> series_of(const SampleBatch& batch, const BatchSample& sample);
  void add(const SampleBatch& batch, const BatchSample& sample);
  bool add_in_order(std::uint32_t id, const Incoming& sample);
  bool add_late(std::uint32_t id, const Incoming& sample);
  void add_metadata(const SampleBatch& batch, const BatchSample& sample, std::uint32_t id);
  void add_exemplars(const SampleBatch& batch, const BatchSample& sample, std::uint32_t id);
  void find_late(std::uint32_t id, const SeriesStateView& state, std::int64_t t_ms);
  [[nodiscard]] bool find_existing(std::uint32_t id, const Incoming& sample);
  [[nodiscard]] bool is_deleted(std::uint32_t id, std::int64_t t_ms) const;
  void relog(std::uint32_t id, std::int64_t from_t_ms, std::int64_t floor_t_ms);
  void refuse(Refusal refusal, LabelsView labels, std::int64_t t_ms, std::string_view detail = {});

  HeadFiles& files_;
  HeadWriter& head_;
  StoreBlocks& blocks_;
  AppendRules rules_;
  AppendRecords wal_;
  AppendRecords wbl_;
  AppendOutcome outcome_;
  bool needs_durable_series_ = false;
  std::uint32_t id_ = UINT32_MAX;  // found last
  Histogram stale_;
  SeriesSamples existing_;
  /// By time. Of the series that this batch has asked about once there is an entry, of those asked about twice a value.
  using LateSamples = std::unordered_map<std::int64_t, std::variant<double, Histogram>>;
  std::unordered_map<std::uint32_t, std::optional<LateSamples>> late_of_series_;
  std::vector<std::uint32_t> metadata_of_family_;
};

}  // namespace mcore
