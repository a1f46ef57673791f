// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_index.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "base/hash.h"

namespace mcore {
namespace {

constexpr std::uint32_t kRebuiltAtMost = 8 * kIndexTail;  // what one batch may pay for joining segments
constexpr std::size_t kAlignment = 16;

std::string_view text_at(const HeadFiles& files, std::uint64_t place) {
  return files.text_at(place);
}

/// One segment as it lies in the arena. What it names is looked at when it is used.
class SegmentView {
 public:
  SegmentView(const HeadFiles& files, const HeadCommit& commit, std::uint64_t offset) : files_(files) {
    std::uint64_t at = offset;
    head = take<IndexSegment>(at, 1);
    if (head->first_id > head->end_id || head->end_id > commit.series_count) {
      files_.fail_damaged("a segment of the index is over series that are not there");
    }
    names = {take<IndexName>(at, head->name_count), head->name_count};
    pairs = {take<IndexPair>(at, head->pair_count), head->pair_count};
    const std::size_t most_ids = (files_.index.size() - at) / sizeof(std::uint32_t);
    ids_ = {take<std::uint32_t>(at, most_ids), most_ids};
  }
  /// Adds the ids of the series that have a pair.
  void add_ids(const IndexPair& pair, std::vector<std::uint32_t>& out) const {
    if (pair.first_id > ids_.size() || pair.id_count > ids_.size() - pair.first_id) {
      files_.fail_damaged("ids of series lie behind the end of the index");
    }
    const auto ids = ids_.subspan(pair.first_id, pair.id_count);
    if (!std::ranges::all_of(ids, [&](std::uint32_t id) { return id < head->end_id; })) {
      files_.fail_damaged("the index has series that are not there");
    }
    out.insert(out.end(), ids.begin(), ids.end());
  }
  [[nodiscard]] std::span<const IndexPair> pairs_of(std::string_view name) const {
    const auto found =
        std::ranges::lower_bound(names, name, {}, [&](const IndexName& n) { return text_at(files_, n.name); });
    if (found == names.end() || text_at(files_, found->name) != name) {
      return {};
    }
    if (found->first_pair > pairs.size() || found->pair_count > pairs.size() - found->first_pair) {
      files_.fail_damaged("values lie behind the end of their segment of the index");
    }
    return pairs.subspan(found->first_pair, found->pair_count);
  }

  const IndexSegment* head;
  std::span<const IndexName> names;
  std::span<const IndexPair> pairs;

 private:
  template <typename T>
  [[nodiscard]] const T* take(std::uint64_t& at, std::size_t count) const {
    const std::size_t size = files_.index.size();
    if (at % alignof(T) != 0 || at > size || count > (size - at) / sizeof(T)) {
      files_.fail_damaged("a segment of the index lies behind its end");
    }
    const auto* const first = reinterpret_cast<const T*>(files_.index.data() + at);
    at += count * sizeof(T);
    return first;
  }

  const HeadFiles& files_;
  std::span<const std::uint32_t> ids_;  // to the end of the file
};

std::span<const std::uint64_t> segment_offsets(const HeadFiles& files, const HeadCommit& commit) noexcept {
  return {reinterpret_cast<const std::uint64_t*>(files.index.data() + commit.segment_list), commit.segment_count};
}

// --- Building
// ---------------------------------------------------------------------------------------------------------

/// Gathers the label pairs of a run of series: which there are, and which series has which.
class PairCollector {
 public:
  struct Pair {
    std::uint64_t name = 0;  // places as IndexPair has them
    std::uint64_t value = 0;
    std::uint64_t hash = 0;
    std::uint32_t name_number = 0;
    std::uint32_t count = 0;
  };

  PairCollector(const HeadFiles& files, std::uint32_t first, std::uint32_t end) : files_(files), slots_(1024) {
    for (std::uint32_t id = first; id < end; ++id) {
      add(id);
    }
  }

  std::vector<Pair> pairs;
  std::vector<std::uint64_t> names;          // places, in order of first use
  std::vector<std::uint32_t> pair_of_label;  // series by series
  std::vector<std::uint32_t> labels_before;  // position of a series' first label in pair_of_label

