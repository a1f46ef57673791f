// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_access.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/error.h"
#include "tsdb/head_home.h"
#include "tsdb/private_head.h"

namespace mcore {
namespace {

/// The store's own head if it serves. One that is behind the log does while a writer is at it: what is not published
/// yet was promised to nobody, and may be half a batch. With no writer there the log has records that this head will
/// not get to know before the next one comes: of a killed writer, or of a tool with another head format.
std::optional<HeadFiles> own_head(const std::string& store) {
  constexpr int kTries = 20;
  for (int tries = 0; tries < kTries; ++tries) {
    std::optional<HeadFiles> files = open_newest_head(store + "/head", false);
    if (!files.has_value()) {
      return std::nullopt;
    }
    const HeadCommit commit = files->published();
    const HeadStanding standing = compare_with_logs(commit, look_at_logs(store));
    if (standing == HeadStanding::kCurrent) {
      return files;
    }
    const bool is_last = tries + 1 == kTries;
    const bool writer_is_at_it = !describe_lock_holder(store + "/lock").empty();
    if (standing == HeadStanding::kBehind && writer_is_at_it && is_last) {
      return files;
    }
    const bool upkeep_is_at_it = !describe_lock_holder(store + "/head/upkeep").empty();
    if (commit.number == files->published().number && tries > 1 && !writer_is_at_it && !upkeep_is_at_it) {
      return std::nullopt;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return std::nullopt;
}

/// Whether other machines may have the directory mounted: memory that two of them map is not shared.
bool is_on_network(const std::string& store) noexcept {
  struct statfs info {};
  if (::statfs(store.c_str(), &info) != 0) {
    return false;
  }
  constexpr std::array<std::uint32_t, 9> kNetwork = {
      0x6969,      // NFS
      0xFF534D42,  // CIFS
      0xFE534D42,  // SMB2
      0x517B,      // SMB
      0x65735546,  // FUSE: sshfs and its like
      0x01021997,  // 9p
      0x5346414F,  // AFS
      0x00C36400,  // Ceph
      0x0BD00BD0,  // Lustre
  };
  return std::ranges::find(kNetwork, static_cast<std::uint32_t>(info.f_type)) != kNetwork.end();
}

/// A folder of the user's cache for the head of this very directory, empty if there is no place.
std::string cache_folder(const std::string& store) {
  std::string base;
  if (const char* const cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    base = cache;
  } else if (const char* const home = std::getenv("HOME"); home != nullptr && *home == '/') {
    base = std::string(home) + "/.cache";
  } else {
    return {};
  }
  struct stat info {};
  if (::stat(store.c_str(), &info) != 0) {
    return {};
  }
  return fmt::format("{}/metricutils/heads/{:x}-{:x}", base, static_cast<std::uint64_t>(info.st_dev),
                     static_cast<std::uint64_t>(info.st_ino));
}

/// Makes a folder with those above it; false if that cannot be.
bool make_folders(const std::string& path) {
  NewFileOwner owner;
  owner.folder_mode = 0700;
  owner.file_mode = 0600;
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string folder = path.substr(0, slash);
    if (!path_exists(folder)) {
      try {
        create_owned_folder(folder, owner);
      } catch (const Error&) {
        return false;
      }
    }
    if (slash == std::string::npos) {
      return ::access(path.c_str(), W_OK | X_OK) == 0;
    }
  }
}

std::optional<HeadFiles> cached_head(const std::string& store, const std::string& folder, std::int64_t in_order_from,
                                     const DamageReport& on_damage) {
  const HeadHome home(store, folder, private_owner(),
                      is_on_network(store));  // there writers keep theirs in the cache too
  constexpr std::chrono::minutes kPatience(1);
  const auto writer = home.lock_writer(kPatience);
  if (!writer.has_value()) {
    throw Error(ErrorKind::kBusy, "lock head", home.writer_lock_path(),
                "held by " + describe_lock_holder(home.writer_lock_path()));
  }
  std::optional<HeadFiles> files;
  (void)home.catch_up(files, in_order_from, on_damage);
  return files;
}

/// A head that this process alone has: its files are removed as soon as they are mapped.
std::optional<HeadFiles> private_head(const std::string& store, std::int64_t in_order_from,
                                      const DamageReport& on_damage) {
  const PrivateHeadHome place(store);
  std::optional<HeadFiles> files;
  (void)place.home().catch_up(files, in_order_from, on_damage);
  return files;
}

}  // namespace

std::optional<HeadFiles> open_head_for_reading(const std::string& store, std::int64_t in_order_from,
                                               const DamageReport& on_damage) {
  const LogState logs = look_at_logs(store);
  if (logs.wal_segment < 0 && logs.checkpoint < 0 && logs.wbl_segment < 0) {
    return std::nullopt;
  }
  if (auto files = own_head(store); files.has_value()) {
    return files;
  }
  if (const std::string folder = cache_folder(store); !folder.empty() && make_folders(folder)) {
    return cached_head(store, folder, in_order_from, on_damage);
  }
  return private_head(store, in_order_from, on_damage);
}

std::string head_folder_for_writing(const std::string& store) {
  if (is_on_network(store)) {
    if (const std::string folder = cache_folder(store); !folder.empty() && make_folders(folder)) {
      return folder;
    }
  }
  return store + "/head";
}

}  // namespace mcore
