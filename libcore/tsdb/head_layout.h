// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace mcore {

// How the head lies in its files: what several processes have mapped at once. A cache of the logs, in the byte order of
// the machine; a head of another format version stands in another folder and is never read.
//
//   control   HeadControl, one page
//   series    SeriesEntry[], by series id
//   labels    label sets as LabelsView has them, metadata entries
//   slabs     chunks: runs of samples of one series
//   tables    hash tables: label set -> id, ref -> id, metadata -> its entry
//   index     postings by label pair, in immutable segments
//   touched   ids of the series that the commit under way has changed
//
// Everything that a commit adds lies behind what the commit before had published, and everything mutable has two
// places that commits use in turn. So a reader at commit C finds all of C as long as it looks, and what a killed writer
// leaves is behind the ends that C records: it counts for nothing and is written over.

inline constexpr std::uint64_t kHeadMagic = 0x6461'6568'7574'656DU;  // "metuhead"
inline constexpr std::uint32_t kHeadFormat = 1;
inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

// What places and numbers can say. Whoever comes to the end of one of these gets an Error (kLimit).
inline constexpr std::uint64_t kLargestLabelSet = (std::uint64_t{1} << 24U) - 1;  // bytes, as LabelsView has them
inline constexpr std::uint64_t kMostLabelBytes = std::uint64_t{1} << 35U;  // ids of aliases: 31 bits, 16 bytes each
inline constexpr std::uint64_t kMostSlabBytes = std::uint64_t{1} << 37U;   // units of 32 bytes in 32 bits
inline constexpr std::uint32_t kMostSeries = std::uint32_t{1} << 31U;
/// A server cannot query series with a ref of that size or more (tsdb-format 4.7).
inline constexpr std::uint64_t kRefLimit = std::uint64_t{1} << 40U;

/// What the samples of a slab are written as.
enum class SlabKind : std::uint8_t {
  kNone = 0,
  kXor = 1,      // floats, the bit stream of xor_append()
  kRecords = 2,  // one sample after the other as tsdb/slab_records.h writes them: histograms, late samples
  kDropped = 3,  // of a state: the series was taken out, its ref and labels are free (tsdb-format 4.7)
};

/// Slabs are addressed in units of 32 bytes; 0 is no slab.
inline constexpr std::size_t kSlabUnit = 32;

/// The start of a slab; its payload follows. What it says of the slab before it is that slab's final state.
struct SlabHeader {
  std::int64_t first_t_ms;
  std::uint32_t previous;       // slab unit
  std::uint32_t previous_used;  // bits (kXor) or bytes (kRecords)
  std::uint16_t previous_count;
  SlabKind previous_kind;
  SlabKind kind;
  std::uint8_t size_log2;  // of the slab as a whole, this header included
  std::array<std::uint8_t, 3> unused;
};
static_assert(sizeof(SlabHeader) == 24);

/// One of the two states of a series.
struct SeriesState {
  /// The commit that wrote it (48 bits), the kind of the open slab and the window of its encoder; 0 while it is being
  /// written. Written last, read first and last.
  std::atomic<std::uint64_t> stamp;
  std::int64_t last_t_ms;  // newest in-order sample, kNoTime if there is none
  std::uint64_t last_value;
  std::int64_t last_delta;
  std::uint32_t slab;  // the open one
  std::uint32_t used;  // of its payload: bits (kXor) or bytes (kRecords)
  std::uint32_t late;  // newest slab of late samples
  std::uint32_t late_used;
  std::uint32_t metadata;  // id of the metadata entry, 0 if none is known
  std::uint16_t count;     // samples in the open slab
  std::uint8_t slab_log2;  // sizes of the two slabs, as their headers have them: an append need not look there
  std::uint8_t late_log2;
};
static_assert(sizeof(SeriesState) == 56);

