// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "tsdb/block_check.h"

namespace mcore {
namespace {

/// How often a label pair was met and with which series, in 16 bytes: the sum of the hashes of their references.
struct Tally {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  void add(SeriesRef ref) noexcept {
    ++count;
    sum += hash_bytes({reinterpret_cast<const char*>(&ref), sizeof ref});
  }
  [[nodiscard]] bool operator==(const Tally&) const = default;
};

class IndexCheck {
 public:
  IndexCheck(IndexReader& index, const DamageReport& report) : index_(index), report_(report) {}

  void symbols() {
    std::string_view last;
    ByteReader in(index_.section(index_.toc().symbols, "the symbols"));
    const std::uint32_t count = in.be32();
    for (std::uint32_t i = 0; i < count; ++i) {
      const char* const at = in.at();
      const std::string_view symbol = in.ustr();
      if (!in.ok()) {
        find(offset_of(at), "fewer symbols than promised");
        return;
      }
      if (i > 0 && symbol <= last) {
        find(offset_of(at), "a symbol out of order");
      }
      last = symbol;
    }
    if (in.left() > 0) {
      find(offset_of(in.at()), "more bytes than symbols");
    }
  }

  void series(const CheckedSeries& each) {
    const std::uint64_t unit = index_.version() == 1 ? 1 : kSeriesAlignment;
    IndexSeries series;
    LabelBuilder builder;
    std::string last_labels;
    std::uint64_t expected = index_.toc().series;
    for (const SeriesRef ref : index_.scan_series(report_)) {
      const std::uint64_t at = ref * unit;
      try {
        index_.read_series(ref, series);
        const LabelsView labels = index_.labels(series, builder);
        check_labels(at, series);
        check_chunks(at, series);
        if (!last_labels.empty() && LabelsView(last_labels) >= labels) {
          find(at, "a series out of order");
        }
        last_labels = labels.bytes();
        for (std::size_t i = 0; i < series.symbols.size(); i += 2) {
          // From the file, where names outlive this series.
          pairs_[{index_.symbol(series.symbols[i]), index_.symbol(series.symbols[i + 1])}].add(ref);
        }
        all_.add(ref);
        if (each) {
          each(ref, labels, series);
        }
      } catch (const Error& error) {
        report_(error);
      }
      check_gap(expected, at);
      expected = at;
      skip_entry(expected);
    }
    check_gap(expected, index_.toc().series_end);
  }

  void postings() {
    const IndexToc& toc = index_.toc();
    std::uint64_t expected = aligned(toc.postings, kPostingsAlignment);
    std::map<Pair, Tally> wanted;
    wanted.swap(pairs_);
    wanted[{"", ""}] = all_;
    const auto check = [&](std::string_view name, std::string_view value, std::uint64_t at) {
      const auto known = wanted.find({name, value});
      check_list(name, value, at, known == wanted.end() ? Tally() : known->second);
      if (known != wanted.end()) {
        wanted.erase(known);
      }
      if (index_.version() == 1) {
        return;  // in no order there
      }
      if (at != expected) {
        find(at, fmt::format("a postings list not where the one before it ends, byte {}", expected));
      }
      expected = at + section_size(at);
      check_gap(expected, aligned(expected, kPostingsAlignment));
      expected = aligned(expected, kPostingsAlignment);
    };
    // The list of all series stands under the empty name, the first of all.
    std::vector<std::string_view> names = index_.label_names();
    names.insert(names.begin(), "");
    for (const std::string_view name : names) {
      index_.for_each_value(name, [&](std::string_view value, std::uint64_t at) { check(name, value, at); });
    }
    if (index_.version() != 1) {
      check_gap(expected, toc.label_offsets < expected ? toc.postings_offsets : toc.label_offsets);
      check_gap(toc.postings_offsets + section_size(toc.postings_offsets), index_.bytes().size() - kIndexTocSize);
    }
    for (const auto& [pair, tally] : wanted) {
      find(toc.postings_offsets,
           fmt::format("no postings list for {}={}, which {} series have", pair.first, pair.second, tally.count));
    }
  }

