// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/querier.h"
#include "tsdb/head_files.h"
#include "tsdb/head_home.h"

namespace mcore {

/// Samples of a store as they arrive, whoever writes them: our own writers or a server.
///
/// Shape:    what had been stored when it was made is passed over. A new generation of the head, a head that a server's
///           log has to be brought forward for, and a store that has no log yet are all the same to the caller.
/// Lifetime: keeps the head mapped.
/// Errors:   throws Error (kIo, kBusy); damage is reported and passed over.
/// Threads:  one.
/// Cost:     a look without news is a listing of the log's folders; one with news reads the state of each series that
///           matches, and decodes what is new.
class StoreFollower {
 public:
  StoreFollower(std::string store, std::vector<Selector> selectors, DamageReport report);

  /// Hands over each series with the samples that came since the last look, in label order; says whether there were
  /// any.
  using Take = std::function<void(LabelsView, const SeriesSamples&)>;
  bool look(const Take& take);

 private:
  /// Late samples of a series that are known.
  struct KnownLate {
    std::uint32_t slab = 0;
    std::uint32_t used = 0;
    std::vector<std::int64_t> t_ms;  // sorted
  };
  /// How far a series was known in the generation before.
  struct Known {
    std::int64_t last_t_ms = kNoTime;
    std::vector<std::int64_t> late_t_ms;
  };
  struct Changed {
    std::uint32_t id = 0;
    SeriesStateView state;
  };

  [[nodiscard]] bool has_news();
  template <typename TakeRest>
  [[nodiscard]] bool reopen(const TakeRest& take_rest);
  [[nodiscard]] bool take_changed(const Take& take);
  [[nodiscard]] std::vector<Changed> changed();
  [[nodiscard]] bool try_changed(std::vector<Changed>& out) const;
  void remember_generation();
  void recall(std::uint32_t id);
  void note(const Changed& series);
  void take_new(const Changed& series, SeriesSamples& out);

  std::string store_;
  std::vector<Selector> selectors_;
  DamageReport report_;
  LogState logs_;
  std::optional<HeadFiles> files_;
  std::uint64_t seen_commit_ = 0;
  HeadCommit commit_{};
  std::vector<std::int64_t> last_t_ms_;                // by id in files_: the newest in-order sample that is known
  std::unordered_map<std::uint32_t, KnownLate> late_;  // by id
  std::unordered_map<std::uint64_t, Known> before_;    // by hash of the labels: what the generation before had
};

}  // namespace mcore
