// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tsdb/store_finding.h"

namespace mcore {

struct VerifyOptions {
  /// How far it is: bytes of blocks and logs, then series of the head against the logs.
  std::function<void(std::uint64_t done, std::uint64_t total)> on_bytes{};
  std::function<void(std::uint64_t series)> on_series{};
  std::function<bool()> is_cancelled{};
};

struct VerifyResult {
  bool cancelled = false;
  std::uint64_t blocks = 0;
  std::uint64_t records = 0;  // of both logs
  std::uint64_t series = 0;   // of the head, held against the logs
  std::uint64_t findings = 0;
  std::uint64_t notes = 0;
};

/// Looks at all that a store holds, or at one block: blocks (check_block), logs (check_log), a server's head chunks and
/// memory snapshots, and our head against the logs (check_head).
///
/// Others may write, cut and compact meanwhile: what vanishes was replaced and is not missed. A log's torn end and what
/// killed processes leave are notes.
/// Errors: findings are reported; throws Error (kUsage where no store is, kIo, kBusy).
/// Cost:   reads everything once.
VerifyResult verify_store(const std::string& path, const FindingReport& report, const VerifyOptions& options = {});

}  // namespace mcore
