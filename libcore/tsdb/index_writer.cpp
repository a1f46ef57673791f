// SPDX-License-Identifier: Apache-2.0
#include "tsdb/index_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <numeric>

#include "base/atomic_file.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/hash.h"

// The symbols stand first in the file and in order, but are complete only behind the last series. So series wait with
// the numbers of their label pairs (one number stands for two symbols); finish() ranks the symbols, then sends the
// series through once, filling the postings lists, whose lengths are known by then.

namespace mcore {
namespace {

constexpr std::size_t kSpoolBytes = std::size_t{1} << 20U;
constexpr std::uint64_t kMaxSectionBytes = UINT32_MAX;

std::uint64_t pair_hash(std::uint32_t name, std::uint32_t value) noexcept {
  const std::uint64_t mixed = ((static_cast<std::uint64_t>(name) << 32U) | value) * 0x9E37'79B9'7F4A'7C15U;
  return mixed ^ (mixed >> 32U);
}

std::uint64_t uvarint_size(std::uint64_t x) noexcept {
  char bytes[kMaxVarintSize];
  return static_cast<std::uint64_t>(store_uvarint(bytes, x) - bytes);
}

/// Writes the body of a section piece by piece and keeps its checksum.
class SectionWriter {
 public:
  SectionWriter(FileWriter& out, std::uint64_t body_size) : out_(out) {
    char length[4];
    store_be32(length, static_cast<std::uint32_t>(body_size));
    out_.write({length, sizeof length});
  }
  void write(std::string_view bytes) {
    sum_ = crc32c(bytes, sum_);
    out_.write(bytes);
  }
  void finish() {
    char sum[kChecksumSize];
    store_be32(sum, sum_);
    out_.write({sum, sizeof sum});
  }