/// Everything about one series; never moves.
struct SeriesEntry {
  std::uint64_t ref;     // in the log
  std::uint64_t labels;  // offset in `labels` << 24 | size
  std::array<SeriesState, 2> state;
};
static_assert(sizeof(SeriesEntry) == 128);

/// One hash table in `tables`: open addressing, a slot is hash (high 32 bits) and value + 1 (low 32 bits), 0 is free.
struct HashTableInfo {
  std::uint64_t offset;
  std::uint32_t slots_log2;
  std::uint32_t used;
};

/// Tables that together hold one mapping: each new one is larger than those before, so that growing moves nothing.
struct HashTablesInfo {
  static constexpr std::size_t kMost = 20;
  std::uint32_t count;
  std::uint32_t unused;
  std::array<HashTableInfo, kMost> table;
};

/// A place in the logs up to which something holds.
struct HeadLogMark {
  std::int64_t segment = -1;  // -1: there is no segment
  std::uint64_t offset = 0;   // behind the last record
  std::uint32_t crc = 0;      // of its last fragment, where offset is not 0
  std::uint32_t unused = 0;
  [[nodiscard]] bool operator==(const HeadLogMark&) const = default;
};

/// What one commit publishes: the ends of everything.
struct HeadCommit {
  std::uint64_t number;
  std::uint32_t series_count;
  std::uint32_t alias_count;
  std::uint64_t labels_end;
  std::uint64_t slabs_end;
  std::uint64_t tables_end;
  std::uint64_t index_end;
  std::uint64_t segment_list;  // offset in `index` of the list of segments
  std::uint32_t segment_count;
  std::uint32_t indexed_series;  // ids below it are in the segments, the rest is the tail
  std::uint64_t next_ref;        // above every ref that the logs know
  std::int64_t checkpoint;       // -1 if there is none
  HeadLogMark wal;
  HeadLogMark wbl;
  std::int64_t floor_t_ms;  // samples before it are late
  std::int64_t min_t_ms;
  std::int64_t max_t_ms;
  std::int64_t retired_t_ms;  // a series without a sample since then, untouched since retired_commit, left the log
  std::uint64_t retired_commit;
  std::int64_t shrink_wal;  // last segments whose samples before the floor a cut has put into blocks; -1: none
  std::int64_t shrink_wbl;
  std::uint64_t samples;
  std::uint64_t late_samples;
  std::int64_t in_blocks_t_ms;  // in-order samples before it are in blocks, or were logged once more as late ones
  std::uint32_t metadata_count;
  std::uint32_t tombstone_count;
  std::uint64_t tombstone_list;  // offset in `index`
  HashTablesInfo label_tables;
  HashTablesInfo ref_tables;
  HashTablesInfo metadata_tables;
};

struct HeadControl {
  std::uint64_t magic;
  std::uint32_t format;
  std::uint32_t ready;  // 0 while it is being built
  std::array<char, 48> boot;
  std::uint64_t device;  // of this very file: a copy is not the original
  std::uint64_t inode;
  std::uint64_t generation;
  std::atomic<std::uint64_t> commit;
  std::atomic<std::uint32_t> retired;        // a newer generation serves, or this one must not be trusted any more
  std::atomic<std::uint32_t> touched_count;  // ids in `touched`: the series that an unpublished commit changes
  /// Space of `tables` that was ever handed out: what lies behind is known to be zero.
  std::uint64_t tables_touched;
  /// Commits up to this one are on the disk, and where the logs ended then: two places, used in turn.
  struct Durable {
    std::uint64_t commit;
    std::uint32_t series_count;
    std::uint32_t unused;
    HeadLogMark wal;
    HeadLogMark wbl;
  };
  alignas(64) std::atomic<std::uint64_t> durable_turn;
  std::array<Durable, 2> durable;
  alignas(64) std::array<HeadCommit, 2> commits;
};
inline constexpr std::size_t kControlSize = 8192;
static_assert(sizeof(HeadControl) <= kControlSize);

}  // namespace mcore
