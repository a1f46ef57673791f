// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/directory.h"
#include "base/fd.h"
#include "model/labels.h"
#include "tsdb/file_writer.h"
#include "tsdb/index_layout.h"

namespace mcore {

/// Numbers for things that are met again and again: open addressing over numbers given in order of first meeting.
class IdTable {
 public:
  /// The number of what `equals(number)` recognises, else the next one, for which `hash_of(number)` must answer from
  /// now on.
  template <typename Equals, typename HashOf>
  std::uint32_t find_or_add(std::uint64_t hash, Equals equals, HashOf hash_of) {
    if (count_ * 2 >= slots_.size()) {
      grow(hash_of);
    }
    for (std::size_t i = hash & mask();; i = (i + 1) & mask()) {
      if (slots_[i] == 0) {
        slots_[i] = ++count_;
        return count_ - 1;
      }
      if (equals(slots_[i] - 1)) {
        return slots_[i] - 1;
      }
    }
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return count_; }

 private:
  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }
  template <typename HashOf>
  void grow(HashOf hash_of) {
    std::vector<std::uint32_t> wider(slots_.empty() ? 1024 : slots_.size() * 2);
    for (std::uint32_t number = 0; number < count_; ++number) {
      std::size_t i = hash_of(number) & (wider.size() - 1);
      while (wider[i] != 0) {
        i = (i + 1) & (wider.size() - 1);
      }
      wider[i] = number + 1;
    }
    slots_.swap(wider);
  }

  std::vector<std::uint32_t> slots_;  // number + 1, 0 is free
  std::uint32_t count_ = 0;
};

/// Records kept for one pass in the order of adding: in memory while they are few, else in a file without a name.
///
/// Errors: throws Error (kIo) with the path.
class RecordSpool {
 public:
  RecordSpool(std::string path, const NewFileOwner& owner) : path_(std::move(path)), owner_(owner) {}
  void add(std::string_view record);
  /// The records again, from the first on; false behind the last. The view lives until the next call. Nothing can be
  /// added any more.
  bool next(std::string_view& record);

 private:
  void spill();
  bool refill();

  std::string path_;
  NewFileOwner owner_;
  Fd fd_;
  std::string buffer_;
  std::uint64_t spilled_ = 0;  // bytes in the file
  std::uint64_t read_ = 0;     // of them, those read back
  std::size_t at_ = 0;         // in buffer_, while reading
  bool reading_ = false;
};

/// Writes a block's index.
///
/// Shape:  version 2 as servers from 3.7 on write it: no label indices (tsdb-format 2.3).
/// Errors: throws Error: kIo, kLimit for what the format cannot hold, kCorrupt for series or chunks out of order.
/// Cost:   memory for each string once, 12 bytes for each label pair and, in finish(), 4 bytes for each label of each
///         series; the series themselves wait in a file without a name once they fill a megabyte.
class IndexWriter {
 public:
  IndexWriter(std::string path, const NewFileOwner& owner, bool sync = true);

  /// Requires: labels were built by a LabelBuilder. Label sets ascend strictly; chunks of a series ascend without
  /// overlap, their references over all series.
  void add_series(LabelsView labels, std::span<const ChunkMeta> chunks);
  [[nodiscard]] std::uint64_t series_count() const noexcept { return series_count_; }
  void finish();

 private:
  struct Pair {
    std::uint32_t name = 0;  // numbers of symbols
    std::uint32_t value = 0;
    std::uint32_t series = 0;  // how many bear it
  };

  [[noreturn]] void refuse(LabelsView labels, std::string_view why) const;
  void check_order(LabelsView labels, std::span<const ChunkMeta> chunks);
  std::uint32_t symbol_number(std::string_view text);
  std::uint32_t pair_number(const Label& label, std::size_t position);

  void rank_symbols();
  void sort_pairs();
  void write_symbols(FileWriter& out);
  void write_series(FileWriter& out);
  void write_postings(FileWriter& out);
  void write_list(FileWriter& out, std::span<const std::uint32_t> refs);
  void write_table(FileWriter& out);

  std::string path_;
  NewFileOwner owner_;
  bool sync_;

  std::pmr::monotonic_buffer_resource arena_;
  std::vector<std::string_view> symbols_;
  IdTable symbol_numbers_;
  std::vector<Pair> pairs_;
  IdTable pair_numbers_;
  RecordSpool spool_;
  std::uint64_t series_count_ = 0;
  std::uint64_t last_chunk_ = 0;
  std::string last_labels_;
  std::vector<std::uint32_t> last_pairs_;
  std::vector<Label> last_label_views_;  // into last_labels_
  std::string record_;

  // From finish() on.
  IndexToc toc_;
  std::vector<std::uint32_t> symbol_order_;
  std::vector<std::uint32_t> symbol_ranks_;
  std::vector<std::uint32_t> pair_order_;
  std::vector<std::uint64_t> pair_ends_;  // where the list of a pair ends in postings_, so far
  std::vector<std::uint32_t> postings_;
  std::vector<std::uint32_t> all_;
};

}  // namespace mcore
