// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "tsdb/head_home.h"

namespace mcore {

enum class FlushOutcome : std::uint8_t {
  kDurable,  // all that the commit rests on is on the disk
  kLost,     // another's flush failed and the log was cut back: what was appended is gone, append it anew
};

/// Makes a commit of the head durable: the logs are flushed up to the newest commit, so one flush serves every writer
/// that waits behind it.
///
/// Errors: throws Error (kIo) if the flush fails: the log is cut back to what is durable, and the head retired, for
///         nobody can know what the disk has; kBusy if the one that is flushing does not end in time.
/// Cost:   nothing if another has done it; else one fdatasync a log.
[[nodiscard]] FlushOutcome flush_logs(const HeadHome& home, HeadFiles& files, std::uint64_t commit,
                                      std::chrono::milliseconds timeout);

/// What is known to be on the disk.
[[nodiscard]] HeadControl::Durable durable_state(const HeadFiles& files) noexcept;

/// Values of HeadControl::retired.
inline constexpr std::uint32_t kRetiredReplaced = 1;
inline constexpr std::uint32_t kRetiredLost = 2;

}  // namespace mcore
