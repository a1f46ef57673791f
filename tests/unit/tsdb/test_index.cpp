// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "support/catch.h"
#include "support/conformance.h"
#include "support/example_block.h"
#include "support/temp_folder.h"
#include "tsdb/block_check.h"
#include "tsdb/index_reader.h"
#include "tsdb/index_writer.h"

namespace mcore {
namespace {

std::vector<SeriesRef> refs_of(PostingsView view) {
  std::vector<SeriesRef> refs;
  view.append_to(refs);
  return refs;
}

std::string labels_of(IndexReader& index, SeriesRef ref) {
  index.load();
  IndexSeries series;
  LabelBuilder builder;
  index.read_series(ref, series);
  return labels_text(index.labels(series, builder));
}

std::vector<std::string> findings(IndexReader& index) {
  std::vector<std::string> found;
  check_index(index, [&found](const Error& error) { found.push_back(error.why()); });
  return found;
}

/// What opening and one full use of an index says.
std::string why_refused(const std::string& bytes) {
  try {
    IndexReader index("b/index", bytes);
    index.load();
    for (const SeriesRef ref : refs_of(index.all_postings())) {
      (void)labels_of(index, ref);
    }
    return "read";
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kCorrupt);
    CHECK(error.where() == "b/index");
    return error.why();
  }
}

/// The example with one byte changed.
std::string with_byte(std::size_t offset, char byte) {
  std::string bytes = example_index();
  bytes[offset] = byte;
  return bytes;
}

TEST_CASE("the index of the format's example is written byte for byte, less what is obsolete", "[tsdb][index]") {
  const TempFolder temp;
  (void)write_example_block(temp / "block");
  CHECK(to_hex(read_test_file(temp / "block/index")) == to_hex(example_index()));
}

TEST_CASE("the index of the format's example is read", "[tsdb][index]") {
  const std::string bytes = example_index();
  IndexReader index("index", bytes);
  CHECK(index.version() == 2);
  CHECK(refs_of(index.all_postings()) == std::vector<SeriesRef>{5, 7, 9});
  CHECK(refs_of(index.postings(kNameLabel, "demo_requests_total")) == std::vector<SeriesRef>{5, 7});
  CHECK(refs_of(index.postings("code", "500")) == std::vector<SeriesRef>{7});
  CHECK(index.postings("code", "404").empty());
  CHECK(index.postings("nothing", "").empty());
  CHECK(index.label_names() == std::vector<std::string_view>{"__name__", "code", "method"});
  CHECK(index.label_values("code") == std::vector<std::string_view>{"200", "500"});
  CHECK(index.label_values("nothing").empty());
  CHECK(labels_of(index, 5) == R"(demo_requests_total{code="200", method="get"})");
  CHECK(labels_of(index, 9) == "temp");
  IndexSeries series;
  index.read_series(7, series);
  CHECK(series.chunks == std::vector<ChunkMeta>{{1'700'000'000'000, 1'700'000'015'000, 42}});
  std::vector<PostingsView> lists;
  index.postings_of_values(
      "code", [](std::string_view value) { return value != "200"; }, lists);
  REQUIRE(lists.size() == 1);
  CHECK(refs_of(lists[0]) == std::vector<SeriesRef>{7});
  CHECK(findings(index).empty());
}

TEST_CASE("an index that cannot be used is refused with the place", "[tsdb][index]") {
  CHECK(why_refused(example_index()) == "read");
  CHECK(why_refused("") == "end of file, want at least 57 bytes at byte 0");
  CHECK(why_refused(with_byte(0, 'x')) == "bad magic 0x78aad700, want 0xbaaad700 at byte 0");
  CHECK(why_refused(with_byte(4, 9)) == "format version 9, want 1 or 2 at byte 4");
  CHECK(why_refused(with_byte(4, 3)) == "read");  // reserved, and read as 2
  CHECK(why_refused(with_byte(0x179 + 3, 1)) == "bad checksum of the table of contents at byte 380");
  CHECK(why_refused(with_byte(0x20, 'X')) == "bad checksum 0xdf558f9c, want 0x683df788, of the symbols at byte 5");
  CHECK(why_refused(with_byte(0x120, 'X')).ends_with("of the table of postings lists at byte 276"));
  CHECK(why_refused(with_byte(0xAF, 6)).ends_with("of a postings list at byte 164"));
  CHECK(why_refused(with_byte(0x78, 6)).ends_with("of a series at byte 112"));
  std::string cut = example_index();
  cut.resize(cut.size() - 30);
  CHECK(why_refused(cut) == "bad checksum of the table of contents at byte 350");
}

TEST_CASE("each byte that is changed is found", "[tsdb][index]") {
  const std::string whole = example_index();
  for (std::size_t i = 5; i < whole.size(); ++i) {
    const std::string bytes = with_byte(i, static_cast<char>(whole[i] ^ 0x10));
    std::size_t found = 0;
    try {
      IndexReader index("index", bytes);
      found = findings(index).size();
    } catch (const Error&) {
      found = 1;
    }
    CAPTURE(i);
    CHECK(found > 0);
  }
}

TEST_CASE("a damaged series is passed over when the series are read from front to back", "[tsdb][index]") {
  const std::string bytes = with_byte(0x78, 6);
  IndexReader index("index", bytes);
  index.load();
  std::vector<std::string> damage;
  CHECK(index.scan_series([&](const Error& error) { damage.push_back(error.why()); }) == std::vector<SeriesRef>{5, 9});
  REQUIRE(damage.size() == 1);
  CHECK(damage[0].ends_with("of a series at byte 112"));
}

TEST_CASE("a table of postings lists out of order is refused, not searched in vain", "[tsdb][index]") {
  std::string bytes = example_index();
  const std::size_t table = 0x114;
  const std::size_t value = bytes.find("500", table);
  bytes[value] = '1';  // "100" behind "200"
  const std::size_t body = table + 4;
  store_be32(bytes.data() + body + 0x60, crc32c(std::string_view(bytes).substr(body, 0x60)));
  CHECK(why_refused(bytes) == "the table of postings lists is not sorted at byte 350");
}

/// Label sets with everything that is hard: shared prefixes, long values, missing labels, bytes above 127.
std::vector<LabelSet> random_label_sets(std::size_t count) {
  std::mt19937 random(3);
  const auto word = [&random](std::size_t most) {
    std::string text;
    for (std::size_t size = 1 + random() % most; text.size() < size;) {
      text.push_back("abcABC_.\xc3\xa4\x01"[random() % 11]);
    }
    return text;
  };
  const auto less = [](const LabelSet& a, const LabelSet& b) { return a.view() < b.view(); };
  std::set<LabelSet, decltype(less)> sets(less);
  while (sets.size() < count) {
    std::map<std::string, std::string> labels;
    for (std::size_t i = 1 + random() % 6; i > 0; --i) {
      labels[word(2)] = random() % 50 == 0 ? word(400) : word(4);
    }
    LabelBuilder builder;
    for (const auto& [name, value] : labels) {
      builder.add(name, value);
    }
    sets.insert(LabelSet(builder.build()));
  }
  return {sets.begin(), sets.end()};
}

TEST_CASE("what is written is read: any label sets, any chunks", "[tsdb][index]") {
  // The longer one fills more than the megabyte that waits in memory.
  for (const std::size_t count : {std::size_t{1}, std::size_t{5'000}, std::size_t{40'000}}) {
    const TempFolder temp;
    const std::vector<LabelSet> sets = random_label_sets(count);
    std::mt19937_64 random(5);
    std::vector<std::vector<ChunkMeta>> chunks(sets.size());
    std::uint64_t ref = 0;
    IndexWriter writer(temp / "index", NewFileOwner(), false);
    for (std::size_t i = 0; i < sets.size(); ++i) {
      std::int64_t t = static_cast<std::int64_t>(random() % 1'000'000) - 500'000;
      for (std::size_t left = 1 + random() % 5; left > 0; --left) {
        const std::int64_t end = t + static_cast<std::int64_t>(random() % 1000);
        ref += 1 + random() % 1'000'000'000;
        chunks[i].push_back({t, end, ref});
        t = end + 1 + static_cast<std::int64_t>(random() % 1000);
      }
      writer.add_series(sets[i].view(), chunks[i]);
    }
    writer.finish();
    IndexReader index(temp / "index");
    CHECK(findings(index).empty());
    const std::vector<SeriesRef> refs = refs_of(index.all_postings());
    REQUIRE(refs.size() == sets.size());
    IndexSeries series;
    LabelBuilder builder;
    std::map<std::pair<std::string, std::string>, std::vector<SeriesRef>> want;
    for (std::size_t i = 0; i < sets.size(); ++i) {
      index.read_series(refs[i], series);
      if (index.labels(series, builder) != sets[i].view() || series.chunks != chunks[i]) {
        FAIL("series " << i << " differs");
      }
      const std::size_t other = random() % sets.size();
      if (index.compare(refs[i], sets[other].view()) != (i <=> other)) {
        FAIL("series " << i << " does not compare with " << other);
      }
      for (const Label& label : sets[i].view()) {
        want[{std::string(label.name), std::string(label.value)}].push_back(refs[i]);
      }
    }
    std::size_t lists = 0;
    for (const std::string_view name : index.label_names()) {
      lists += index.label_values(name).size();
    }
    CHECK(lists == want.size());
    for (const auto& [pair, list] : want) {
      if (refs_of(index.postings(pair.first, pair.second)) != list) {
        FAIL("list of " << pair.first << "=" << pair.second << " differs");
      }
    }
  }
}

TEST_CASE("series and chunks out of order are not written", "[tsdb][index]") {
  struct Case {
    const char* name;
    LabelSet labels;
    std::vector<ChunkMeta> chunks;
  };
  const Case cases[] = {
      {"series before the last", label_set({{"a", "0"}}), {{5, 6, 100}}},
      {"series like the last", label_set({{"a", "1"}}), {{5, 6, 100}}},
      {"no label", LabelSet(), {{5, 6, 100}}},
      {"no chunk", label_set({{"a", "2"}}), {}},
      {"chunk that ends before it begins", label_set({{"a", "2"}}), {{6, 5, 100}}},
      {"overlapping chunks", label_set({{"a", "2"}}), {{5, 6, 100}, {6, 7, 200}}},
      {"chunks out of order in the file", label_set({{"a", "2"}}), {{5, 6, 200}, {7, 8, 100}}},
      {"chunk before that of the last series", label_set({{"a", "2"}}), {{5, 6, 10}}},
      {"a label twice", label_set({{"a", "2"}, {"a", "3"}}), {{5, 6, 100}}},
  };
  const TempFolder temp;
  for (const Case& c : cases) {
    IndexWriter writer(temp / "index", NewFileOwner(), false);
    const ChunkMeta chunk{1, 2, 50};
    writer.add_series(label_set({{"a", "1"}}).view(), {&chunk, 1});
    CAPTURE(c.name);
    CHECK_THROWS_AS(writer.add_series(c.labels.view(), c.chunks), Error);
  }
}

TEST_CASE("an index of version 1 is read", "[tsdb][index][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no conformance data");
    return;
  }
  IndexReader index((*folder / "tsdb/index-v1/data/01DXXFZDYD1MQW6079WK0K6EDQ/index").string());
  CHECK(index.version() == 1);
  CHECK(findings(index).empty());
  CHECK(index.label_names() == std::vector<std::string_view>{"bar", "foo"});
  CHECK(index.label_values("bar").size() == 100);
  CHECK(refs_of(index.all_postings()).size() == 102);
  const std::vector<SeriesRef> found = refs_of(index.postings("bar", "42"));
  REQUIRE(found.size() == 1);
  CHECK(labels_of(index, found[0]) == R"({bar="42"})");
}

}  // namespace
}  // namespace mcore
