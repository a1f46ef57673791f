// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "tsdb/index_writer.h"

namespace mcore {

/// Label sets by number, in the memory of one process: numbers are given in the order of first meeting.
///
/// Lifetime: owns copies of the sets; they do not move until clear().
/// Threads:  one at a time.
/// Cost:     a look-up is a probe and a comparison; 32 bytes a series beside its labels.
class SeriesTable {
 public:
  /// The number of a label set, given to it now if it is new.
  [[nodiscard]] std::uint32_t find_or_add(LabelsView labels, std::uint64_t hash);
  [[nodiscard]] LabelsView labels(std::uint32_t series) const noexcept {
    return LabelsView({entries_[series].bytes, entries_[series].size});
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(entries_.size()); }
  /// What it takes in memory, about.
  [[nodiscard]] std::size_t memory() const noexcept { return bytes_ + entries_.size() * kEntryCost; }
  /// All numbers in label order.
  [[nodiscard]] std::vector<std::uint32_t> sorted() const;
  void clear() noexcept;

 private:
  static constexpr std::size_t kEntryCost = 40;  // entry and slots
  struct Entry {
    std::uint64_t hash;
    const char* bytes;
    std::size_t size;
  };
  const char* keep(std::string_view bytes);

  std::vector<Entry> entries_;
  IdTable numbers_;
  std::vector<std::unique_ptr<char[]>> pages_;
  char* page_ = nullptr;  // what is left of the last one
  std::size_t page_left_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace mcore
