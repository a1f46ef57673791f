// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/fd.h"

namespace mcore {
namespace {

// A signal handler can look nowhere but into memory that is always whole: a fixed table, each slot published by its
// start address.
struct Guarded {
  std::atomic<bool> taken{false};
  std::atomic<std::uintptr_t> start{0};
  std::size_t size = 0;
  std::array<char, 200> path{};
};
constexpr std::size_t kGuardedCount = 1024;
std::array<Guarded, kGuardedCount> guarded;
std::array<char, 32> tool_name{};

void put(char*& out, const char* end, const char* text) noexcept {
  while (*text != '\0' && out != end) {
    *out++ = *text++;
  }
}

[[noreturn]] void on_bus_error(int /*signal*/, siginfo_t* info, void* /*context*/) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const char* path = "";
  for (const Guarded& entry : guarded) {
    const std::uintptr_t start = entry.start.load(std::memory_order_acquire);
    if (start != 0 && address >= start && address - start < entry.size) {
      path = entry.path.data();
      break;
    }
  }
  std::array<char, 512> line{};
  char* out = line.data();
  const char* const end = line.data() + line.size();
  put(out, end, tool_name.data());
  put(out, end, ": read mapped file: ");
  put(out, end, path);
  put(out, end, ": truncated or unreadable while in use\n");
  [[maybe_unused]] const ssize_t written =
      ::write(STDERR_FILENO, line.data(), static_cast<std::size_t>(out - line.data()));
  ::_exit(3);
}

}  // namespace

MappedFile MappedFile::open(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0) {
    throw Error(ErrorKind::kIo, "open", path, errno_text(errno));
  }
  MappedFile mapped;
  if (info.st_size == 0) {
    return mapped;  // an empty mapping is an error to mmap, an empty file is none
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  void* const start = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (start == MAP_FAILED) {
    throw Error(ErrorKind::kIo, "map", path, errno_text(errno));
  }
  mapped.data_ = static_cast<const char*>(start);
  mapped.size_ = size;
  mapped.slot_ = remember_mapping(start, size, path);
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      slot_(std::exchange(other.slot_, -1)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  if (this != &other) {
    close();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    slot_ = std::exchange(other.slot_, -1);
  }
  return *this;
}

MappedFile::~MappedFile() {
  close();
}

void MappedFile::close() noexcept {
  if (data_ != nullptr) {
    forget_mapping(slot_);
    ::munmap(const_cast<char*>(data_), size_);
    data_ = nullptr;
  }
}

int remember_mapping(const void* start, std::size_t size, std::string_view path) noexcept {
  for (std::size_t i = 0; i < guarded.size(); ++i) {
    Guarded& entry = guarded[i];
    bool expected = false;
    if (!entry.taken.compare_exchange_strong(expected, true)) {
      continue;
    }
    const std::size_t most = entry.path.size() - 1;
    const std::size_t skipped = path.size() > most ? path.size() - most : 0;  // the end of a path says more
    entry.path.fill('\0');
    std::ranges::copy(path.substr(skipped), entry.path.begin());
    entry.size = size;
    entry.start.store(reinterpret_cast<std::uintptr_t>(start), std::memory_order_release);
    return static_cast<int>(i);
  }
  return -1;
}

void forget_mapping(int slot) noexcept {
  if (slot >= 0) {
    Guarded& entry = guarded[static_cast<std::size_t>(slot)];
    entry.start.store(0, std::memory_order_release);
    entry.taken.store(false, std::memory_order_release);
  }
}

void guard_mappings(const char* tool) noexcept {
  std::strncpy(tool_name.data(), tool, tool_name.size() - 1);
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace mcore
