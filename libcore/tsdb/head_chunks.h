// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "storage/querier.h"

namespace mcore {

/// A chunk that a server has moved out of its memory. Units: milliseconds since the Unix epoch, both ends count.
struct HeadChunk {
  std::uint64_t series = 0;  // reference, as in the log
  std::int64_t min_t_ms = 0;
  std::int64_t max_t_ms = 0;
  std::uint8_t encoding = 0;
  bool is_late = false;     // of samples that came out of order
  std::string_view data{};  // lives during the call
};

/// Reads a server's `chunks_head` folder (tsdb-format 5.1), which holds nothing that the logs do not; missing, it holds
/// nothing.
///
/// Errors: throws Error (kIo). Damage is reported with file and byte, and passed over: a chunk with a bad checksum
/// alone,
///         from a broken length on the rest of the file. A missing number between two files is damage, too.
/// Cost:   maps each file and sums it up.
void each_head_chunk(const std::string& folder, const DamageReport& report,
                     const std::function<void(const HeadChunk&)>& use);

}  // namespace mcore
