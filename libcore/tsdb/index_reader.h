// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "model/labels.h"
#include "storage/querier.h"
#include "tsdb/index_layout.h"
#include "tsdb/postings.h"

namespace mcore {

/// One series entry as it lies in an index, with its symbols not yet looked up. Made once and reused.
struct IndexSeries {
  std::vector<std::uint32_t> symbols{};  // name, value, name, value...
  std::vector<ChunkMeta> chunks{};       // ascending, never overlapping
};

/// Reads a block's index in place.
///
/// Shape:    versions 1 and 2, 3 as 2 (tsdb-format 2.3). A series reference is the one that postings hold.
/// Lifetime: owns the mapping, or borrows the bytes it was made of; views of strings and lists live as long as those.
/// Errors:   throws Error (kCorrupt) with file and byte. Each checksum is verified when its part is read: the
///           contents at opening, symbols and the table of postings lists at their first use, lists and series each
///           time.
/// Threads:  one at a time; after load() any number for everything that is const.
/// Cost:     opening touches both ends of the file. The first use of the symbols and of the table walks each once (some
///           nanoseconds per entry) and remembers every eighth, or 32nd, place; nothing else is copied.
class IndexReader final : public PostingsSource {
 public:
  /// Opens the file at `path`; throws Error (kIo) too. `as_version` other than 0 overrules the header's version byte.
  explicit IndexReader(const std::string& path, int as_version = 0);
  /// Reads bytes; `path` is for messages.
  IndexReader(std::string path, std::string_view bytes);

  /// Does what the first use of symbols and table would do.
  void load();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
  [[nodiscard]] int version() const noexcept { return version_; }
  [[nodiscard]] const IndexToc& toc() const noexcept { return toc_; }

  PostingsView all_postings() override;
  PostingsView postings(std::string_view name, std::string_view value) override;
  void postings_of_values(std::string_view name, const std::function<bool(std::string_view)>& wanted,
                          std::vector<PostingsView>& out) override;

  /// All label names, and all values of one, sorted.
  [[nodiscard]] std::vector<std::string_view> label_names();
  [[nodiscard]] std::vector<std::string_view> label_values(std::string_view name);
  /// Calls `take` with each value of a name, sorted, and the number that reads its list: postings_at().
  void for_each_value(std::string_view name, const std::function<void(std::string_view, std::uint64_t)>& take);
  [[nodiscard]] PostingsView postings_at(std::uint64_t offset) const;

  /// Reads the entry of a series. Requires: load() or an earlier use, for labels().
  void read_series(SeriesRef ref, IndexSeries& out) const;
  /// The labels of an entry; the view lives until the next use of `builder`.
  [[nodiscard]] LabelsView labels(const IndexSeries& series, LabelBuilder& builder) const;
  /// How the labels of a series compare with others, without reading more of the entry than it takes. Requires: load().
  [[nodiscard]] std::strong_ordering compare(SeriesRef ref, LabelsView labels) const;
  /// The string of a symbol reference: an index, in version 1 an offset in the file.
  [[nodiscard]] std::string_view symbol(std::uint32_t ref) const;
  [[nodiscard]] std::uint32_t symbol_count() const noexcept { return symbol_count_; }

  /// The references of all intact series entries in the order of the file, found without any postings list. Each
  /// stretch without one is reported. Requires: load().
  [[nodiscard]] std::vector<SeriesRef> scan_series(const DamageReport& report) const;

  /// The body of a section that begins with its length at `offset`, checksum verified; `what` names it in an Error.
  [[nodiscard]] std::string_view section(std::uint64_t offset, std::string_view what) const;
  [[noreturn]] void fail(std::uint64_t offset, std::string_view why) const;

 private:
  /// The lists of one label name in the table.
  struct Name {
    std::string_view name;
    std::size_t first_place = 0;  // in places_
    std::size_t values = 0;
  };
  struct TableEntry;

  void open(int as_version);
  void load_symbols();
  void load_table();
  void add_entry(const TableEntry& entry, std::size_t place);
  void sort_table(std::vector<TableEntry>& entries);
  [[nodiscard]] const Name* find_name(std::string_view name);
  /// Calls `take(entry)` for the entries of a name from place number `from` on, until it returns false.
  template <typename Take>
  void walk(const Name& name, std::size_t from, Take take) const;
  [[nodiscard]] bool may_be_series(std::string_view body) const noexcept;
  [[nodiscard]] std::uint64_t offset_of(SeriesRef ref) const noexcept;
  [[nodiscard]] std::string_view series_body(std::uint64_t offset, std::uint64_t& end) const;

  MappedFile file_;
  std::string path_;
  std::string_view bytes_;
  int version_ = 2;
  IndexToc toc_;

  bool has_symbols_ = false;
  std::string_view symbols_;  // behind the count
  std::uint32_t symbol_count_ = 0;
  std::vector<std::uint32_t> symbol_marks_;  // where every eighth symbol is, in symbols_

  bool has_table_ = false;
  std::string_view table_;             // behind the count
  std::vector<Name> names_;            // sorted
  std::vector<std::uint32_t> places_;  // where every 32nd entry of each name is, in table_; version 1: every entry
  bool has_all_ = false;
  PostingsView all_;
};

}  // namespace mcore
