// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/directory.h"

namespace mcore {

/// Told how many more bytes were copied; false calls the copying off.
using CopyProgress = std::function<bool(std::uint64_t bytes)>;

/// Copies the first `size` bytes of an open file into a new one, which is synced; the blocks are shared where the file
/// system can. False if it was called off: what is there then is the caller's to remove.
/// Errors: throws Error (kIo), also when the file is shorter than that.
bool copy_file(int from, const std::string& from_path, std::uint64_t size, const std::string& to,
               const NewFileOwner& owner, const CopyProgress& progress = {});

/// Gives a file another name. False where that cannot be: another file system, one without links, or a file that must
/// not be linked. Errors: throws Error (kIo) for all else; `from` that is gone too.
[[nodiscard]] bool link_file(const std::string& from, const std::string& to);

/// Bytes of an open file. Throws Error (kIo).
[[nodiscard]] std::uint64_t file_size(int fd, const std::string& path);

/// Gives a file or folder another name; what stood there, a file or an empty folder, is replaced. Throws Error (kIo).
void rename_file(const std::string& from, const std::string& to);

}  // namespace mcore
