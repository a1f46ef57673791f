// SPDX-License-Identifier: Apache-2.0
// A log segment. A fragment whose header has bit 7 set (reserved, ignored by the reader) gets a right checksum first,
// so that damage behind checksums is reached too.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "tsdb/log_reader.h"
#include "tsdb/log_writer.h"

namespace {

using mcore::LogReadStatus;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void seal(std::string& segment) {
  for (std::size_t at = 0; at + mcore::kLogHeaderSize <= segment.size();) {
    const std::size_t room = mcore::log_page_room(at);
    const std::size_t length = mcore::load_be16(&segment[at + 1]);
    if (room < mcore::kLogHeaderSize || (segment[at] & mcore::kLogFragmentMask) == 0 ||
        length > room - mcore::kLogHeaderSize || length > segment.size() - at - mcore::kLogHeaderSize) {
      at += room;
      continue;
    }
    if ((segment[at] & 0x80) != 0) {
      mcore::store_be32(&segment[at + 3],
                        mcore::crc32c(std::string_view(segment).substr(at + mcore::kLogHeaderSize, length)));
    }
    at += mcore::kLogHeaderSize + length;
  }
}

/// The records before the first damage; all behind it must be reachable in steps that go forward.
std::vector<std::string> read_all(std::string_view segment, bool& padded) {
  std::vector<std::string> records;
  mcore::LogReader reader(segment);
  std::uint64_t end = 0;
  bool whole = true;
  for (std::size_t steps = 0;; ++steps) {
    require(steps <= 2 * segment.size() + 2);
    const LogReadStatus status = reader.next();
    if (status == LogReadStatus::kCorrupt) {
      require(!reader.fault().empty() && reader.fault_offset() <= segment.size());
      whole = false;
      reader.skip_damage();
      continue;
    }
    if (status != LogReadStatus::kRecord) {
      require(reader.end() == end && reader.file_end() == segment.size());
      return records;
    }
    require(reader.start() >= end && reader.end() >= reader.start() + mcore::kLogHeaderSize);
    require(reader.is_padded() == (reader.end() > segment.size()));
    end = reader.end();
    padded = reader.is_padded();
    if (whole) {
      records.emplace_back(reader.record());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const std::size_t cut = mcore::load_be16(data);
  std::string segment(reinterpret_cast<const char*>(data) + 2, size - 2);
  seal(segment);
  bool padded = false;
  const std::vector<std::string> records = read_all(segment, padded);

  // Of a file that is cut the records before the cut remain.
  bool cut_padded = false;
  const std::string_view shorter = std::string_view(segment).substr(0, cut);
  const std::vector<std::string> fewer = read_all(shorter, cut_padded);
  for (std::size_t i = 0; i + (cut_padded ? 1 : 0) < fewer.size(); ++i) {
    require(i < records.size() && fewer[i] == records[i]);
  }

  mcore::LogFramer framer;
  framer.begin(0);
  for (std::size_t i = 0; i < records.size(); ++i) {
    framer.add(records[i], i % 2 == 0 ? mcore::LogCompression::kSnappy : mcore::LogCompression::kNone);
  }
  bool ignored = false;
  require(read_all(framer.bytes(), ignored) == records && !ignored);
  return 0;
}
