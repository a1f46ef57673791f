// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "storage/querier.h"
#include "tsdb/index_reader.h"

namespace mcore {

/// Called with each intact series of a checked index, in the order of the file.
using CheckedSeries = std::function<void(SeriesRef ref, LabelsView labels, const IndexSeries& series)>;

/// Checks an index from its first byte to its last: every checksum, every order rule of tsdb-format 2.3, that each
/// reference points at something, that gaps are zero, and that the postings lists say exactly what the series say.
///
/// Errors: findings are reported, each with file and byte; throws only what IndexReader throws for a block that cannot
///         be used at all.
/// Cost:   reads the whole file; memory for each label pair.
void check_index(IndexReader& index, const DamageReport& report, const CheckedSeries& each = {});

/// Checks a whole block: meta.json, index, every chunk (checksum, and what its samples say against the index), the
/// tombstones, and the counts in meta.json.
///
/// Errors: findings are reported; does not throw for damage.
void check_block(const std::string& folder, const DamageReport& report);

}  // namespace mcore
