// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/directory.h"
#include "base/fd.h"

namespace mcore {

/// A file that several processes map at once and that one of them at a time makes longer; it never shrinks.
///
/// Shape:    bytes from 0 to size() are backed by blocks of the disk: writing to them cannot fail for want of space.
/// Lifetime: move-only. What refers into it keeps offsets: reserve() and follow() may move the mapping.
/// Errors:   throws Error (kIo): a full disk shows in reserve(), never as a signal.
/// Threads:  one; other processes may read and write what their protocol allows.
class MappedArena {
 public:
  MappedArena() noexcept = default;
  /// A new file of that many zero bytes. Fails if there is one.
  [[nodiscard]] static MappedArena create(const std::string& path, std::size_t size, const NewFileOwner& owner);
  [[nodiscard]] static MappedArena open(const std::string& path, bool writable);
  MappedArena(MappedArena&& other) noexcept;
  MappedArena& operator=(MappedArena&& other) noexcept;
  MappedArena(const MappedArena&) = delete;
  MappedArena& operator=(const MappedArena&) = delete;
  ~MappedArena();

  [[nodiscard]] char* data() noexcept { return data_; }
  [[nodiscard]] const char* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Makes the file at least `end` bytes long, by an eighth at once so that growing stays rare.
  void reserve(std::size_t end) {
    if (end > size_) {
      grow(end);
    }
  }
  /// Maps what others added to the file; false if it still has less than `end` bytes.
  [[nodiscard]] bool follow(std::size_t end);
  [[nodiscard]] std::uint64_t device() const noexcept { return device_; }
  [[nodiscard]] std::uint64_t inode() const noexcept { return inode_; }

 private:
  void grow(std::size_t end);
  void map(std::size_t size);
  void close() noexcept;

  std::string path_;
  Fd file_;
  bool writable_ = false;
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0;  // at least size_: room to grow into without moving
  int slot_ = -1;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
};

}  // namespace mcore
