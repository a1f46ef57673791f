// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/directory.h"
#include "base/file_lock.h"
#include "tsdb/block_check.h"
#include "tsdb/block_list.h"
#include "tsdb/head_check.h"
#include "tsdb/head_chunks.h"
#include "tsdb/log_check.h"
#include "tsdb/store_writer.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

using Part = StoreFinding::Part;

/// What servers and our own upkeep leave behind when they are killed: ULID.tmp-for-deletion and its like.
bool is_leftover_block(const DirectoryEntry& entry) {
  const std::string_view name = entry.name;
  return entry.is_directory && name.size() > kUlidSize && is_ulid(name.substr(0, kUlidSize)) &&
         name.substr(kUlidSize).starts_with(".tmp");
}

class Verification {
 public:
  Verification(std::string store, const FindingReport& report, const VerifyOptions& options)
      : store_(std::move(store)), report_(report), options_(options) {}

  VerifyResult run_store() {
    for (const char* const name : {"/wal", "/wbl"}) {
      total_ += tree_bytes(store_ + name);
    }
    const BlockListing listing = list_all_blocks(store_, [this](const Error& error) { find(Part::kBlock, error); });
    for (const BlockEntry& block : listing.blocks) {
      total_ += tree_bytes(block.folder);
    }
    // Logs first: what goes from there into blocks meanwhile is seen twice, and not missed.
    check_logs();
    for (const BlockEntry& block : listing.blocks) {
      check_one(block.folder);
    }
    check_head_chunks();
    check_memory_snapshots();
    look_for_leftovers(listing);
    return result_;
  }
  VerifyResult run_block() {
    total_ = tree_bytes(store_);
    check_one(store_);
    return result_;
  }

 private:
  bool is_over() {
    result_.cancelled = result_.cancelled || (options_.is_cancelled && options_.is_cancelled());
    return result_.cancelled;
  }
  void say(const StoreFinding& finding) {
    ++(finding.is_note ? result_.notes : result_.findings);
    report_(finding);
  }
  void find(Part part, const Error& error) { say(finding_of(part, error)); }
  void note(const std::string& path, std::string text) {
    say({.is_note = true, .part = Part::kStore, .path = path, .text = std::move(text)});
  }
  void show(std::uint64_t more) const {
    if (options_.on_bytes) {
      options_.on_bytes(done_ + more, total_);
    }
  }

  void check_one(const std::string& folder) {
    if (is_over()) {
      return;
    }
    std::vector<Error> errors;
    check_block(folder, [&](const Error& error) { errors.push_back(error); });
    if (!errors.empty() && !path_exists(folder)) {
      return;  // another block has taken its place meanwhile
    }
    ++result_.blocks;
    for (const Error& error : errors) {
      find(Part::kBlock, error);
    }
    done_ += tree_bytes(folder);
    show(0);
  }

  void check_logs() {
    LogRefs refs;
    LogCheckOptions options;
    options.on_progress = [this](std::uint64_t bytes) { show(bytes); };
    options.is_cancelled = options_.is_cancelled;
    const FindingReport report = [this](const StoreFinding& finding) { say(finding); };
    const LogCheckResult wal = check_log(store_, LogKind::kWal, refs, report, options);
    done_ += tree_bytes(store_ + "/wal");
    const LogCheckResult wbl = check_log(store_, LogKind::kWbl, refs, report, options);
    done_ += tree_bytes(store_ + "/wbl");
    result_.records = wal.records + wbl.records;
    result_.cancelled = wal.cancelled || wbl.cancelled;
    if (is_over()) {
      return;
    }
    HeadCheckOptions head;
    head.log_is_damaged = wal.findings + wbl.findings > 0;
    head.is_cancelled = options_.is_cancelled;
    head.on_progress = options_.on_series;
    const HeadCheckResult checked = check_head(store_, refs, report, head);
    result_.series = checked.series;
    result_.cancelled = result_.cancelled || checked.cancelled;
  }

  /// A server writes the last file while it runs: what is torn there is not damage.
  void check_head_chunks() {
    const bool is_live = !describe_lock_holder(store_ + "/lock").empty();
    std::vector<DirectoryEntry> files = list_directory(store_ + "/chunks_head", true);
    const std::string last = files.empty() ? std::string() : "/" + files.back().name;
    each_head_chunk(
        store_ + "/chunks_head",
        [&](const Error& error) {
          StoreFinding finding = finding_of(Part::kHeadChunks, error);
          finding.is_note = is_live && finding.path.ends_with(last);
          say(finding);
        },
        [](const HeadChunk&) {});
  }

  void check_memory_snapshots() {
    for (const DirectoryEntry& entry : list_directory(store_)) {
      if (!entry.is_directory || !entry.name.starts_with("chunk_snapshot.") || entry.name.ends_with(".tmp")) {
        continue;
      }
      LogSequence log(store_ + "/" + entry.name, LogKind::kWal);
      if (log.open() != LogOpenStatus::kOpened) {
        continue;
      }
      for (LogReadStatus status = log.next();; status = log.next()) {
        if (status == LogReadStatus::kCorrupt) {
          find(Part::kHeadChunks, log.fault());
          log.skip_damage();
        } else if (status == LogReadStatus::kTorn) {
          find(Part::kHeadChunks,
               Error(ErrorKind::kCorrupt, "read memory snapshot", log.path(), "the file ends inside a record"));
          break;
        } else if (status != LogReadStatus::kRecord) {
          break;
        }
      }
    }
  }

  void look_for_leftovers(const BlockListing& listing) {
    for (const BlockEntry& block : listing.superseded) {
      note(block.folder, "another block has taken its place; upkeep removes it");
    }
    for (const DirectoryEntry& entry : list_directory(store_)) {
      const bool is_snapshot = entry.name.starts_with("chunk_snapshot.") && entry.name.ends_with(".tmp");
      if (is_leftover_block(entry) || is_snapshot) {
        note(store_ + "/" + entry.name, "left over; upkeep and servers remove it");
      }
    }
  }

  std::string store_;
  const FindingReport& report_;
  const VerifyOptions& options_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  VerifyResult result_;
};

}  // namespace

VerifyResult verify_store(const std::string& path, const FindingReport& report, const VerifyOptions& options) {
  Verification verification(path, report, options);
  if (path_exists(path + "/meta.json") && path_exists(path + "/chunks")) {
    return verification.run_block();
  }
  if (!is_store(path)) {
    (void)list_directory(path);  // says what is wrong with the folder, if anything
    throw Error(ErrorKind::kUsage, "verify", path, "neither a log nor blocks are here");
  }
  return verification.run_store();
}

}  // namespace mcore
