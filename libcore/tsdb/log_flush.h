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
/// Errors: throws Error (kIo) if the flush fails: the head is retired, and the log must be cut back to what is durable
///         (HeadHome::cut_back_lost), for nobody can know what the disk has; kBusy if the one that is flushing does not
///         end in time.
/// Cost:   nothing if another has done it; else one fdatasync a log.
[[nodiscard]] FlushOutcome flush_logs(const HeadHome& home, HeadFiles& files, std::uint64_t commit,
                                      std::chrono::milliseconds timeout);

/// What is known to be on the disk.
[[nodiscard]] HeadControl::Durable durable_state(const HeadFiles& files) noexcept;
/// Notes that the logs up to a commit are on the disk; or, where nobody knows, that nothing up to it is ever to be cut
/// off. Requires: the flush lock, or files that nobody else knows yet.
void set_durable(HeadFiles& files, const HeadCommit& commit, bool is_on_disk) noexcept;

/// Notes that the logs up to a commit hold what a server wrote behind our own, so that no failed flush cuts it off.
/// What is ours before it is flushed for that. Requires: the flush lock. Errors:   throws Error (kIo) if that fails;
/// nothing is cut then, and those who wait append anew.
void keep_foreign(const std::string& store, HeadFiles& files, const HeadCommit& commit);

/// Cuts off what a failed flush has lost. Requires: the writer's lock and the store's; a head that is kRetiredLost.
void cut_back_lost(const std::string& store, HeadFiles& files);

/// Values of HeadControl::retired.
inline constexpr std::uint32_t kRetiredReplaced = 1;
inline constexpr std::uint32_t kRetiredLost = 2;     // a flush failed; the log is still to be cut back
inline constexpr std::uint32_t kRetiredCutBack = 3;  // and has been

}  // namespace mcore