 private:
  void add(std::uint32_t id) {
    labels_before.push_back(static_cast<std::uint32_t>(pair_of_label.size()));
    std::size_t position = 0;
    for (const Label& label : files_.labels_of(id)) {
      // The series of one exporter share most of their labels with the series before.
      if (position == last_.size()) {
        last_.push_back(UINT32_MAX);
      }
      std::uint32_t& last = last_[position++];
      if (last == UINT32_MAX || text_at(files_, pairs[last].value) != label.value ||
          text_at(files_, pairs[last].name) != label.name) {
        last = intern(label);
      }
      ++pairs[last].count;
      pair_of_label.push_back(last);
    }
  }

  [[nodiscard]] std::uint64_t place(std::string_view text) const noexcept {
    return (static_cast<std::uint64_t>(text.data() - files_.labels.data()) << 24U) | text.size();
  }

  std::uint32_t number_of_name(std::string_view name) {
    const auto [at, is_new] = number_of_name_.try_emplace(name, static_cast<std::uint32_t>(names.size()));
    if (is_new) {
      names.push_back(place(name));
    }
    return at->second;
  }

  std::uint32_t intern(const Label& label) {
    const std::uint64_t value_hash = hash_bytes(label.value);
    const std::uint64_t hash = value_hash ^ (hash_bytes(label.name) * 31);
    for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      const std::uint32_t slot = slots_[at];
      if (slot == 0) {
        pairs.push_back({place(label.name), place(label.value), value_hash, number_of_name(label.name), 0});
        slots_[at] = static_cast<std::uint32_t>(pairs.size());
        if (pairs.size() * 2 > slots_.size()) {
          rehash();
        }
        return static_cast<std::uint32_t>(pairs.size() - 1);
      }
      const Pair& pair = pairs[slot - 1];
      if (pair.hash == value_hash && text_at(files_, pair.value) == label.value &&
          text_at(files_, pair.name) == label.name) {
        return slot - 1;
      }
    }
  }

  void rehash() {
    slots_.assign(slots_.size() * 2, 0);
    for (std::uint32_t i = 0; i < pairs.size(); ++i) {
      const std::uint64_t hash = pairs[i].hash ^ (hash_bytes(text_at(files_, pairs[i].name)) * 31);
      std::size_t at = hash & (slots_.size() - 1);
      while (slots_[at] != 0) {
        at = (at + 1) & (slots_.size() - 1);
      }
      slots_[at] = i + 1;
    }
  }

  const HeadFiles& files_;
  std::vector<std::uint32_t> slots_;
  std::vector<std::uint32_t> last_;
  std::unordered_map<std::string_view, std::uint32_t> number_of_name_;
};

template <typename T>
void put(char*& out, const T& value) noexcept {
  std::memcpy(out, &value, sizeof value);
  out += sizeof value;
}

/// Writes the segment of a run of series behind the commit's end of the index and returns its offset.
std::uint64_t build_segment(HeadFiles& files, HeadCommit& commit, std::uint32_t first, std::uint32_t end) {
  PairCollector collected(files, first, end);
  auto& pairs = collected.pairs;

  std::vector<std::uint32_t> name_order(collected.names.size());
  std::iota(name_order.begin(), name_order.end(), 0U);
  std::ranges::sort(name_order, {}, [&](std::uint32_t i) { return text_at(files, collected.names[i]); });
  std::vector<std::uint32_t> name_rank(name_order.size());
  for (std::uint32_t rank = 0; rank < name_order.size(); ++rank) {
    name_rank[name_order[rank]] = rank;
  }
  std::vector<std::uint32_t> order(pairs.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const std::uint32_t left = name_rank[pairs[a].name_number];
    const std::uint32_t right = name_rank[pairs[b].name_number];
    return left != right ? left < right : pairs[a].hash < pairs[b].hash;
  });

