// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tsdb/head_home.h"

namespace mcore {

/// A place for a head that one process has to itself: a folder in memory, or a temporary one, that goes with the
/// object. What of the head is mapped stays.
///
/// Errors: throws Error (kIo) where no such folder can be made.
class PrivateHeadHome {
 public:
  explicit PrivateHeadHome(const std::string& store);
  PrivateHeadHome(const PrivateHeadHome&) = delete;
  PrivateHeadHome& operator=(const PrivateHeadHome&) = delete;
  ~PrivateHeadHome();

  [[nodiscard]] const HeadHome& home() const noexcept { return home_; }

 private:
  std::string folder_;
  HeadHome home_;
};

/// Files and folders that only their owner can look at.
[[nodiscard]] NewFileOwner private_owner() noexcept;

}  // namespace mcore
