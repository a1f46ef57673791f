// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "model/matcher.h"

namespace mcore {

/// Reference of a series inside one index: a number that ascends in label order (index files) or in order of creation
/// (head).
using SeriesRef = std::uint32_t;

/// References in strictly ascending order, in memory or as they lie in an index file (big-endian).
///
/// Lifetime: borrows the bytes.
/// Errors:   what is not ascending is no list: operations on it end, with some answer.
class PostingsView {
 public:
  PostingsView() noexcept = default;
  explicit PostingsView(std::span<const SeriesRef> refs) noexcept
      : data_(reinterpret_cast<const char*>(refs.data())), size_(refs.size()) {}
  /// Requires: 4 * `size` readable bytes at `data`.
  [[nodiscard]] static PostingsView big_endian(const char* data, std::size_t size) noexcept {
    PostingsView view;
    view.data_ = data;
    view.size_ = size;
    view.big_endian_ = true;
    return view;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] SeriesRef operator[](std::size_t i) const noexcept {
    SeriesRef ref;
    std::memcpy(&ref, data_ + i * sizeof ref, sizeof ref);
    return big_endian_ ? __builtin_bswap32(ref) : ref;
  }
  /// Appends all references to `out`.
  void append_to(std::vector<SeriesRef>& out) const;

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
  bool big_endian_ = false;
};

/// Keeps what is also in `other`, and what is not. Cost: O(shorter * log(longer)) where lengths differ much, else
/// linear.
void intersect_postings(std::vector<SeriesRef>& refs, PostingsView other);
void subtract_postings(std::vector<SeriesRef>& refs, PostingsView other);
/// What is in any of the lists. Cost: O(n log k) for n references in k lists; lists that follow one another: O(n).
[[nodiscard]] std::vector<SeriesRef> unite_postings(std::span<const PostingsView> lists);

/// An inverted index: which series bear a label.
///
/// Lifetime: views live as long as the source does.
/// Errors:   may throw Error (kCorrupt, kIo).
class PostingsSource {
 public:
  virtual ~PostingsSource() = default;
  virtual PostingsView all_postings() = 0;
  /// Empty if no series bears the label.
  virtual PostingsView postings(std::string_view name, std::string_view value) = 0;
  /// Appends the list of each value of `name` that `wanted` takes; each value is asked about once.
  virtual void postings_of_values(std::string_view name, const std::function<bool(std::string_view)>& wanted,
                                  std::vector<PostingsView>& out) = 0;
};

/// The series that a selector selects: lists of the values that match are intersected; where a matcher takes series
/// without its label, the lists of values that do not match are subtracted.
[[nodiscard]] std::vector<SeriesRef> select_postings(const Selector& selector, PostingsSource& source);
/// The series that any of the selectors selects; no selector selects all.
[[nodiscard]] std::vector<SeriesRef> select_postings(std::span<const Selector> selectors, PostingsSource& source);

}  // namespace mcore
