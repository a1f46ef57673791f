// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace mcore {

/// The largest series ref that a server keeps beside its logs: in chunks_head/, chunk snapshots and
/// wal/series_state.json; 0 if there is none. A new series must get a larger one, or the server would give it the
/// chunks that it finds there under its ref (tsdb-format 4.7, trap 2; 5.4, trap 8).
///
/// Shape:  refs from kRefLimit on are passed over. What is damaged counts as far as it can be read.
/// Errors: throws Error (kIo) where a folder cannot be listed or a file not be read.
/// Cost:   reads chunks_head/ once, a page or so a chunk.
[[nodiscard]] std::uint64_t largest_known_ref(const std::string& store);

}  // namespace mcore
