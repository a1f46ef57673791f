// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_blocks.h"

#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <limits>
#include <utility>

#include "base/directory.h"
#include "base/error.h"

namespace mcore {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) noexcept {
  return static_cast<std::int64_t>(time.tv_sec) * kNanoseconds + time.tv_nsec;
}

}  // namespace

StoreBlocks::StoreBlocks(std::string store, DamageReport report)
    : store_(std::move(store)), report_(std::move(report)), min_valid_t_ms_(std::numeric_limits<std::int64_t>::min()) {}

void StoreBlocks::set_single(const std::string& folder) {
  entries_ = {{.folder = folder, .meta = read_block_meta(folder)}};
  readers_.clear();
  readers_.resize(1);
  min_valid_t_ms_ = mcore::min_valid_t_ms(entries_);
}

bool StoreBlocks::refresh() {
  struct stat info {};
  if (::stat(store_.c_str(), &info) != 0) {
    throw Error(ErrorKind::kIo, "open store", store_, errno_text(errno));
  }
  const std::int64_t changed = nanoseconds(info.st_mtim);
  if (changed == changed_ns_) {
    return false;
  }
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  // The system stamps folders by its tick: what changes right after a look may bear the same time.
  const bool is_settled = nanoseconds(now) - changed > kNanoseconds;
  std::vector<BlockEntry> entries = list_blocks(store_, report_);
  changed_ns_ = is_settled ? changed : -1;
  bool same = entries.size() == entries_.size();
  for (std::size_t i = 0; same && i < entries.size(); ++i) {
    same = entries[i].folder == entries_[i].folder && entries[i].meta == entries_[i].meta;
  }
  if (same) {
    return false;
  }
  std::vector<std::unique_ptr<BlockReader>> readers(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    for (std::size_t j = 0; j < entries_.size(); ++j) {
      if (entries_[j].folder == entries[i].folder && entries_[j].meta == entries[i].meta) {
        readers[i] = std::move(readers_[j]);
        break;
      }
    }
  }
  entries_ = std::move(entries);
  readers_ = std::move(readers);
  min_valid_t_ms_ = mcore::min_valid_t_ms(entries_);
  return true;
}

/// False if a block has gone.
bool StoreBlocks::try_open(TimeRange range, bool with_chunks) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!range.overlaps({entries_[i].meta.min_t_ms, entries_[i].meta.end_t_ms - 1})) {
      continue;
    }
    try {
      reader(i).open(with_chunks);
    } catch (const Error&) {
      if (!path_exists(entries_[i].folder)) {
        return false;
      }
    }
    // Whoever removes a block renames it first: what was opened while it bore its name is all of it.
    if (!path_exists(entries_[i].folder)) {
      return false;
    }
  }
  return true;
}

void StoreBlocks::open(TimeRange range, bool with_chunks) {
  constexpr int kMostTries = 10;
  for (int tries = 0; !try_open(range, with_chunks) && tries < kMostTries; ++tries) {
    for (std::unique_ptr<BlockReader>& reader : readers_) {
      if (reader != nullptr) {
        replaced_.push_back(std::move(reader));
      }
    }
    changed_ns_ = -1;
    (void)refresh();
  }
}

BlockReader& StoreBlocks::reader(std::size_t i) {
  if (readers_[i] == nullptr) {
    readers_[i] = std::make_unique<BlockReader>(entries_[i].folder, entries_[i].meta);
  }
  return *readers_[i];
}

bool StoreBlocks::sample_at(LabelsView labels, std::int64_t t_ms, SeriesSamples& out) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (t_ms >= entries_[i].meta.min_t_ms && t_ms < entries_[i].meta.end_t_ms &&
        reader(i).sample_at(labels, t_ms, out)) {
      return true;
    }
  }
  return false;
}

}  // namespace mcore
