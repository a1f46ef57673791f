// SPDX-License-Identifier: Apache-2.0
#include "tsdb/index_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"

namespace mcore {
namespace {

constexpr std::size_t kSymbolStride = 8;
constexpr std::size_t kTableStride = 32;
// What a label set can hold (model/labels.h).
constexpr std::size_t kMaxLabelSize = std::size_t{1} << 24U;

}  // namespace

/// One entry of the table of postings lists.
struct IndexReader::TableEntry {
  std::string_view name;
  std::string_view value;
  std::uint64_t offset = 0;
  std::uint32_t place = 0;  // in table_

  static TableEntry read(ByteReader& in) noexcept {
    TableEntry entry;
    if (in.uvarint() != 2) {
      (void)in.bytes(in.left() + 1);  // the key always has two parts
    }
    entry.name = in.ustr();
    entry.value = in.ustr();
    entry.offset = in.uvarint();
    return entry;
  }
};

IndexReader::IndexReader(const std::string& path, int as_version)
    : file_(MappedFile::open(path)), path_(path), bytes_(file_.bytes()) {
  open(as_version);
}

IndexReader::IndexReader(std::string path, std::string_view bytes) : path_(std::move(path)), bytes_(bytes) {
  open(0);
}

void IndexReader::fail(std::uint64_t offset, std::string_view why) const {
  throw Error(ErrorKind::kCorrupt, "read index", path_, fmt::format("{} at byte {}", why, offset));
}

void IndexReader::open(int as_version) {
  if (bytes_.size() < kIndexHeaderSize + kIndexTocSize) {
    fail(bytes_.size(), fmt::format("end of file, want at least {} bytes", kIndexHeaderSize + kIndexTocSize));
  }
  ByteReader in(bytes_);
  if (const std::uint32_t magic = in.be32(); magic != kIndexMagic) {
    fail(0, fmt::format("bad magic {:#010x}, want {:#010x}", magic, kIndexMagic));
  }
  version_ = as_version != 0 ? as_version : in.u8();
  if (version_ < 1 || version_ > 3) {
    fail(4, fmt::format("format version {}, want 1 or 2", version_));
  }
  version_ = version_ == 1 ? 1 : 2;
  const std::uint64_t at = bytes_.size() - kIndexTocSize;
  ByteReader toc(bytes_.substr(at));
  for (std::uint64_t* const field :
       {&toc_.symbols, &toc_.series, &toc_.series_end, &toc_.label_offsets, &toc_.postings, &toc_.postings_offsets}) {
    *field = toc.be64();
  }
  if (crc32c(bytes_.substr(at, kIndexTocSize - kChecksumSize)) != toc.be32()) {
    fail(at, "bad checksum of the table of contents");
  }
  if (toc_.symbols < kIndexHeaderSize || toc_.series < toc_.symbols || toc_.series_end < toc_.series ||
      toc_.series_end > at) {
    fail(at, "impossible offsets in the table of contents");
  }
}

std::string_view IndexReader::section(std::uint64_t offset, std::string_view what) const {
  const std::uint64_t end = bytes_.size() - kIndexTocSize;
  if (offset < kIndexHeaderSize || offset > end) {
    fail(offset, fmt::format("{} cannot begin", what));
  }
  ByteReader in(bytes_.substr(offset, end - offset));
  const std::string_view body = in.bytes(in.be32());
  const std::uint32_t want = in.be32();
  if (!in.ok()) {
    fail(offset, fmt::format("{} runs over the end of the file", what));
  }
  if (const std::uint32_t sum = crc32c(body); sum != want) {
    fail(offset, fmt::format("bad checksum {:#010x}, want {:#010x}, of {}", sum, want, what));
  }
  return body;
}

void IndexReader::load() {
  load_symbols();
  load_table();
}

void IndexReader::load_symbols() {
  if (has_symbols_) {
    return;
  }
  const std::string_view body = section(toc_.symbols, "the symbols");
  ByteReader in(body);
  symbol_count_ = in.be32();
  const char* const begin = in.at();
  symbols_ = body.substr(body.size() - in.left());
  symbol_marks_.clear();
  for (std::uint32_t i = 0; i < symbol_count_ && version_ != 1; ++i) {
    if (i % kSymbolStride == 0) {
      symbol_marks_.push_back(static_cast<std::uint32_t>(in.at() - begin));
    }
    (void)in.ustr();
    if (!in.ok()) {
      break;
    }
  }
  if (!in.ok()) {
    fail(toc_.symbols, "fewer symbols than promised");
  }
  has_symbols_ = true;
}

std::string_view IndexReader::symbol(std::uint32_t ref) const {
  if (version_ == 1) {
    const auto first = static_cast<std::uint64_t>(symbols_.data() - bytes_.data());
    if (ref >= first && ref - first < symbols_.size()) {
      ByteReader in(symbols_.substr(ref - first));
      const std::string_view text = in.ustr();
      if (in.ok()) {
        return text;
      }
    }
    fail(ref, "a series names a symbol that is not there,");
  }
  if (ref >= symbol_count_) {
    fail(toc_.symbols, fmt::format("a series names symbol {} of {}", ref, symbol_count_));
  }
  ByteReader in(symbols_.substr(symbol_marks_[ref / kSymbolStride]));
  for (std::uint32_t i = 0; i < ref % kSymbolStride; ++i) {
    (void)in.ustr();
  }
  return in.ustr();
}

/// Takes one entry of a sorted table: a new name, or one more value of the last.
void IndexReader::add_entry(const TableEntry& entry, std::size_t stride) {
  if (names_.empty() || names_.back().name != entry.name) {
    names_.push_back({entry.name, places_.size(), 0});
  }
  if (names_.back().values++ % stride == 0) {
    places_.push_back(entry.place);
  }
}

void IndexReader::load_table() {
  if (has_table_) {
    return;
  }
  const std::string_view body = section(toc_.postings_offsets, "the table of postings lists");
  ByteReader in(body);
  const std::uint32_t count = in.be32();
  const char* const begin = in.at();
  table_ = body.substr(body.size() - in.left());
  names_.clear();
  places_.clear();
  std::vector<TableEntry> unsorted;
  TableEntry last;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto place = static_cast<std::uint32_t>(in.at() - begin);
    TableEntry entry = TableEntry::read(in);
    entry.place = place;
    if (!in.ok()) {
      fail(toc_.postings_offsets, "damaged entry, or fewer than promised, in the table of postings lists");
    }
    if (version_ == 1) {
      unsorted.push_back(entry);
      continue;
    }
    const int order = i == 0 ? -1 : last.name.compare(entry.name);
    if (order > 0 || (order == 0 && last.value >= entry.value)) {
      fail(toc_.postings_offsets + 8 + place, "the table of postings lists is not sorted");
    }
    add_entry(entry, kTableStride);
    last = entry;
  }
  if (version_ == 1) {
    sort_table(unsorted);
  }
  has_table_ = true;
}

