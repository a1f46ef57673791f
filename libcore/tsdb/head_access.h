// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "storage/querier.h"
#include "tsdb/head_files.h"

namespace mcore {

/// A head for a reader: it never writes into the store and takes no lock there.
///
/// Where the store's own head holds what the log does (but for a batch that a writer is at this moment bringing in and
/// nobody was told of), that one serves. Else, for a running server's directory, a store that is read-only or one that
/// a server has written to, a head is kept in the user's cache, brought forward at each use; without a place for that
/// it is built for this one process.
///
/// `in_order_from`: in-order log samples before it are in blocks; used where a head is built.
/// Errors:  throws Error (kIo, kBusy). Damage in the logs is reported and passed over.
/// Returns: nothing if the store has no log.
[[nodiscard]] std::optional<HeadFiles> open_head_for_reading(const std::string& store, std::int64_t in_order_from,
                                                             const DamageReport& on_damage);

/// Where a writer keeps the head of a store: STORE/head, or the user's cache where the store lies on a network file
/// system.
[[nodiscard]] std::string head_folder_for_writing(const std::string& store);

}  // namespace mcore
