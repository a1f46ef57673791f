// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/directory.h"

namespace mcore {

/// STORE/moved-aside/<time>: where repair puts what it takes out of a store, under the names it had there. Nobody reads
/// it: what is in there is for its owner to look at, append again or remove.
///
/// Lifetime: the folder is made with the first thing that goes there.
/// Errors:   throws Error (kIo).
class MovedAside {
 public:
  MovedAside(std::string store, std::int64_t now_ms, const NewFileOwner& owner);

  /// Moves a file or folder of the store: `wal/00000003`. Nothing happens if it is not there. Requires: the store's
  /// lock.
  void take(const std::string& name);
  /// Puts a copy, or a second name, of a file there that is about to be replaced.
  void keep(const std::string& name);
  /// The path for a new thing; the folders above it are made.
  [[nodiscard]] std::string place(const std::string& name);
  /// Makes all of it durable.
  void sync() const;
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  [[nodiscard]] bool is_used() const noexcept { return is_used_; }

 private:
  std::string store_;
  std::string folder_;
  NewFileOwner owner_;
  bool is_used_ = false;
};

}  // namespace mcore