  const std::uint64_t offset = (commit.index_end + kAlignment - 1) / kAlignment * kAlignment;
  const std::size_t size = sizeof(IndexSegment) + name_order.size() * sizeof(IndexName) +
                           pairs.size() * sizeof(IndexPair) + collected.pair_of_label.size() * sizeof(std::uint32_t);
  files.index.reserve(offset + size);
  char* out = files.index.data() + offset;
  put(out, IndexSegment{first, end, static_cast<std::uint32_t>(name_order.size()),
                        static_cast<std::uint32_t>(pairs.size())});
  std::uint32_t at = 0;
  for (const std::uint32_t number : name_order) {
    const std::uint32_t begin = at;
    while (at < order.size() && pairs[order[at]].name_number == number) {
      ++at;
    }
    put(out, IndexName{collected.names[number], begin, at - begin});
  }
  std::vector<std::uint32_t> next_place(pairs.size());
  std::uint32_t ids_before = 0;
  for (const std::uint32_t i : order) {
    put(out, IndexPair{pairs[i].hash, pairs[i].value, ids_before, pairs[i].count});
    next_place[i] = ids_before;
    ids_before += pairs[i].count;
  }
  auto* const ids = reinterpret_cast<std::uint32_t*>(out);
  std::size_t label = 0;
  for (std::uint32_t id = first; id < end; ++id) {
    const std::size_t behind = id + 1 < end ? collected.labels_before[id + 1 - first] : collected.pair_of_label.size();
    for (; label < behind; ++label) {
      ids[next_place[collected.pair_of_label[label]]++] = id;
    }
  }
  commit.index_end = offset + size;
  return offset;
}

// --- Selecting
// --------------------------------------------------------------------------------------------------------

using Ids = std::vector<std::uint32_t>;

/// Ids of the series whose label has one of the listed values.
Ids listed_ids(const HeadFiles& files, const SegmentView& segment, const Matcher& matcher) {
  Ids ids;
  const auto pairs = segment.pairs_of(matcher.name());
  for (const std::string& value : matcher.listed_values()) {
    const std::uint64_t hash = hash_bytes(value);
    for (auto it = std::ranges::lower_bound(pairs, hash, {}, &IndexPair::hash); it != pairs.end() && it->hash == hash;
         ++it) {
      if (text_at(files, it->value) == value) {
        segment.add_ids(*it, ids);
      }
    }
  }
  if (matcher.listed_values().size() > 1) {
    std::ranges::sort(ids);
  }
  return ids;
}

/// Ids of the series whose label has a value that matches (or, for `matching` false, one that does not).
Ids tested_ids(const HeadFiles& files, const SegmentView& segment, const Matcher& matcher, bool matching) {
  Ids ids;
  for (const IndexPair& pair : segment.pairs_of(matcher.name())) {
    if (matcher.matches(text_at(files, pair.value)) == matching) {
      segment.add_ids(pair, ids);
    }
  }
  std::ranges::sort(ids);
  return ids;
}

Ids select_in_segment(const HeadFiles& files, const SegmentView& segment, const Selector& selector) {
  std::optional<Ids> ids;
  const auto narrow = [&](Ids more) {
    if (ids.has_value()) {
      Ids both;
      std::ranges::set_intersection(*ids, more, std::back_inserter(both));
      more = std::move(both);
    }
    ids = std::move(more);
  };
  // Looked-up values first: they leave the least to test.
  for (const Matcher& matcher : selector) {
    if (!matcher.matches_empty() && !matcher.listed_values().empty()) {
      narrow(listed_ids(files, segment, matcher));
    }
  }
  constexpr std::size_t kFewEnoughToTest = 4096;
  for (const Matcher& matcher : selector) {
    if (ids.has_value() && ids->size() <= kFewEnoughToTest) {
      break;
    }
    if (!matcher.matches_empty() && matcher.listed_values().empty()) {
      narrow(tested_ids(files, segment, matcher, true));
    } else if (matcher.matches_empty()) {
      if (!ids.has_value()) {
        ids.emplace(segment.head->end_id - segment.head->first_id);
        std::iota(ids->begin(), ids->end(), segment.head->first_id);
      }
      const Ids without = tested_ids(files, segment, matcher, false);
      Ids rest;
      std::ranges::set_difference(*ids, without, std::back_inserter(rest));
      ids = std::move(rest);
    }
  }
  if (!ids.has_value()) {
    ids.emplace(segment.head->end_id - segment.head->first_id);
    std::iota(ids->begin(), ids->end(), segment.head->first_id);
  }
  if (ids->size() <= kFewEnoughToTest) {
    std::erase_if(*ids, [&](std::uint32_t id) { return !matches_all(selector, files.labels_of(id)); });
  }
  return std::move(*ids);
}

