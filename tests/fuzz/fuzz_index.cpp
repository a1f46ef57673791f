// SPDX-License-Identifier: Apache-2.0
// Everything that can be asked of an index, of bytes whose checksums are put right first: else no input would get past
// them.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "tsdb/block_check.h"
#include "tsdb/index_reader.h"

namespace {

using namespace mcore;

/// Puts the checksum behind `size` bytes at `from`, if all of that is there.
void seal(std::string& bytes, std::uint64_t from, std::uint64_t size) {
  if (from <= bytes.size() && size <= bytes.size() - from && bytes.size() - from - size >= kChecksumSize) {
    store_be32(bytes.data() + from + size, crc32c(std::string_view(bytes).substr(from, size)));
  }
}

void seal_section(std::string& bytes, std::uint64_t at) {
  if (at <= bytes.size() && bytes.size() - at >= 4) {
    seal(bytes, at + 4, load_be32(bytes.data() + at));
  }
}

void seal_all(std::string& bytes) {
  const std::size_t toc_at = bytes.size() - kIndexTocSize;
  ByteReader toc(std::string_view(bytes).substr(toc_at));
  const std::uint64_t symbols = toc.be64();
  const std::uint64_t series = toc.be64();
  const std::uint64_t series_end = std::min<std::uint64_t>(toc.be64(), bytes.size());
  (void)toc.be64();
  (void)toc.be64();
  const std::uint64_t table = toc.be64();
  seal_section(bytes, symbols);
  for (std::uint64_t at = aligned(std::min<std::uint64_t>(series, bytes.size()), kSeriesAlignment); at < series_end;) {
    ByteReader in(std::string_view(bytes).substr(at));
    const std::uint64_t size = in.uvarint();
    const std::uint64_t body = bytes.size() - in.left();
    if (!in.ok() || size > in.left()) {
      break;
    }
    seal(bytes, body, size);
    at = aligned(body + size + kChecksumSize, kSeriesAlignment);
  }
  if (table <= bytes.size() && bytes.size() - table >= 8) {
    ByteReader in(std::string_view(bytes).substr(table + 8));
    while (in.left() > 0 && in.uvarint() == 2) {
      (void)in.ustr();
      (void)in.ustr();
      seal_section(bytes, in.uvarint());
    }
  }
  seal_section(bytes, table);
  seal(bytes, toc_at, kIndexTocSize - kChecksumSize);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= kIndexHeaderSize + kIndexTocSize && data[0] == 0xBA) {
    seal_all(bytes);
  }
  const DamageReport ignore = [](const Error&) {};
  try {
    IndexReader index("index", bytes);
    check_index(index, ignore);
    IndexSeries series;
    LabelBuilder builder;
    for (const SeriesRef ref : index.scan_series(ignore)) {
      try {
        index.read_series(ref, series);
        (void)index.labels(series, builder);
      } catch (const Error&) {
      }
    }
    for (const std::string_view name : index.label_names()) {
      for (const std::string_view value : index.label_values(name)) {
        try {
          std::vector<SeriesRef> refs = {1, 5, 1000};
          intersect_postings(refs, index.postings(name, value));
        } catch (const Error&) {
        }
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