/// A table of version 1 is in no order: remember the place of each entry, in order.
void IndexReader::sort_table(std::vector<TableEntry>& entries) {
  std::ranges::sort(entries, [](const TableEntry& a, const TableEntry& b) {
    const int order = a.name.compare(b.name);
    return order < 0 || (order == 0 && a.value < b.value);
  });
  for (const TableEntry& entry : entries) {
    add_entry(entry, 1);
  }
}

const IndexReader::Name* IndexReader::find_name(std::string_view name) {
  load_table();
  const auto found = std::ranges::lower_bound(names_, name, {}, &Name::name);
  return found == names_.end() || found->name != name ? nullptr : &*found;
}

template <typename Take>
void IndexReader::walk(const Name& name, std::size_t from, Take take) const {
  const std::size_t stride = version_ == 1 ? 1 : kTableStride;
  for (std::size_t left = name.values - from * stride, place = from; left > 0; ++place) {
    ByteReader in(table_.substr(places_[name.first_place + place]));
    for (std::size_t i = 0; i < stride && left > 0; ++i, --left) {
      if (!take(TableEntry::read(in))) {
        return;
      }
    }
  }
}

PostingsView IndexReader::postings_at(std::uint64_t offset) const {
  const std::string_view body = section(offset, "a postings list");
  const std::size_t count = body.size() / 4;
  if (body.size() % 4 != 0 || count == 0 || load_be32(body.data()) != count - 1) {
    fail(offset, "wrong length of a postings list");
  }
  return PostingsView::big_endian(body.data() + 4, count - 1);
}