 private:
  FileWriter& out_;
  std::uint32_t sum_ = 0;
};

}  // namespace

void RecordSpool::add(std::string_view record) {
  if (buffer_.size() > kSpoolBytes) {
    spill();
  }
  append_be32(buffer_, static_cast<std::uint32_t>(record.size()));
  buffer_ += record;
}

void RecordSpool::spill() {
  if (!fd_.is_open()) {
    fd_ = create_owned_file(path_, O_RDWR | O_TRUNC, owner_);
    ::unlink(path_.c_str());
  }
  if (const int error = write_all(fd_.get(), buffer_); error != 0) {
    throw Error(ErrorKind::kIo, "write", path_, errno_text(error));
  }
  spilled_ += buffer_.size();
  buffer_.clear();
}

/// Moves the unread rest to the front and reads on behind it; false at the end.
bool RecordSpool::refill() {
  buffer_.erase(0, at_);
  at_ = 0;
  if (read_ == spilled_) {
    return false;
  }
  const std::size_t rest = buffer_.size();
  const std::uint64_t want = std::min<std::uint64_t>(spilled_ - read_, kSpoolBytes);
  buffer_.resize(rest + want);
  const ssize_t got = ::pread(fd_.get(), buffer_.data() + rest, want, static_cast<off_t>(read_));
  if (got == 0 || (got < 0 && errno != EINTR)) {
    throw Error(ErrorKind::kIo, "read", path_, got == 0 ? "shorter than written" : errno_text(errno));
  }
  buffer_.resize(rest + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  read_ += static_cast<std::uint64_t>(std::max<ssize_t>(got, 0));
  return true;
}

bool RecordSpool::next(std::string_view& record) {
  if (!reading_) {
    reading_ = true;
    if (fd_.is_open()) {
      spill();
    }
  }
  for (;;) {
    ByteReader in(std::string_view(buffer_).substr(at_));
    record = in.bytes(in.be32());
    if (in.ok()) {
      at_ = buffer_.size() - in.left();
      return true;
    }
    if (!refill()) {
      return false;
    }
  }
}

IndexWriter::IndexWriter(std::string path, const NewFileOwner& owner, bool sync)
    : path_(std::move(path)), owner_(owner), sync_(sync), spool_(path_ + ".series", owner) {}

void IndexWriter::refuse(LabelsView labels, std::string_view why) const {
  throw Error(ErrorKind::kCorrupt, "write index", path_, fmt::format("{}: {}", labels_text(labels), why));
}

void IndexWriter::check_order(LabelsView labels, std::span<const ChunkMeta> chunks) {
  if (labels.empty()) {
    refuse(labels, "a series needs a label");
  }
  if (series_count_ > 0 && LabelsView(last_labels_) >= labels) {
    refuse(labels, fmt::format("out of order behind {}", labels_text(LabelsView(last_labels_))));
  }
  if (chunks.empty()) {
    refuse(labels, "a series needs a chunk");
  }
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const ChunkMeta& chunk = chunks[i];
    if (chunk.max_t_ms < chunk.min_t_ms || (i > 0 && chunk.min_t_ms <= chunks[i - 1].max_t_ms)) {
      refuse(labels, "chunks out of order in time");
    }
    if (chunk.ref <= last_chunk_) {
      refuse(labels, "chunks out of order in the segments");
    }
    last_chunk_ = chunk.ref;
  }
}

std::uint32_t IndexWriter::symbol_number(std::string_view text) {
  const std::uint32_t number = symbol_numbers_.find_or_add(
      hash_bytes(text), [&](std::uint32_t known) { return symbols_[known] == text; },
      [this](std::uint32_t known) { return hash_bytes(symbols_[known]); });
  if (number == symbols_.size()) {
    char* const copy = text.empty() ? nullptr : static_cast<char*>(arena_.allocate(text.size(), 1));
    std::ranges::copy(text, copy);
    symbols_.emplace_back(copy, text.size());
  }
  return number;
}

std::uint32_t IndexWriter::pair_number(const Label& label, std::size_t position) {
  // Neighbours share most of their labels.
  if (position < last_label_views_.size() && last_label_views_[position].name == label.name &&
      last_label_views_[position].value == label.value) {
    return last_pairs_[position];
  }
  const std::uint32_t name = symbol_number(label.name);
  const std::uint32_t value = symbol_number(label.value);
  const std::uint32_t number = pair_numbers_.find_or_add(
      pair_hash(name, value),
      [&](std::uint32_t known) { return pairs_[known].name == name && pairs_[known].value == value; },
      [this](std::uint32_t known) { return pair_hash(pairs_[known].name, pairs_[known].value); });
  if (number == pairs_.size()) {
    pairs_.push_back({name, value, 0});
  }
  return number;
}

void IndexWriter::add_series(LabelsView labels, std::span<const ChunkMeta> chunks) {
  check_order(labels, chunks);
  std::vector<std::uint32_t> numbers;
  std::string_view last_name;
  for (const Label& label : labels) {
    if (label.name.empty() || label.value.empty() || (!numbers.empty() && label.name <= last_name)) {
      refuse(labels, "a label without name or value, or twice");
    }
    last_name = label.name;
    const std::uint32_t number = pair_number(label, numbers.size());
    ++pairs_[number].series;
    numbers.push_back(number);
  }
  record_.clear();
  append_uvarint(record_, numbers.size());
  for (const std::uint32_t number : numbers) {
    append_uvarint(record_, number);
  }
  // From here on as the entry will hold it.
  append_uvarint(record_, chunks.size());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const auto min = static_cast<std::uint64_t>(chunks[i].min_t_ms);
    if (i == 0) {
      append_varint(record_, chunks[i].min_t_ms);
    } else {
      append_uvarint(record_, min - static_cast<std::uint64_t>(chunks[i - 1].max_t_ms));
    }
    append_uvarint(record_, static_cast<std::uint64_t>(chunks[i].max_t_ms) - min);
    if (i == 0) {
      append_uvarint(record_, chunks[i].ref);
    } else {
      append_varint(record_, static_cast<std::int64_t>(chunks[i].ref - chunks[i - 1].ref));
    }
  }
  spool_.add(record_);
  ++series_count_;
  last_labels_ = labels.bytes();
  last_pairs_.swap(numbers);
  last_label_views_.clear();
  for (const Label& label : LabelsView(last_labels_)) {
    last_label_views_.push_back(label);
  }
}

void IndexWriter::rank_symbols() {
  (void)symbol_number("");  // of the list of all series
  symbol_order_.resize(symbols_.size());
  std::iota(symbol_order_.begin(), symbol_order_.end(), 0U);
  std::ranges::sort(symbol_order_, {}, [this](std::uint32_t number) { return symbols_[number]; });
  symbol_ranks_.resize(symbols_.size());
  for (std::uint32_t rank = 0; rank < symbol_order_.size(); ++rank) {
    symbol_ranks_[symbol_order_[rank]] = rank;
  }
}

/// Puts the pairs in order and gives each its place in the array of all lists.
void IndexWriter::sort_pairs() {
  pair_order_.resize(pairs_.size());
  std::iota(pair_order_.begin(), pair_order_.end(), 0U);
  std::ranges::sort(pair_order_, {}, [this](std::uint32_t number) {
    return std::pair(symbol_ranks_[pairs_[number].name], symbol_ranks_[pairs_[number].value]);
  });
  pair_ends_.resize(pairs_.size());
  std::uint64_t end = 0;
  for (const std::uint32_t number : pair_order_) {
    pair_ends_[number] = end;
    end += pairs_[number].series;
  }
  postings_.resize(end);
  all_.reserve(series_count_);
}

