// SPDX-License-Identifier: Apache-2.0
// Bulk reading and careful reading of the same bytes must find the same samples and the same number of faults.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "../support/bulk_lines.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/fd.h"

namespace {

mcore::Fd file_of(const std::uint8_t* data, std::size_t size) {
  mcore::Fd file(::memfd_create("fuzz", MFD_CLOEXEC));
  if (mcore::write_all(file.get(), {reinterpret_cast<const char*>(data), size}) != 0) {
    std::abort();
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

/// A quote that goes over its line ends somewhere else for a reader that has many lines before it.
bool closes_quotes(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (std::ranges::count(line, '"') % 2 != 0 || line.find('\\') != std::string_view::npos) {
      return false;
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return true;
}

bool read(int fd, mcore::BulkLines& lines, mcore::LinesSink* sink) {
  try {
    mcore::read_lines(fd, lines, sink);
  } catch (const mcore::Error&) {
    return false;  // no stream of samples
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (!closes_quotes({reinterpret_cast<const char*>(data), size})) {
    return 0;
  }
  mcore::BulkLines quick;
  mcore::BulkLines careful;
  mcore::LinesSink sink(quick);
  const bool a = read(file_of(data, size).get(), quick, &sink);
  const bool b = read(file_of(data, size).get(), careful, nullptr);
  if (a != b || (a && (quick.samples != careful.samples || quick.faults.size() != careful.faults.size()))) {
    std::abort();
  }
  return 0;
}