PostingsView IndexReader::all_postings() {
  if (!has_all_) {
    all_ = postings("", "");
    has_all_ = true;
  }
  return all_;
}

PostingsView IndexReader::postings(std::string_view name, std::string_view value) {
  const Name* const known = find_name(name);
  if (known == nullptr) {
    return {};
  }
  const std::size_t stride = version_ == 1 ? 1 : kTableStride;
  std::size_t low = 0;  // the last place whose value is not above the one wanted
  for (std::size_t high = (known->values + stride - 1) / stride; high - low > 1;) {
    const std::size_t middle = low + (high - low) / 2;
    ByteReader in(table_.substr(places_[known->first_place + middle]));
    (TableEntry::read(in).value <= value ? low : high) = middle;
  }
  PostingsView found;
  walk(*known, low, [&](const TableEntry& entry) {
    if (entry.value == value) {
      found = postings_at(entry.offset);
    }
    return entry.value < value;
  });
  return found;
}

void IndexReader::for_each_value(std::string_view name,
                                 const std::function<void(std::string_view, std::uint64_t)>& take) {
  if (const Name* const known = find_name(name); known != nullptr) {
    walk(*known, 0, [&](const TableEntry& entry) {
      take(entry.value, entry.offset);
      return true;
    });
  }
}

void IndexReader::postings_of_values(std::string_view name, const std::function<bool(std::string_view)>& wanted,
                                     std::vector<PostingsView>& out) {
  for_each_value(name, [&](std::string_view value, std::uint64_t offset) {
    if (wanted(value)) {
      out.push_back(postings_at(offset));
    }
  });
}

std::vector<std::string_view> IndexReader::label_names() {
  load_table();
  std::vector<std::string_view> names;
  for (const Name& name : names_) {
    if (!name.name.empty()) {  // that of all series
      names.push_back(name.name);
    }
  }
  return names;
}

std::vector<std::string_view> IndexReader::label_values(std::string_view name) {
  std::vector<std::string_view> values;
  for_each_value(name, [&values](std::string_view value, std::uint64_t /*offset*/) { values.push_back(value); });
  return values;
}

std::uint64_t IndexReader::offset_of(SeriesRef ref) const noexcept {
  return version_ == 1 ? ref : ref * kSeriesAlignment;
}

/// The body of the series entry at `offset`; sets where the next may begin.
std::string_view IndexReader::series_body(std::uint64_t offset, std::uint64_t& end) const {
  if (offset < toc_.series || offset >= toc_.series_end) {
    fail(offset, "a postings list names a series outside of the series part,");
  }
  ByteReader in(bytes_.substr(offset, toc_.series_end - offset));
  const std::string_view body = in.bytes(in.uvarint());
  const std::uint32_t want = in.be32();
  if (!in.ok()) {
    fail(offset, "a series entry runs over the end of the series part");
  }
  if (const std::uint32_t sum = crc32c(body); sum != want) {
    fail(offset, fmt::format("bad checksum {:#010x}, want {:#010x}, of a series", sum, want));
  }
  end = static_cast<std::uint64_t>(in.at() - bytes_.data());
  return body;
}

void IndexReader::read_series(SeriesRef ref, IndexSeries& out) const {
  const std::uint64_t offset = offset_of(ref);
  std::uint64_t end = 0;
  ByteReader in(series_body(offset, end));
  out.symbols.clear();
  out.chunks.clear();
  for (std::uint64_t left = in.uvarint(); left > 0 && in.ok(); --left) {
    for (int part = 0; part < 2; ++part) {
      const std::uint64_t symbol = in.uvarint();
      if (symbol > UINT32_MAX) {
        fail(offset, "impossible symbol of a series");
      }
      out.symbols.push_back(static_cast<std::uint32_t>(symbol));
    }
  }
  ChunkMeta chunk;
  bool first = true;
  for (std::uint64_t left = in.uvarint(); left > 0 && in.ok(); --left) {
    const auto delta = static_cast<std::uint64_t>(first ? in.varint() : static_cast<std::int64_t>(in.uvarint()));
    const std::int64_t before = chunk.max_t_ms;
    chunk.min_t_ms = static_cast<std::int64_t>(static_cast<std::uint64_t>(before) + delta);
    chunk.max_t_ms = static_cast<std::int64_t>(static_cast<std::uint64_t>(chunk.min_t_ms) + in.uvarint());
    chunk.ref += first ? in.uvarint() : static_cast<std::uint64_t>(in.varint());
    if (chunk.max_t_ms < chunk.min_t_ms || (!first && chunk.min_t_ms <= before)) {
      fail(offset, "chunks of a series out of order");
    }
    first = false;
    out.chunks.push_back(chunk);
  }
  if (!in.ok()) {
    fail(offset, "damaged series entry");
  }
}

