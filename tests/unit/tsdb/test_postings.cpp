// SPDX-License-Identifier: Apache-2.0
#include "tsdb/postings.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>

#include "support/catch.h"
#include "support/example_block.h"

namespace mcore {
namespace {

using Refs = std::vector<SeriesRef>;

std::string big_endian(const Refs& refs) {
  std::string bytes;
  for (const SeriesRef ref : refs) {
    append_be32(bytes, ref);
  }
  return bytes;
}

Refs some_refs(std::mt19937& random, std::size_t most, SeriesRef limit) {
  std::set<SeriesRef> refs;
  const std::size_t count = random() % (most + 1);
  while (refs.size() < count) {
    refs.insert(static_cast<SeriesRef>(random() % limit));
  }
  return {refs.begin(), refs.end()};
}

TEST_CASE("a list reads the same from memory and from a file", "[tsdb][postings]") {
  const Refs refs = {1, 2, 0x0102'0304, 0xFFFF'FFFF};
  const std::string bytes = big_endian(refs);
  const PostingsView file = PostingsView::big_endian(bytes.data(), 4);
  const PostingsView memory{std::span(refs)};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(file[i] == refs[i]);
    CHECK(memory[i] == refs[i]);
  }
}

TEST_CASE("intersection, difference and union are those of sets, whatever the lengths", "[tsdb][postings]") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const Refs a = some_refs(random, round % 3 == 0 ? 400 : 10, 500);
    const Refs b = some_refs(random, round % 2 == 0 ? 400 : 5, 500);
    const std::string bytes = big_endian(b);
    const PostingsView view = PostingsView::big_endian(bytes.data(), b.size());
    Refs want;
    std::ranges::set_intersection(a, b, std::back_inserter(want));
    Refs got = a;
    intersect_postings(got, view);
    CHECK(got == want);
    want.clear();
    std::ranges::set_difference(a, b, std::back_inserter(want));
    got = a;
    subtract_postings(got, view);
    CHECK(got == want);
    want.clear();
    std::ranges::set_union(a, b, std::back_inserter(want));
    const PostingsView both[] = {PostingsView(std::span(a)), view};
    CHECK(unite_postings(both) == want);
  }
}

TEST_CASE("many lists unite into one, each reference once", "[tsdb][postings]") {
  std::mt19937 random(11);
  for (std::size_t count = 0; count < 40; ++count) {
    std::vector<Refs> lists(count);
    std::set<SeriesRef> want;
    for (Refs& list : lists) {
      list = some_refs(random, 20, 300);
      want.insert(list.begin(), list.end());
    }
    const std::vector<PostingsView> views(lists.begin(), lists.end());
    CHECK(unite_postings(views) == Refs(want.begin(), want.end()));
  }
  const Refs first = {1, 2};
  const Refs second = {3};
  const Refs overlapping = {3, 4};
  const PostingsView in_order[] = {PostingsView(std::span(first)), PostingsView(std::span(second)),
                                   PostingsView(std::span(overlapping))};
  CHECK(unite_postings(in_order) == Refs{1, 2, 3, 4});
}

/// An index in memory: series by reference.
class MapSource final : public PostingsSource {
 public:
  explicit MapSource(const std::vector<LabelSet>& series) {
    for (SeriesRef ref = 0; ref < series.size(); ++ref) {
      all_.push_back(ref);
      for (const Label& label : series[ref].view()) {
        lists_[std::string(label.name)][std::string(label.value)].push_back(ref);
      }
    }
  }
  PostingsView all_postings() override { return PostingsView(std::span(all_)); }
  PostingsView postings(std::string_view name, std::string_view value) override {
    const auto& values = lists_[std::string(name)];
    const auto found = values.find(std::string(value));
    return found == values.end() ? PostingsView() : PostingsView(std::span(found->second));
  }
  void postings_of_values(std::string_view name, const std::function<bool(std::string_view)>& wanted,
                          std::vector<PostingsView>& out) override {
    for (const auto& [value, refs] : lists_[std::string(name)]) {
      ++asked;
      if (wanted(value)) {
        out.emplace_back(std::span(refs));
      }
    }
  }
  int asked = 0;

 private:
  Refs all_;
  std::map<std::string, std::map<std::string, Refs>> lists_;
};

Matcher matcher(MatchType type, std::string name, std::string value) {
  return Matcher::make(type, std::move(name), std::move(value)).value_or_throw();
}

TEST_CASE("a selector selects by postings what it selects label by label", "[tsdb][postings]") {
  const std::vector<LabelSet> series = {
      label_set({{"a", "1"}}),
      label_set({{"a", "1"}, {"b", "x"}}),
      label_set({{"a", "2"}, {"b", "xy"}}),
      label_set({{"a", "2"}, {"c", "z"}}),
      label_set({{"b", "y"}}),
  };
  const MatchType types[] = {MatchType::kEqual, MatchType::kNotEqual, MatchType::kRegexp, MatchType::kNotRegexp};
  std::vector<Matcher> matchers;
  for (const MatchType type : types) {
    for (const std::string name : {"a", "b", "missing"}) {
      for (const std::string value : {"", "1", "x", "x|y", "x.*", ".*", ".+", "1|", "[12]"}) {
        matchers.push_back(matcher(type, name, value));
      }
    }
  }
  MapSource source(series);
  const auto check = [&](const Selector& selector) {
    Refs want;
    for (SeriesRef ref = 0; ref < series.size(); ++ref) {
      if (matches_all(selector, series[ref].view())) {
        want.push_back(ref);
      }
    }
    std::string text;
    for (const Matcher& m : selector) {
      text += m.text() + " ";
    }
    CAPTURE(text);
    CHECK(select_postings(selector, source) == want);
  };
  check({});
  for (const Matcher& one : matchers) {
    check({one});
    for (const Matcher& two : matchers) {
      check({one, two});
    }
  }
}

TEST_CASE("several selectors unite, none selects all", "[tsdb][postings]") {
  const std::vector<LabelSet> series = {label_set({{"a", "1"}}), label_set({{"a", "2"}}), label_set({{"a", "3"}})};
  MapSource source(series);
  const std::vector<Selector> selectors = {{matcher(MatchType::kEqual, "a", "3")},
                                           {matcher(MatchType::kRegexp, "a", "[13]")}};
  CHECK(select_postings(selectors, source) == Refs{0, 2});
  CHECK(select_postings(std::span<const Selector>(), source) == Refs{0, 1, 2});
}

TEST_CASE("plain words are looked up, no value is tested for them", "[tsdb][postings]") {
  const std::vector<LabelSet> series = {label_set({{"a", "1"}}), label_set({{"a", "2"}}), label_set({{"a", "3"}})};
  MapSource source(series);
  CHECK(select_postings(Selector{matcher(MatchType::kRegexp, "a", "1|3|9")}, source) == Refs{0, 2});
  CHECK(select_postings(Selector{matcher(MatchType::kNotEqual, "a", "1")}, source) == Refs{1, 2});
  CHECK(source.asked == 0);
  CHECK(select_postings(Selector{matcher(MatchType::kRegexp, "a", ".*[13]")}, source) == Refs{0, 2});
  CHECK(source.asked == 3);
}

}  // namespace
}  // namespace mcore
