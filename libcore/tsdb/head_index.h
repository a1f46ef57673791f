// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/matcher.h"
#include "tsdb/head_files.h"

namespace mcore {

// The inverted index over the series of a head: immutable segments, each over a run of ids, and behind them a tail of
// at most kIndexTail series whose labels are looked at one by one. A segment never changes, so readers need no care
// and a killed writer leaves nothing that points into the void.
//
// A segment: IndexSegment, then IndexName[] in order of the names, IndexPair[] of each name in order of the values'
// hashes, ids as u32 ascending per pair.

inline constexpr std::uint32_t kIndexTail = 1024;

struct IndexSegment {
  std::uint32_t first_id;
  std::uint32_t end_id;
  std::uint32_t name_count;
  std::uint32_t pair_count;
};
struct IndexName {
  std::uint64_t name;  // offset in `labels` << 24 | size
  std::uint32_t first_pair;
  std::uint32_t pair_count;
};
struct IndexPair {
  std::uint64_t hash;      // of the value
  std::uint64_t value;     // offset in `labels` << 24 | size
  std::uint32_t first_id;  // position in the segment's ids
  std::uint32_t id_count;
};

/// Adds segments for the series of `commit` that none covers yet, when they have become a tail's worth (`all`: whenever
/// there are any). Small segments at the end are built anew together with the tail.
/// Errors: throws Error (kIo) when the arena cannot grow.
/// Cost:   about 0.5 microseconds a series; what a small batch pays is bounded.
void extend_index(HeadFiles& files, HeadCommit& commit, bool all);

/// Ids of the series that satisfy a selector, ascending.
[[nodiscard]] std::vector<std::uint32_t> select_ids(const HeadFiles& files, const HeadCommit& commit,
                                                    const Selector& selector);

/// Every label name, or every value of a name, of all series of the head; sorted, each once.
[[nodiscard]] std::vector<std::string> index_label_names(const HeadFiles& files, const HeadCommit& commit);
[[nodiscard]] std::vector<std::string> index_label_values(const HeadFiles& files, const HeadCommit& commit,
                                                          std::string_view name);

}  // namespace mcore
