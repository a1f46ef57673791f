// SPDX-License-Identifier: Apache-2.0
#include "tsdb/private_head.h"

#include <cstdlib>

#include "base/error.h"

namespace mcore {
namespace {

std::string make_folder(const std::string& store) {
  for (const char* const base : {"/dev/shm", "/tmp", "/var/tmp"}) {
    std::string folder = std::string(base) + "/metricutils.XXXXXX";
    if (::mkdtemp(folder.data()) != nullptr) {
      return folder;
    }
  }
  throw Error(ErrorKind::kIo, "build head", store, "no folder to build it in: set XDG_CACHE_HOME");
}

}  // namespace

NewFileOwner private_owner() noexcept {
  NewFileOwner owner;
  owner.file_mode = 0600;
  owner.folder_mode = 0700;
  return owner;
}

PrivateHeadHome::PrivateHeadHome(const std::string& store)
    : folder_(make_folder(store)), home_(store, folder_, private_owner(), false) {}

PrivateHeadHome::~PrivateHeadHome() {
  (void)remove_tree(folder_);
}

}  // namespace mcore
