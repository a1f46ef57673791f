// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tsdb/xor_append.h"

namespace mcore {

/// How a writer chooses the windows of the value code. Every reader takes all three.
enum class XorWindows : std::uint8_t {
  kServer,    // a new one only for a value that does not fit, byte for byte what a server writes
  kShortest,  // a new one wherever that is shorter for the value at hand
  kOptimal,   // the choice that makes the chunk as small as it can be
};

/// Appends a whole XOR chunk of the given columns to `out`.
///
/// Shape:  be16 count and the stream of xor_append; tsdb-format 3.2.
/// Needs:  as many values as times, at most kXorMaxSamples.
/// Cost:   no allocation beyond the growth of `out`, which is by 20 bytes a sample for the moment. 5 to 10 ns a sample;
///         kOptimal 15 to 50 ns.
void encode_xor_chunk(std::span<const std::int64_t> t_ms, std::span<const double> value, std::string& out,
                      XorWindows windows = XorWindows::kOptimal);

/// Builds one XOR chunk sample by sample, with the windows of a server.
class XorChunkWriter {
 public:
  XorChunkWriter();
  /// False, and nothing appended, when the chunk holds kXorMaxSamples.
  [[nodiscard]] bool append(std::int64_t t_ms, double value);
  [[nodiscard]] std::uint32_t sample_count() const noexcept { return state_.count; }
  /// Of the chunk as it is now.
  [[nodiscard]] std::size_t size() const noexcept { return 2 + (bit_ + 7) / 8; }
  /// The chunk's bytes, until the next append or clear; appending may go on.
  [[nodiscard]] std::string_view finish();
  /// Begins another chunk and keeps the memory.
  void clear() noexcept;

 private:
  std::string bytes_;  // longer than what is written
  std::size_t bit_ = 0;
  XorState state_{};
};

}  // namespace mcore
