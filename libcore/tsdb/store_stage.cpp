// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_stage.h"

#include "base/error.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

std::string stage_of(const std::string& store) {
  return store + "/head/import";
}

}  // namespace

void clean_stages(const std::string& store, const NewFileOwner& owner) {
  for (const DirectoryEntry& entry : list_directory(stage_of(store), true)) {
    const std::string folder = stage_of(store) + "/" + entry.name;
    try {
      if (is_ulid(entry.name) && FileLock::try_lock(folder + "/lock", owner)) {
        (void)remove_tree(folder);
      }
    } catch (const Error&) {
      continue;  // another process removes it just now
    }
  }
}

StoreStage::StoreStage(const std::string& store, const NewFileOwner& owner, std::int64_t now_ms) {
  create_owned_folder(store + "/head", owner);
  create_owned_folder(stage_of(store), owner);
  clean_stages(store, owner);
  // Between the making of a folder and of its lock another process may take it for garbage.
  for (;;) {
    folder_ = stage_of(store) + "/" + make_ulid(now_ms);
    create_owned_folder(folder_, owner);
    try {
      if (auto lock = FileLock::try_lock(folder_ + "/lock", owner); lock && path_exists(folder_ + "/lock")) {
        lock_ = std::move(*lock);
        return;
      }
    } catch (const Error&) {
      if (path_exists(folder_)) {
        throw;
      }
    }
  }
}

StoreStage::~StoreStage() {
  (void)remove_tree(folder_);
}

}  // namespace mcore
