// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tsdb/log_check.h"
#include "tsdb/store_finding.h"

namespace mcore {

struct HeadCheckOptions {
  /// The log is damaged: what only the head has is not the head's fault.
  bool log_is_damaged = false;
  std::function<void(std::uint64_t series)> on_progress{};
  std::function<bool()> is_cancelled{};
};

struct HeadCheckResult {
  bool has_head = false;  // false: no head serves, and there is nothing to compare
  bool cancelled = false;
  std::uint64_t series = 0;
  std::uint64_t samples = 0;  // that head and logs both have
  std::uint64_t findings = 0;
};

/// Holds the store's own head against its logs: builds another from the logs alone, in a private place, brings both to
/// the same commit, and compares series and their numbers in the log, samples, late samples, deletions and metadata.
/// Late samples that the log has left, for they are in blocks, may be in the head still.
///
/// `refs`: those of the WAL, as check_log() collected them. Writes nothing into the store; where writers never pause it
/// waits for a pause, then takes the writers' lock for the moment that copying the series' states takes, if it can.
/// Errors: throws Error (kIo, kBusy).
/// Cost:   as building a head, and decoding all of it twice.
HeadCheckResult check_head(const std::string& store, const LogRefs& refs, const FindingReport& report,
                           const HeadCheckOptions& options = {});

}  // namespace mcore