LabelsView IndexReader::labels(const IndexSeries& series, LabelBuilder& builder) const {
  builder.clear();
  for (std::size_t i = 0; i + 1 < series.symbols.size(); i += 2) {
    const std::string_view name = symbol(series.symbols[i]);
    const std::string_view value = symbol(series.symbols[i + 1]);
    if (name.size() >= kMaxLabelSize || value.size() >= kMaxLabelSize) {
      fail(toc_.symbols, "a symbol of 16 MiB or more is used");
    }
    builder.add(name, value);
  }
  const LabelsView labels = builder.build();
  if (builder.has_duplicate_name()) {
    fail(toc_.symbols, fmt::format("a series has two labels \"{}\"", builder.duplicate_name()));
  }
  return labels;
}

std::strong_ordering IndexReader::compare(SeriesRef ref, LabelsView labels) const {
  const std::uint64_t offset = offset_of(ref);
  std::uint64_t end = 0;
  ByteReader in(series_body(offset, end));
  auto other = labels.begin();
  for (std::uint64_t left = in.uvarint(); left > 0; --left, ++other) {
    const std::uint64_t name = in.uvarint();
    const std::uint64_t value = in.uvarint();
    if (!in.ok() || name > UINT32_MAX || value > UINT32_MAX) {
      fail(offset, "damaged series entry");
    }
    if (other == labels.end()) {
      return std::strong_ordering::greater;
    }
    if (const auto order = symbol(static_cast<std::uint32_t>(name)) <=> (*other).name; order != 0) {
      return order;
    }
    if (const auto order = symbol(static_cast<std::uint32_t>(value)) <=> (*other).value; order != 0) {
      return order;
    }
  }
  return other == labels.end() ? std::strong_ordering::equal : std::strong_ordering::less;
}

/// Whether bytes found while looking for the next series can be one: labels that exist, in order. Cheaper than a
/// checksum over whatever length stands there.
bool IndexReader::may_be_series(std::string_view body) const noexcept {
  ByteReader in(body);
  const std::uint64_t labels = in.uvarint();
  const std::uint64_t symbols_end =
      version_ == 1 ? static_cast<std::uint64_t>(symbols_.data() + symbols_.size() - bytes_.data()) : symbol_count_;
  std::uint64_t last_name = 0;
  for (std::uint64_t i = 0; i < labels; ++i) {
    const std::uint64_t name = in.uvarint();
    if (!in.ok() || name >= symbols_end || in.uvarint() >= symbols_end || (i > 0 && name <= last_name)) {
      return false;
    }
    last_name = name;
  }
  return labels > 0 && in.left() > 0;
}

std::vector<SeriesRef> IndexReader::scan_series(const DamageReport& report) const {
  std::vector<SeriesRef> refs;
  const std::uint64_t alignment = version_ == 1 ? 1 : kSeriesAlignment;
  bool damaged = false;
  for (std::uint64_t at = aligned(toc_.series, alignment); at < toc_.series_end;) {
    ByteReader in(bytes_.substr(at, toc_.series_end - at));
    const std::string_view body = in.bytes(in.uvarint());
    const std::uint32_t want = in.be32();
    // No bytes have a right checksum where zeros are: those are no entry.
    if (in.ok() && !body.empty() && (!damaged || may_be_series(body)) && crc32c(body) == want) {
      refs.push_back(static_cast<SeriesRef>(at / alignment));
      at = aligned(static_cast<std::uint64_t>(in.at() - bytes_.data()), alignment);
      damaged = false;
      continue;
    }
    if (!damaged) {
      damaged = true;
      try {
        std::uint64_t end = 0;
        (void)series_body(at, end);  // says what is wrong, if it is not just empty
        fail(at, "an empty series entry");
      } catch (const Error& error) {
        report(error);
      }
    }
    at += alignment;
  }
  return refs;
}

}  // namespace mcore
