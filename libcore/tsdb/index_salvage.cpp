// SPDX-License-Identifier: Apache-2.0
#include "tsdb/index_salvage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "model/labels.h"
#include "tsdb/index_layout.h"
#include "tsdb/index_writer.h"

namespace mcore {
namespace {

constexpr std::size_t kLongestLabel = 1 << 20U;  // name and value; a LabelBuilder takes no more than 16 MiB
constexpr std::uint64_t kKeyCount = 2;           // of each entry in the table of postings: name and value

class IndexSalvage {
 public:
  IndexSalvage(const std::string& path, const DamageReport& report)
      : path_(path), report_(report), file_(MappedFile::open(path)), bytes_(file_.bytes()) {}

  std::optional<std::vector<std::uint64_t>> run(const std::string& to, const NewFileOwner& owner) {
    // A first version has its symbols by their places in the file; no server has written one for years.
    if (bytes_.size() > kIndexHeaderSize && load_be32(bytes_.data()) == kIndexMagic && bytes_[4] == 1) {
      return std::nullopt;
    }
    read_contents();
    if (!read_symbols() && !read_symbols_from_table()) {
      return std::nullopt;
    }
    IndexWriter out(to, owner);
    copy_series(out);
    out.finish();
    return std::move(refs_);
  }

 private:
  /// The body of a section, if it is whole.
  [[nodiscard]] std::optional<std::string_view> section(std::uint64_t offset) const {
    if (offset >= bytes_.size()) {
      return std::nullopt;
    }
    ByteReader in(bytes_.substr(offset));
    const std::string_view body = in.bytes(in.be32());
    const std::uint32_t want = in.be32();
    return in.ok() && crc32c(body) == want ? std::optional(body) : std::nullopt;
  }

  void read_contents() {
    if (bytes_.size() < kIndexHeaderSize + kIndexTocSize) {
      return;
    }
    const std::string_view toc = bytes_.substr(bytes_.size() - kIndexTocSize);
    ByteReader in(toc);
    toc_ = IndexToc{.symbols = in.be64(),
                    .series = in.be64(),
                    .series_end = in.be64(),
                    .label_offsets = in.be64(),
                    .postings = in.be64(),
                    .postings_offsets = in.be64()};
    if (crc32c(toc.substr(0, kIndexTocSize - kChecksumSize)) != in.be32()) {
      toc_.reset();
    }
  }

  bool read_symbols() {
    const auto body = section(kIndexHeaderSize);
    if (!body.has_value()) {
      return false;
    }
    ByteReader in(*body);
    const std::uint32_t count = in.be32();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
      symbols_.push_back(in.ustr());
    }
    series_ = kIndexHeaderSize + 4 + body->size() + kChecksumSize;
    return in.ok();
  }

  /// Strings of the table, each once and sorted, are the symbols if there are as many. Servers put the empty one in
  /// front.
  bool read_symbols_from_table() {
    const auto body = toc_.has_value() ? section(toc_->postings_offsets) : std::nullopt;
    if (!body.has_value()) {
      return false;
    }
    std::set<std::string_view> found;
    ByteReader in(*body);
    for (std::uint32_t left = in.be32(); left > 0 && in.ok(); --left) {
      if (in.uvarint() != kKeyCount) {
        return false;
      }
      found.insert(in.ustr());
      found.insert(in.ustr());
      (void)in.uvarint();
    }
    if (!in.ok() || bytes_.size() < kIndexHeaderSize + 8) {
      return false;
    }
    // Size or count may be what is damaged; where they disagree nobody knows what the numbers mean.
    std::string strings(sizeof(std::uint32_t), '\0');
    for (const std::string_view text : found) {
      append_ustr(strings, text);
    }
    const std::uint32_t size = load_be32(bytes_.data() + kIndexHeaderSize);
    const std::uint32_t count = load_be32(bytes_.data() + kIndexHeaderSize + 4);
    const int for_all = (size == strings.size()) + (count == found.size());
    const int without_empty = (size + 1 == strings.size()) + (count + 1 == found.size());
    if (for_all == without_empty || (without_empty > for_all && found.erase("") == 0)) {
      return false;
    }
    symbols_.assign(found.begin(), found.end());
    series_ = toc_->series;
    return true;
  }

