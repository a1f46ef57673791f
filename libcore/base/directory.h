// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace mcore {

/// One name in a folder.
struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
};

/// What a folder holds, without `.` and `..`, sorted by name. A folder that does not exist holds nothing if `may_lack`.
/// Errors: throws Error (kIo).
[[nodiscard]] std::vector<DirectoryEntry> list_directory(const std::string& path, bool may_lack = false);

/// Makes a folder's new, renamed and removed names durable. Throws Error (kIo).
void sync_directory(const std::string& path);

/// How new files of a store are owned: like its directory, so that users of one group, root among them, share it.
///
/// Shape: group and group permission follow the directory; the owner too where the process may say so (root).
struct NewFileOwner {
  uid_t user = static_cast<uid_t>(-1);
  gid_t group = static_cast<gid_t>(-1);
  mode_t file_mode = 0644;
  mode_t folder_mode = 0755;
  bool sets_owner = false;
};
/// The rule for new files in the store at `directory`. Throws Error (kIo).
[[nodiscard]] NewFileOwner owner_of_new_files(const std::string& directory);

/// Creates a file for writing (flags as open(2), O_CREAT and O_CLOEXEC are added) or a folder by that rule; a folder
/// that exists already is left alone. Throws Error (kIo).
[[nodiscard]] Fd create_owned_file(const std::string& path, int flags, const NewFileOwner& owner);
void create_owned_folder(const std::string& path, const NewFileOwner& owner);

/// Removes a folder with everything in it, as far as it can; false if something is left.
bool remove_tree(const std::string& path) noexcept;

/// Whether something stands at `path`; a path that cannot be asked counts as absent.
[[nodiscard]] bool path_exists(const std::string& path) noexcept;

/// Bytes of all files below a folder, or of a file; what cannot be looked at or vanishes meanwhile counts nothing.
[[nodiscard]] std::uint64_t tree_bytes(const std::string& path) noexcept;

/// The id of this boot of the machine, empty where the system has none.
[[nodiscard]] std::string boot_id();

}  // namespace mcore