void IndexWriter::write_symbols(FileWriter& out) {
  std::uint64_t size = 4;
  for (const std::string_view symbol : symbols_) {
    size += uvarint_size(symbol.size()) + symbol.size();
  }
  if (size > kMaxSectionBytes) {
    throw Error(ErrorKind::kLimit, "write index", path_, "more than 4 GiB of label names and values");
  }
  toc_.symbols = out.size();
  SectionWriter section(out, size);
  std::string bytes;
  append_be32(bytes, static_cast<std::uint32_t>(symbols_.size()));
  for (const std::uint32_t number : symbol_order_) {
    append_ustr(bytes, symbols_[number]);
    section.write(bytes);
    bytes.clear();
  }
  section.finish();
  toc_.series = out.size();
}

void IndexWriter::write_series(FileWriter& out) {
  std::string body;
  std::string_view record;
  while (spool_.next(record)) {
    out.pad(kSeriesAlignment);
    const std::uint64_t ref = out.size() / kSeriesAlignment;
    if (ref > UINT32_MAX) {
      throw Error(ErrorKind::kLimit, "write index", path_, "more than 64 GiB");
    }
    ByteReader in(record);
    body.clear();
    const std::uint64_t labels = in.uvarint();
    append_uvarint(body, labels);
    for (std::uint64_t i = 0; i < labels; ++i) {
      const std::uint64_t number = in.uvarint();
      append_uvarint(body, symbol_ranks_[pairs_[number].name]);
      append_uvarint(body, symbol_ranks_[pairs_[number].value]);
      postings_[pair_ends_[number]++] = static_cast<std::uint32_t>(ref);
    }
    body += in.bytes(in.left());
    all_.push_back(static_cast<std::uint32_t>(ref));
    char length[kMaxVarintSize];
    out.write({length, static_cast<std::size_t>(store_uvarint(length, body.size()) - length)});
    append_be32(body, crc32c(body));
    out.write(body);
  }
  toc_.series_end = out.size();
}

void IndexWriter::write_list(FileWriter& out, std::span<const std::uint32_t> refs) {
  SectionWriter section(out, 4 + refs.size() * 4);
  record_.resize(4 + refs.size() * 4);
  store_be32(record_.data(), static_cast<std::uint32_t>(refs.size()));
  for (std::size_t i = 0; i < refs.size(); ++i) {
    store_be32(record_.data() + 4 + i * 4, refs[i]);
  }
  section.write(record_);
  section.finish();
}

void IndexWriter::write_postings(FileWriter& out) {
  out.pad(kPostingsAlignment);
  toc_.postings = out.size();
  write_list(out, all_);
  for (const std::uint32_t number : pair_order_) {
    const std::uint32_t series = pairs_[number].series;
    write_list(out, std::span(postings_).subspan(pair_ends_[number] - series, series));
  }
}

/// The table: lists follow one another, 12 bytes and 4 for each reference long.
void IndexWriter::write_table(FileWriter& out) {
  constexpr std::uint64_t kListOverhead = 12;
  const auto append_entry = [](std::string& bytes, std::string_view name, std::string_view value, std::uint64_t at) {
    append_uvarint(bytes, 2);
    append_ustr(bytes, name);
    append_ustr(bytes, value);
    append_uvarint(bytes, at);
  };
  std::uint64_t size = 0;
  std::string bytes;
  const auto for_each_entry = [&](const auto& take) {
    std::uint64_t at = toc_.postings;
    append_be32(bytes, static_cast<std::uint32_t>(pairs_.size() + 1));
    append_entry(bytes, "", "", at);
    take();
    at += kListOverhead + all_.size() * 4;
    for (const std::uint32_t number : pair_order_) {
      bytes.clear();
      append_entry(bytes, symbols_[pairs_[number].name], symbols_[pairs_[number].value], at);
      take();
      at += kListOverhead + std::uint64_t{pairs_[number].series} * 4;
    }
    bytes.clear();
  };
  for_each_entry([&] { size += bytes.size(); });
  if (size > kMaxSectionBytes) {
    throw Error(ErrorKind::kLimit, "write index", path_, "more than 4 GiB of label pairs");
  }
  toc_.postings_offsets = out.size();
  toc_.label_offsets = out.size();
  SectionWriter section(out, size);
  for_each_entry([&] { section.write(bytes); });
  section.finish();
}

void IndexWriter::finish() {
  rank_symbols();
  sort_pairs();
  FileWriter out(path_, owner_);
  std::string bytes;
  append_be32(bytes, kIndexMagic);
  append_u8(bytes, 2);
  out.write(bytes);
  write_symbols(out);
  write_series(out);
  write_postings(out);
  write_table(out);
  bytes.clear();
  for (const std::uint64_t offset :
       {toc_.symbols, toc_.series, toc_.series_end, toc_.label_offsets, toc_.postings, toc_.postings_offsets}) {
    append_be64(bytes, offset);
  }
  append_be32(bytes, crc32c(bytes));
  out.write(bytes);
  out.finish(sync_);
}

}  // namespace mcore