  /// Tries every place where an entry may begin: behind a damaged one the next follows, without contents nobody knows
  /// where they end.
  void copy_series(IndexWriter& out) {
    const std::uint64_t end =
        toc_.has_value() ? std::min<std::uint64_t>(toc_->series_end, bytes_.size()) : bytes_.size();
    bool is_lost = false;
    for (std::uint64_t at = aligned(series_, kSeriesAlignment); at < end;) {
      ByteReader in(bytes_.substr(at, end - at));
      const std::string_view body = in.bytes(in.uvarint());
      const std::uint32_t want = in.be32();
      if (in.ok() && !body.empty() && crc32c(body) == want && read_entry(body)) {
        add(out, at);
        at = aligned(static_cast<std::uint64_t>(in.at() - bytes_.data()), kSeriesAlignment);
        is_lost = false;
        continue;
      }
      if (!is_lost && toc_.has_value()) {
        find(at, "a damaged series entry");
      }
      is_lost = true;
      at += kSeriesAlignment;
    }
  }
  void add(IndexWriter& out, std::uint64_t at) {
    try {
      out.add_series(builder_.build(), chunks_);
      refs_.push_back(at / kSeriesAlignment);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCorrupt) {
        throw;
      }
      find(at, error.why());
    }
  }
  void find(std::uint64_t at, std::string_view why) const {
    report_(Error(ErrorKind::kCorrupt, "salvage index", fmt::format("{} at byte {}", path_, at), why));
  }

  /// False if it is no entry of this index.
  bool read_entry(std::string_view body) {
    ByteReader in(body);
    builder_.clear();
    chunks_.clear();
    for (std::uint64_t left = in.uvarint(); left > 0 && in.ok(); --left) {
      const std::uint64_t name = in.uvarint();
      const std::uint64_t value = in.uvarint();
      if (name >= symbols_.size() || value >= symbols_.size() ||
          symbols_[name].size() + symbols_[value].size() >= kLongestLabel) {
        return false;
      }
      builder_.add(symbols_[name], symbols_[value]);
    }
    ChunkMeta chunk;
    for (std::uint64_t left = in.uvarint(); left > 0 && in.ok(); --left) {
      const bool is_first = chunks_.empty();
      const auto from = static_cast<std::uint64_t>(chunk.max_t_ms);
      chunk.min_t_ms = is_first ? in.varint() : static_cast<std::int64_t>(from + in.uvarint());
      chunk.max_t_ms = static_cast<std::int64_t>(static_cast<std::uint64_t>(chunk.min_t_ms) + in.uvarint());
      chunk.ref = is_first ? in.uvarint() : chunk.ref + static_cast<std::uint64_t>(in.varint());
      chunks_.push_back(chunk);
    }
    return in.ok() && in.left() == 0 && !chunks_.empty() && !builder_.labels().empty() && !builder_.build().empty() &&
           !builder_.has_duplicate_name();
  }

  const std::string& path_;
  const DamageReport& report_;
  MappedFile file_;
  std::string_view bytes_;
  std::optional<IndexToc> toc_;
  std::vector<std::string_view> symbols_;
  std::uint64_t series_ = 0;  // where the series begin, unaligned
  std::vector<std::uint64_t> refs_;
  LabelBuilder builder_;
  std::vector<ChunkMeta> chunks_;
};

}  // namespace

std::optional<std::vector<std::uint64_t>> salvage_index(const std::string& from, const std::string& to,
                                                        const NewFileOwner& owner, const DamageReport& report) {
  return IndexSalvage(from, report).run(to, owner);
}

}  // namespace mcore
