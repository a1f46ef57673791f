// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/directory.h"
#include "base/file_lock.h"

namespace mcore {

/// A folder inside of a store for what is not finished yet: STORE/head/import/<ULID>, which no server cleans up. A lock
/// in it says that its owner lives; those of others that do not are removed on the way.
///
/// Lifetime: the destructor removes the folder.
/// Errors:   throws Error (kIo).
class StoreStage {
 public:
  StoreStage(const std::string& store, const NewFileOwner& owner, std::int64_t now_ms);
  ~StoreStage();
  StoreStage(const StoreStage&) = delete;
  StoreStage& operator=(const StoreStage&) = delete;

  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

 private:
  std::string folder_;
  FileLock lock_;
};

/// Removes what processes that are gone left in a store's stage.
void clean_stages(const std::string& store, const NewFileOwner& owner);

}  // namespace mcore
