// SPDX-License-Identifier: Apache-2.0
#include "tsdb/moved_aside.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/fd.h"
#include "base/file_copy.h"
#include "model/time_text.h"

namespace mcore {
namespace {

/// `20231115T053340Z`, a name that sorts by time.
std::string name_of_time(std::int64_t t_ms) {
  constexpr std::int64_t kSecond = 1000;
  std::string text = time_text_utc(t_ms - t_ms % kSecond);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string free_folder(const std::string& above, std::int64_t now_ms) {
  std::string folder = above + "/" + name_of_time(now_ms);
  for (int i = 2; path_exists(folder); ++i) {
    folder = fmt::format("{}/{}-{}", above, name_of_time(now_ms), i);
  }
  return folder;
}

void sync_below(const std::string& folder) {
  for (const DirectoryEntry& entry : list_directory(folder)) {
    if (entry.is_directory) {
      sync_below(folder + "/" + entry.name);
    }
  }
  sync_directory(folder);
}

}  // namespace

MovedAside::MovedAside(std::string store, std::int64_t now_ms, const NewFileOwner& owner)
    : store_(std::move(store)), folder_(free_folder(store_ + "/moved-aside", now_ms)), owner_(owner) {}

std::string MovedAside::place(const std::string& name) {
  create_owned_folder(store_ + "/moved-aside", owner_);
  create_owned_folder(folder_, owner_);
  is_used_ = true;
  for (std::size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    create_owned_folder(folder_ + "/" + name.substr(0, slash), owner_);
  }
  return folder_ + "/" + name;
}

void MovedAside::take(const std::string& name) {
  const std::string from = store_ + "/" + name;
  if (path_exists(from)) {
    rename_file(from, place(name));
  }
}

void MovedAside::keep(const std::string& name) {
  const std::string from = store_ + "/" + name;
  if (!path_exists(from)) {
    return;
  }
  const std::string to = place(name);
  if (link_file(from, to)) {
    return;
  }
  const Fd file(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    throw Error(ErrorKind::kIo, "open", from, errno_text(errno));
  }
  (void)copy_file(file.get(), from, file_size(file.get(), from), to, owner_);
}

void MovedAside::sync() const {
  if (is_used_) {
    sync_below(folder_);
    sync_directory(store_ + "/moved-aside");
    sync_directory(store_);
  }
}

}  // namespace mcore
