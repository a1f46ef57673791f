// SPDX-License-Identifier: Apache-2.0
#include "tsdb/postings.h"

#include <algorithm>
#include <optional>

namespace mcore {
namespace {

// From this ratio of lengths on, jumping through the longer list beats reading it.
constexpr std::size_t kGallopRatio = 16;

/// The first position from `from` on whose reference is at least `ref`: steps of doubling width, then halves.
template <typename List>
std::size_t seek(const List& list, std::size_t from, SeriesRef ref) noexcept {
  const std::size_t size = list.size();
  std::size_t step = 1;
  std::size_t low = from;  // everything before it is too small
  std::size_t high = from;
  while (high < size && list[high] < ref) {
    low = high + 1;
    high += step;
    step *= 2;
  }
  high = std::min(high, size);
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (list[middle] < ref) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/// The next position whose reference is at least `ref`, by the way that pays for such lengths.
template <typename List>
std::size_t advance(const List& list, std::size_t from, SeriesRef ref, bool gallop) noexcept {
  if (gallop) {
    return seek(list, from, ref);
  }
  while (from < list.size() && list[from] < ref) {
    ++from;
  }
  return from;
}

/// Merges neighbouring ascending runs of `refs` until one is left; `ends` holds the end of each.
void merge_runs(std::vector<SeriesRef>& refs, std::vector<std::size_t> ends) {
  std::vector<SeriesRef> merged;
  while (ends.size() > 1) {
    merged.clear();
    merged.reserve(refs.size());
    std::vector<std::size_t> merged_ends;
    const auto at = [&refs](std::size_t i) { return refs.begin() + static_cast<std::ptrdiff_t>(i); };
    std::size_t begin = 0;
    for (std::size_t i = 0; i < ends.size(); i += 2) {
      if (i + 1 == ends.size()) {
        merged.insert(merged.end(), at(begin), at(ends[i]));
      } else {
        std::set_union(at(begin), at(ends[i]), at(ends[i]), at(ends[i + 1]), std::back_inserter(merged));
        begin = ends[i + 1];
      }
      merged_ends.push_back(merged.size());
    }
    refs.swap(merged);
    ends.swap(merged_ends);
  }
}

/// The lists that a matcher brings in, or, where it takes series without the label, those it takes out.
std::vector<PostingsView> lists_of(const Matcher& matcher, PostingsSource& source) {
  std::vector<PostingsView> lists;
  if (matcher.matches_empty()) {
    if (matcher.type() == MatchType::kNotEqual) {
      lists.push_back(source.postings(matcher.name(), matcher.value()));
    } else {
      source.postings_of_values(
          matcher.name(), [&matcher](std::string_view value) { return !matcher.matches(value); }, lists);
    }
  } else if (!matcher.listed_values().empty()) {
    for (const std::string& value : matcher.listed_values()) {
      lists.push_back(source.postings(matcher.name(), value));
    }
  } else {
    source.postings_of_values(
        matcher.name(), [&matcher](std::string_view value) { return matcher.matches(value); }, lists);
  }
  std::erase_if(lists, [](PostingsView list) { return list.empty(); });
  return lists;
}

/// Calls `take(i)` for each position of `refs` whose reference is also in `other`, ascending.
template <typename Take>
void for_each_common(const std::vector<SeriesRef>& refs, PostingsView other, Take take) {
  const bool gallop_refs = refs.size() / kGallopRatio > other.size();
  const bool gallop_other = other.size() / kGallopRatio > refs.size();
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < refs.size() && j < other.size()) {
    const SeriesRef a = refs[i];
    const SeriesRef b = other[j];
    if (a == b) {
      take(i);
      ++i;
      ++j;
    } else if (a < b) {
      i = advance(refs, i, b, gallop_refs);
    } else {
      j = advance(other, j, a, gallop_other);
    }
  }
}

/// Keeps what is in one of the lists, or what is in none. Uniting the lists first would look at all of them, however
/// few series are left to ask about.
void sieve(std::vector<SeriesRef>& refs, std::span<const PostingsView> lists, bool keep_common) {
  std::vector<char> common(refs.size());
  for (const PostingsView list : lists) {
    for_each_common(refs, list, [&common](std::size_t i) { common[i] = 1; });
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if ((common[i] != 0) == keep_common) {
      refs[kept++] = refs[i];
    }
  }
  refs.resize(kept);
}

/// Narrows `kept` (nothing yet: all series) to what is in one of the lists.
void narrow(std::optional<std::vector<SeriesRef>>& kept, std::span<const PostingsView> lists) {
  if (!kept) {
    kept = unite_postings(lists);
  } else if (lists.size() == 1) {
    intersect_postings(*kept, lists[0]);
  } else {
    sieve(*kept, lists, true);
  }
}

}  // namespace

void PostingsView::append_to(std::vector<SeriesRef>& out) const {
  const std::size_t before = out.size();
  out.resize(before + size_);
  for (std::size_t i = 0; i < size_; ++i) {
    out[before + i] = (*this)[i];
  }
}

void intersect_postings(std::vector<SeriesRef>& refs, PostingsView other) {
  std::size_t kept = 0;
  for_each_common(refs, other, [&](std::size_t i) { refs[kept++] = refs[i]; });
  refs.resize(kept);
}

void subtract_postings(std::vector<SeriesRef>& refs, PostingsView other) {
  const bool gallop = other.size() / kGallopRatio > refs.size();
  std::size_t j = 0;
  std::size_t kept = 0;
  for (const SeriesRef ref : refs) {
    j = advance(other, j, ref, gallop);
    if (j == other.size() || other[j] != ref) {
      refs[kept++] = ref;
    }
  }
  refs.resize(kept);
}

std::vector<SeriesRef> unite_postings(std::span<const PostingsView> lists) {
  std::size_t size = 0;
  for (const PostingsView list : lists) {
    size += list.size();
  }
  std::vector<SeriesRef> refs;
  refs.reserve(size);
  std::vector<std::size_t> ends;
  for (const PostingsView list : lists) {
    if (list.empty()) {
      continue;
    }
    // The values of the label that sorts first have series one behind another: no run of its own then.
    if (!ends.empty() && refs.back() < list[0]) {
      ends.pop_back();
    }
    list.append_to(refs);
    ends.push_back(refs.size());
  }
  merge_runs(refs, std::move(ends));
  return refs;
}

std::vector<SeriesRef> select_postings(const Selector& selector, PostingsSource& source) {
  std::vector<PostingsView> single;
  std::vector<const Matcher*> several;
  std::vector<const Matcher*> subtracted;
  for (const Matcher& matcher : selector) {
    if (matcher.matches_empty()) {
      subtracted.push_back(&matcher);
    } else if (matcher.listed_values().size() == 1) {
      single.push_back(source.postings(matcher.name(), matcher.listed_values()[0]));
    } else {
      several.push_back(&matcher);
    }
  }
  // The shortest list first: no other can bring anything back.
  std::ranges::sort(single, {}, &PostingsView::size);
  std::ranges::stable_sort(several, {}, [](const Matcher* matcher) { return matcher->listed_values().empty(); });
  std::optional<std::vector<SeriesRef>> kept;
  const auto done = [&kept] { return kept.has_value() && kept->empty(); };
  for (std::size_t i = 0; i < single.size() && !done(); ++i) {
    narrow(kept, std::span(single).subspan(i, 1));
  }
  for (std::size_t i = 0; i < several.size() && !done(); ++i) {
    narrow(kept, lists_of(*several[i], source));
  }
  if (!kept) {
    const PostingsView all = source.all_postings();
    narrow(kept, std::span(&all, 1));
  }
  for (std::size_t i = 0; i < subtracted.size() && !done(); ++i) {
    const std::vector<PostingsView> lists = lists_of(*subtracted[i], source);
    if (lists.size() == 1) {
      subtract_postings(*kept, lists[0]);
    } else if (!lists.empty()) {
      sieve(*kept, lists, false);
    }
  }
  return std::move(*kept);
}

std::vector<SeriesRef> select_postings(std::span<const Selector> selectors, PostingsSource& source) {
  if (selectors.empty()) {
    return select_postings(Selector(), source);
  }
  std::vector<SeriesRef> refs = select_postings(selectors[0], source);
  for (const Selector& selector : selectors.subspan(1)) {
    const std::vector<SeriesRef> more = select_postings(selector, source);
    const PostingsView both[] = {PostingsView(refs), PostingsView(more)};
    refs = unite_postings(both);
  }
  return refs;
}

}  // namespace mcore