  /// Sections that no reader uses, written by servers up to 3.6.
  void legacy() {
    const IndexToc& toc = index_.toc();
    std::uint64_t at = aligned(toc.series_end, kPostingsAlignment);
    check_gap(toc.series_end, at);
    while (at < toc.postings && check_section(at, "a label index")) {
      const std::uint64_t end = at + section_size(at);
      at = aligned(end, kPostingsAlignment);
      check_gap(end, std::min(at, toc.postings));
    }
    if (toc.label_offsets != toc.postings_offsets && toc.label_offsets != 0) {
      (void)check_section(toc.label_offsets, "the label offset table");
    }
  }

 private:
  using Pair = std::pair<std::string_view, std::string_view>;

  [[nodiscard]] std::uint64_t offset_of(const char* at) const noexcept {
    return static_cast<std::uint64_t>(at - index_.bytes().data());
  }
  void find(std::uint64_t offset, std::string_view why) const {
    report_(Error(ErrorKind::kCorrupt, "check index", index_.path(), fmt::format("{} at byte {}", why, offset)));
  }

  bool check_section(std::uint64_t at, std::string_view what) const {
    try {
      (void)index_.section(at, what);
      return true;
    } catch (const Error& error) {
      report_(error);
      return false;
    }
  }
  /// Length, body and checksum. Requires: at least four bytes behind `at`, as in front of the contents there always
  /// are.
  [[nodiscard]] std::uint64_t section_size(std::uint64_t at) const noexcept {
    const std::string_view bytes = index_.bytes();
    return at + 4 > bytes.size() ? 0 : std::uint64_t{load_be32(bytes.data() + at)} + 4 + kChecksumSize;
  }
  void check_gap(std::uint64_t from, std::uint64_t to) const {
    const std::string_view bytes = index_.bytes();
    for (std::uint64_t at = from; at < to && at < bytes.size(); ++at) {
      if (bytes[at] != 0) {
        find(at, "bytes that belong to nothing");
        return;
      }
    }
  }
  /// Moves from the start of an intact entry to its end.
  void skip_entry(std::uint64_t& at) const {
    ByteReader in(index_.bytes().substr(at));
    (void)in.bytes(in.uvarint());
    (void)in.be32();
    at = offset_of(in.at());
  }

  void check_labels(std::uint64_t at, const IndexSeries& series) const {
    std::string_view last;
    for (std::size_t i = 0; i < series.symbols.size(); i += 2) {
      const std::string_view name = index_.symbol(series.symbols[i]);
      if (name <= last || index_.symbol(series.symbols[i + 1]).empty()) {
        find(at, "labels of a series empty, twice or out of order");
        return;
      }
      last = name;
    }
    if (series.symbols.empty()) {
      find(at, "a series without a label");
    }
  }
  void check_chunks(std::uint64_t at, const IndexSeries& series) {
    if (series.chunks.empty()) {
      find(at, "a series without a chunk");
    }
    for (const ChunkMeta& chunk : series.chunks) {
      if (chunk.ref <= last_chunk_) {
        find(at, "chunk references of a series out of order");
      }
      last_chunk_ = chunk.ref;
    }
  }
  void check_list(std::string_view name, std::string_view value, std::uint64_t at, const Tally& want) const {
    try {
      const PostingsView list = index_.postings_at(at);
      Tally got;
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (i > 0 && list[i] <= list[i - 1]) {
          find(at, "a postings list out of order");
          return;
        }
        got.add(list[i]);
      }
      if (got != want) {
        find(at, fmt::format("the postings list of {}={} names {} series, and not the {} that bear it", name, value,
                             got.count, want.count));
      }
    } catch (const Error& error) {
      report_(error);
    }
  }

  IndexReader& index_;
  const DamageReport& report_;
  std::map<Pair, Tally> pairs_;
  Tally all_;
  std::uint64_t last_chunk_ = 0;
};

}  // namespace

void check_index(IndexReader& index, const DamageReport& report, const CheckedSeries& each) {
  index.load();
  IndexCheck check(index, report);
  check.symbols();
  check.series(each);
  check.legacy();
  check.postings();
}

}  // namespace mcore
