// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "storage/querier.h"
#include "tsdb/block_reader.h"
#include "tsdb/block_writer.h"
#include "tsdb/chunk_cutter.h"
#include "tsdb/tombstones.h"

namespace mcore {

/// One series in one of the blocks to merge: the cursor stands on it. `deleted` goes beside what the block's tombstones
/// say.
struct SeriesPart {
  const BlockReader* block = nullptr;
  BlockCursor* cursor = nullptr;
  Intervals deleted{};
};

/// Makes one series of a new block from the chunks it has in several blocks.
///
/// Shape:    as merge_blocks(): the first part wins at equal times; whole chunks of at least three quarters of
///           `float_samples`, and those of histograms, are copied where nothing has to be mixed in or left out.
/// Lifetime: what merge() gives lives until the next merge(), and as long as the blocks.
/// Errors:   damage goes to the cursors' DamageReport; what cannot be read is passed over if that returns.
/// Cost:     memory for the encoded chunks of a series and the samples of a few.
class SeriesMerger {
 public:
  explicit SeriesMerger(std::size_t float_samples);

  /// Empty if no sample is left. Requires: a part.
  [[nodiscard]] std::span<const ChunkToWrite> merge(std::span<const SeriesPart> parts);

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  struct Input {
    const SeriesPart* part = nullptr;
    std::size_t next = 0;     // chunk
    Intervals deleted{};      // all that is
    SeriesSamples waiting{};  // decoded, and later than what others may still bring

    [[nodiscard]] std::span<const ChunkMeta> chunks() const noexcept { return part->cursor->chunks().subspan(next); }
    [[nodiscard]] std::int64_t next_t_ms() const noexcept { return chunks().empty() ? kNever : chunks()[0].min_t_ms; }
  };

  void open(std::span<const SeriesPart> parts);
  void report_outside(const Input& input) const;
  void advance() noexcept;
  void take_chunk(Input& input);
  [[nodiscard]] std::int64_t next_t_ms(std::size_t place) const noexcept {
    return place < queue_.size() ? queue_[place]->next_t_ms() : kNever;
  }
  [[nodiscard]] bool is_worth_copying(const ChunkBytes& bytes) const noexcept;
  void copy(const ChunkMeta& chunk, const ChunkBytes& bytes);
  void decode(const Input& input, const ChunkMeta& chunk, const ChunkBytes& bytes, SeriesSamples& out);
  void drain();
  void flush_batch();
  void flush(bool all);
  void keep(const EncodedChunk& chunk);

  std::size_t float_samples_;
  ChunkCutter cutter_;
  std::vector<Input> inputs_{};  // may be more than parts: those keep their memory
  std::vector<Input*> queue_{};  // with chunks to come from `head_` on, that with the earliest in front
  std::size_t head_ = 0;
  std::vector<Input*> waiting_{};  // with decoded samples, in the order of the parts
  SeriesSamples pending_{};        // final, not yet encoded
  SeriesSamples early_{};
  SeriesSamples mixed_{};
  std::string bytes_{};  // of what was encoded
  std::vector<ChunkToWrite> chunks_{};
  std::vector<std::size_t> places_{};  // of chunks in bytes_, which still moves; kCopied for those elsewhere
};

}  // namespace mcore
