// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/directory.h"
#include "storage/querier.h"

namespace mcore {

/// Writes an index anew from what is intact of one that cannot be opened: its header, contents, table or lists may be
/// damaged, for series entries are found by their checksums. Where the symbols are damaged, the table of postings,
/// which has all of them once more, stands in for them.
///
/// Shape:   version 2 only.
/// Errors:  throws Error (kIo). Series entries that are damaged or out of order are reported and left out.
/// Returns: the references that its series had, in the order of the new ones; nothing if the strings cannot be had:
/// then
///          nothing is written.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> salvage_index(const std::string& from, const std::string& to,
                                                                      const NewFileOwner& owner,
                                                                      const DamageReport& report);

}  // namespace mcore
