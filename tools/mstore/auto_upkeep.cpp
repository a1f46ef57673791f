// SPDX-License-Identifier: Apache-2.0
#include "auto_upkeep.h"

#include <sys/stat.h>

#include <cstdlib>
#include <ctime>
#include <memory>

#include "base/detached_process.h"
#include "tsdb/head_upkeep.h"

namespace mcore {
namespace {

constexpr std::time_t kPauseSeconds = 30;

bool began_just_now(const std::string& store) {
  struct stat info {};
  return ::stat((store + "/head/upkeep").c_str(), &info) == 0 && std::time(nullptr) - info.st_mtime < kPauseSeconds;
}

}  // namespace

void start_upkeep_if_due(const std::string& store, const HeadCommit& commit, std::int64_t now_ms) {
  if (!is_upkeep_due(commit, now_ms) || began_just_now(store)) {
    return;
  }
  const std::unique_ptr<char, decltype(&std::free)> absolute(::realpath(store.c_str(), nullptr), &std::free);
  if (absolute != nullptr) {
    (void)start_detached({"mstore", "compact", "--auto", "-s", absolute.get()});
  }
}

}  // namespace mcore
