// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_arena.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/mapped_file.h"

namespace mcore {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kRoom = std::size_t{1} << 26U;  // address space is free: room to grow without moving

std::size_t round_up(std::size_t size) noexcept {
  return (size + kPage - 1) / kPage * kPage;
}

/// Returns an errno value.
int allocate(int fd, std::size_t size) noexcept {
  int error = EINTR;
  while (error == EINTR) {
    error = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
  }
  return error;
}

[[noreturn]] void fail(std::string_view what, const std::string& path, int number) {
  throw Error(ErrorKind::kIo, what, path, errno_text(number));
}

}  // namespace

MappedArena MappedArena::create(const std::string& path, std::size_t size, const NewFileOwner& owner) {
  MappedArena arena;
  arena.path_ = path;
  arena.writable_ = true;
  arena.file_ = create_owned_file(path, O_RDWR | O_EXCL, owner);
  if (const int error = allocate(arena.file_.get(), round_up(size)); error != 0) {
    fail("reserve space for", path, error);
  }
  arena.map(round_up(size));
  return arena;
}

MappedArena MappedArena::open(const std::string& path, bool writable) {
  MappedArena arena;
  arena.path_ = path;
  arena.writable_ = writable;
  arena.file_ = Fd(::open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC));
  struct stat info {};
  if (!arena.file_.is_open() || ::fstat(arena.file_.get(), &info) != 0) {
    fail("open", path, errno);
  }
  arena.map(static_cast<std::size_t>(info.st_size));
  return arena;
}

MappedArena::MappedArena(MappedArena&& other) noexcept {
  *this = std::move(other);
}

MappedArena& MappedArena::operator=(MappedArena&& other) noexcept {
  if (this != &other) {
    close();
    path_ = std::move(other.path_);
    file_ = std::move(other.file_);
    writable_ = other.writable_;
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    mapped_ = std::exchange(other.mapped_, 0);
    slot_ = std::exchange(other.slot_, -1);
    device_ = other.device_;
    inode_ = other.inode_;
  }
  return *this;
}

MappedArena::~MappedArena() {
  close();
}

void MappedArena::close() noexcept {
  if (data_ != nullptr) {
    forget_mapping(slot_);
    ::munmap(data_, mapped_);
    data_ = nullptr;
  }
}

void MappedArena::map(std::size_t size) {
  if (size <= mapped_) {
    size_ = size;
    return;
  }
  const std::size_t length = round_up(writable_ ? size + std::max(size, kRoom) : std::max(size, std::size_t{1}));
  void* const start = data_ == nullptr ? ::mmap(nullptr, length, writable_ ? PROT_READ | PROT_WRITE : PROT_READ,
                                                MAP_SHARED, file_.get(), 0)
                                       : ::mremap(data_, mapped_, length, MREMAP_MAYMOVE);
  if (start == MAP_FAILED) {
    fail("map", path_, errno);
  }
  if (data_ == nullptr) {
    struct stat info {};
    if (::fstat(file_.get(), &info) == 0) {
      device_ = info.st_dev;
      inode_ = info.st_ino;
    }
  } else {
    forget_mapping(slot_);
  }
  data_ = static_cast<char*>(start);
  size_ = size;
  mapped_ = length;
  slot_ = remember_mapping(data_, mapped_, path_);
}

void MappedArena::grow(std::size_t end) {
  const std::size_t wanted = round_up(std::max(end, size_ + size_ / 8));
  // Blocks, not a hole: a hole that cannot be filled later on a full disk kills whoever touches it.
  int error = allocate(file_.get(), wanted);
  std::size_t got = wanted;
  if (error == ENOSPC) {
    got = round_up(end);
    error = allocate(file_.get(), got);
  }
  if (error != 0) {
    fail("reserve space for", path_, error);
  }
  map(got);
}

bool MappedArena::follow(std::size_t end) {
  if (end <= size_) {
    return true;
  }
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0) {
    fail("look at", path_, errno);
  }
  map(static_cast<std::size_t>(info.st_size));
  return end <= size_;
}

}  // namespace mcore
