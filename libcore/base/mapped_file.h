// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mcore {

/// A whole file mapped for reading.
///
/// Lifetime: move-only, empty when moved from; views of bytes() live as long as it does. The mapping stays whole when
///           the file is unlinked or renamed.
/// Errors:   open() throws Error (kIo). A file that is truncated or becomes unreadable under its mapping ends the
///           process with one error line and exit code 3, if guard_mappings() was called; there is no other way to go
///           on.
/// Threads:  any number may read.
class MappedFile {
 public:
  MappedFile() noexcept = default;
  [[nodiscard]] static MappedFile open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] std::string_view bytes() const noexcept { return {data_, size_}; }

 private:
  void close() noexcept;

  const char* data_ = nullptr;
  std::size_t size_ = 0;
  int slot_ = -1;  // in the table of guarded mappings
};

/// Remembers a mapping made elsewhere for the message of guard_mappings(); -1 if the table is full (the message then
/// lacks the path). `path` is copied. forget_mapping() takes what remember_mapping() gave.
[[nodiscard]] int remember_mapping(const void* start, std::size_t size, std::string_view path) noexcept;
void forget_mapping(int slot) noexcept;

/// From now on an access to a mapped page that cannot be had writes `TOOL: read mapped file: PATH: ...` to standard
/// error and ends the process with code 3. Called once, at the start of a tool.
void guard_mappings(const char* tool) noexcept;

}  // namespace mcore
