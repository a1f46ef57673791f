// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace mcore {

/// Sorts as the server's library does, so that elements which the order does not tell apart, and those of an order that
/// contradicts itself (NaN before NaN, natural order), come out where they do there.
///
/// Shape:    pattern-defeating quicksort with Go's constants, the same comparisons and exchanges in the same sequence;
/// up
///           to 12 elements are sorted by insertion, which is stable.
/// Errors:   none: whatever `less` says, it ends and loses no element. Throws what `less` throws.
/// Cost:     O(n log n) comparisons, O(n) more if `items` are sorted already; O(log n) stack.
template <typename T, typename Less>
class ServerSort {
 public:
  ServerSort(std::vector<T>& items, Less less) : items_(items), less_(std::move(less)) {}

  void run() { sort(0, items_.size(), static_cast<int>(std::bit_width(items_.size()))); }

 private:
  enum class Hint : std::uint8_t { kNone, kRising, kFalling };
  struct Pivot {
    std::size_t at = 0;
    Hint hint = Hint::kNone;
  };

  [[nodiscard]] bool before(std::size_t i, std::size_t j) const { return less_(items_[i], items_[j]); }
  void exchange(std::size_t i, std::size_t j) { std::swap(items_[i], items_[j]); }

  /// Sorts [from, to); `patience` counts the unbalanced partitions that are left before it takes a heap.
  void sort(std::size_t from, std::size_t to, int patience) {
    constexpr std::size_t kFew = 12;
    bool was_balanced = true;
    bool was_partitioned = true;
    for (;;) {
      const std::size_t size = to - from;
      if (size <= kFew) {
        insert_all(from, to);
        return;
      }
      if (patience == 0) {
        sort_by_heap(from, to);
        return;
      }
      if (!was_balanced) {
        break_patterns(from, to);
        --patience;
      }
      Pivot pivot = choose_pivot(from, to);
      if (pivot.hint == Hint::kFalling) {
        std::reverse(items_.begin() + static_cast<std::ptrdiff_t>(from),
                     items_.begin() + static_cast<std::ptrdiff_t>(to));
        pivot = {.at = to - 1 - (pivot.at - from), .hint = Hint::kRising};
      }
      if (was_balanced && was_partitioned && pivot.hint == Hint::kRising && insert_few(from, to)) {
        return;
      }
      if (from > 0 && !before(from - 1, pivot.at)) {  // what is left of here is no smaller: many equal ones
        from = partition_equal(from, to, pivot.at);
        continue;
      }
      const std::size_t middle = partition(from, to, pivot.at, was_partitioned);
      const std::size_t left = middle - from;
      const std::size_t right = to - middle;
      was_balanced = std::min(left, right) >= size / 8;
      if (left < right) {
        sort(from, middle, patience);
        from = middle + 1;
      } else {
        sort(middle + 1, to, patience);
        to = middle;
      }
    }
  }

  void insert_all(std::size_t from, std::size_t to) {
    for (std::size_t i = from + 1; i < to; ++i) {
      for (std::size_t j = i; j > from && before(j, j - 1); --j) {
        exchange(j, j - 1);
      }
    }
  }

  /// Repairs an order that is nearly there, in at most five places; false if that was not enough.
  bool insert_few(std::size_t from, std::size_t to) {
    constexpr int kPlaces = 5;
    constexpr std::size_t kTooShortToTry = 50;
    std::size_t i = from + 1;
    for (int place = 0; place < kPlaces; ++place) {
      while (i < to && !before(i, i - 1)) {
        ++i;
      }
      if (i == to) {
        return true;
      }
      if (to - from < kTooShortToTry) {
        return false;
      }
      exchange(i, i - 1);
      if (i - from >= 2) {
        for (std::size_t j = i - 1; j >= 1 && before(j, j - 1); --j) {
          exchange(j, j - 1);
        }
      }
      if (to - i >= 2) {
        for (std::size_t j = i + 1; j < to && before(j, j - 1); ++j) {
          exchange(j, j - 1);
        }
      }
    }
    return false;
  }