void sort_unique(std::vector<std::string>& words) {
  std::ranges::sort(words);
  const auto rest = std::ranges::unique(words);
  words.erase(rest.begin(), rest.end());
}

}  // namespace

void extend_index(HeadFiles& files, HeadCommit& commit, bool all) {
  const std::uint32_t tail = commit.series_count - commit.indexed_series;
  if (tail == 0 || (!all && tail < kIndexTail)) {
    return;
  }
  const auto known = segment_offsets(files, commit);
  std::vector<std::uint64_t> offsets(known.begin(), known.end());
  std::uint32_t first = commit.indexed_series;
  // Like the digits of a counter: a segment joins its neighbour when both are of a size.
  while (!offsets.empty()) {
    const SegmentView last(files, commit, offsets.back());
    const std::uint32_t size = last.head->end_id - last.head->first_id;
    if (size > commit.series_count - first || commit.series_count - last.head->first_id > kRebuiltAtMost) {
      break;
    }
    first = last.head->first_id;
    offsets.pop_back();
  }
  offsets.push_back(build_segment(files, commit, first, commit.series_count));
  const std::uint64_t list = (commit.index_end + kAlignment - 1) / kAlignment * kAlignment;
  files.index.reserve(list + offsets.size() * sizeof(std::uint64_t));
  std::memcpy(files.index.data() + list, offsets.data(), offsets.size() * sizeof(std::uint64_t));
  commit.segment_list = list;
  commit.segment_count = static_cast<std::uint32_t>(offsets.size());
  commit.indexed_series = commit.series_count;
  commit.index_end = list + offsets.size() * sizeof(std::uint64_t);
}

std::vector<std::uint32_t> select_ids(const HeadFiles& files, const HeadCommit& commit, const Selector& selector) {
  Ids ids;
  for (const std::uint64_t offset : segment_offsets(files, commit)) {
    const Ids more = select_in_segment(files, SegmentView(files, commit, offset), selector);
    ids.insert(ids.end(), more.begin(), more.end());
  }
  for (std::uint32_t id = commit.indexed_series; id < commit.series_count; ++id) {
    if (matches_all(selector, files.labels_of(id))) {
      ids.push_back(id);
    }
  }
  return ids;
}

std::vector<std::string> index_label_names(const HeadFiles& files, const HeadCommit& commit) {
  std::vector<std::string> names;
  for (const std::uint64_t offset : segment_offsets(files, commit)) {
    for (const IndexName& name : SegmentView(files, commit, offset).names) {
      names.emplace_back(text_at(files, name.name));
    }
  }
  for (std::uint32_t id = commit.indexed_series; id < commit.series_count; ++id) {
    for (const Label& label : files.labels_of(id)) {
      names.emplace_back(label.name);
    }
  }
  sort_unique(names);
  return names;
}

std::vector<std::string> index_label_values(const HeadFiles& files, const HeadCommit& commit, std::string_view name) {
  std::vector<std::string> values;
  for (const std::uint64_t offset : segment_offsets(files, commit)) {
    for (const IndexPair& pair : SegmentView(files, commit, offset).pairs_of(name)) {
      values.emplace_back(text_at(files, pair.value));
    }
  }
  for (std::uint32_t id = commit.indexed_series; id < commit.series_count; ++id) {
    const std::string_view value = files.labels_of(id).get(name);
    if (!value.empty()) {
      values.emplace_back(value);
    }
  }
  sort_unique(values);
  return values;
}

}  // namespace mcore
