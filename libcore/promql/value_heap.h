// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/server_sort.h"

namespace mcore {

/// The k largest or smallest values so far, each with the number of its series.
///
/// Which of equal values stays depends on how the heap is kept; it is a binary heap with the server's steps: a new
/// value sifts up from the end, a value that takes the top's place sinks to the smaller child. NaN is beaten by
/// everything.
class ValueHeap {
 public:
  struct Entry {
    double value = 0;
    std::uint32_t series = 0;
  };
  explicit ValueHeap(bool keeps_largest) noexcept : keeps_largest_(keeps_largest) {}

  /// Requires: k > 0, the same in every call.
  void add(Entry entry, std::size_t k) {
    if (entries_.size() < k) {
      push(entry);
    } else if (beats(entry.value, entries_[0].value)) {
      entries_[0] = entry;
      sink(0);
    }
  }
  void push(Entry entry) {
    entries_.push_back(entry);
    rise(entries_.size() - 1);
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// In the order of the heap.
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
  /// The best first; equal ones as the server's sort leaves them.
  [[nodiscard]] std::vector<Entry> sorted() const {
    std::vector<Entry> all = entries_;
    server_sort(all, [this](const Entry& a, const Entry& b) { return before(b.value, a.value); });
    return all;
  }

 private:
  [[nodiscard]] bool before(double a, double b) const noexcept {
    return std::isnan(a) || (keeps_largest_ ? a < b : a > b);
  }
  [[nodiscard]] bool beats(double a, double b) const noexcept {
    return (keeps_largest_ ? b < a : b > a) || (std::isnan(b) && !std::isnan(a));
  }
  void rise(std::size_t at) {
    while (at > 0) {
      const std::size_t parent = (at - 1) / 2;
      if (!before(entries_[at].value, entries_[parent].value)) {
        return;
      }
      std::swap(entries_[at], entries_[parent]);
      at = parent;
    }
  }
  void sink(std::size_t at) {
    for (;;) {
      std::size_t child = 2 * at + 1;
      if (child >= entries_.size()) {
        return;
      }
      if (child + 1 < entries_.size() && before(entries_[child + 1].value, entries_[child].value)) {
        ++child;
      }
      if (!before(entries_[child].value, entries_[at].value)) {
        return;
      }
      std::swap(entries_[at], entries_[child]);
      at = child;
    }
  }

  bool keeps_largest_;
  std::vector<Entry> entries_{};
};

}  // namespace mcore