  void sort_by_heap(std::size_t from, std::size_t to) {
    const std::size_t size = to - from;
    for (std::size_t i = (size - 1) / 2 + 1; i-- > 0;) {
      sift_down(i, size, from);
    }
    for (std::size_t i = size; i-- > 0;) {
      exchange(from, from + i);
      sift_down(0, i, from);
    }
  }
  void sift_down(std::size_t root, std::size_t size, std::size_t from) {
    for (;;) {
      std::size_t child = 2 * root + 1;
      if (child >= size) {
        return;
      }
      if (child + 1 < size && before(from + child, from + child + 1)) {
        ++child;
      }
      if (!before(from + root, from + child)) {
        return;
      }
      exchange(from + root, from + child);
      root = child;
    }
  }

  /// Moves three elements of the middle to places that follow from the size alone.
  void break_patterns(std::size_t from, std::size_t to) {
    const std::size_t size = to - from;
    std::uint64_t random = size;
    const std::uint64_t mask = (std::uint64_t{1} << std::bit_width(size)) - 1;
    const std::size_t middle = from + size / 4 * 2;
    for (std::size_t i = 0; i < 3; ++i) {
      random ^= random << 13U;
      random ^= random >> 7U;
      random ^= random << 17U;
      std::size_t other = random & mask;
      other -= other >= size ? size : 0;
      exchange(middle - 1 + i, from + other);
    }
  }

  /// A median of three, for many elements one of three medians; how often it exchanged tells a trend. Requires: more
  /// than 12 elements.
  Pivot choose_pivot(std::size_t from, std::size_t to) const {
    constexpr std::size_t kMany = 50;
    constexpr int kAllExchanged = 12;
    const std::size_t quarter = (to - from) / 4;
    std::size_t i = from + quarter;
    std::size_t j = from + quarter * 2;
    std::size_t k = from + quarter * 3;
    int exchanges = 0;
    if (to - from >= kMany) {
      i = median(i - 1, i, i + 1, exchanges);
      j = median(j - 1, j, j + 1, exchanges);
      k = median(k - 1, k, k + 1, exchanges);
    }
    j = median(i, j, k, exchanges);
    const Hint hint = exchanges == 0 ? Hint::kRising : exchanges == kAllExchanged ? Hint::kFalling : Hint::kNone;
    return {.at = j, .hint = hint};
  }
  std::size_t median(std::size_t a, std::size_t b, std::size_t c, int& exchanges) const {
    order(a, b, exchanges);
    order(b, c, exchanges);
    order(a, b, exchanges);
    return b;
  }
  void order(std::size_t& a, std::size_t& b, int& exchanges) const {
    if (before(b, a)) {
      std::swap(a, b);
      ++exchanges;
    }
  }

  /// Where the pivot ends up: smaller ones before it, the others behind. `was_done`: nothing had to move.
  std::size_t partition(std::size_t from, std::size_t to, std::size_t pivot, bool& was_done) {
    exchange(from, pivot);
    std::size_t i = from + 1;
    std::size_t j = to - 1;
    was_done = true;
    for (;;) {
      while (i <= j && before(i, from)) {
        ++i;
      }
      while (i <= j && !before(j, from)) {
        --j;
      }
      if (i > j) {
        break;
      }
      was_done = false;
      exchange(i++, j--);
    }
    exchange(j, from);
    return j;
  }
  /// Ones that are not greater than the pivot to the front, where nothing is smaller; returns their end.
  std::size_t partition_equal(std::size_t from, std::size_t to, std::size_t pivot) {
    exchange(from, pivot);
    std::size_t i = from + 1;
    std::size_t j = to - 1;
    for (;;) {
      while (i <= j && !before(from, i)) {
        ++i;
      }
      while (i <= j && before(from, j)) {
        --j;
      }
      if (i > j) {
        return i;
      }
      exchange(i++, j--);
    }
  }

  std::vector<T>& items_;
  Less less_;
};

template <typename T, typename Less>
void server_sort(std::vector<T>& items, Less less) {
  if (items.size() > 1) {
    ServerSort<T, Less>(items, std::move(less)).run();
  }
}

}  // namespace mcore
