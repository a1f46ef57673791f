// SPDX-License-Identifier: Apache-2.0
#include "support/conformance.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace mcore {
namespace {

std::optional<std::filesystem::path> first_folder(const char* variable, const std::filesystem::path& otherwise) {
  const char* const set = std::getenv(variable);
  std::filesystem::path folder = set != nullptr ? std::filesystem::path(set) : otherwise;
  if (!std::filesystem::is_directory(folder)) {
    return std::nullopt;
  }
  return folder;
}

}  // namespace

std::optional<std::filesystem::path> conformance_folder() {
  return first_folder("METRICUTILS_CONFORMANCE",
                      std::filesystem::path(METRICUTILS_SOURCE_DIR) / ".." / "shared" / "conformance");
}

std::optional<std::filesystem::path> peers_folder() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  const char* const home = std::getenv("HOME");
  const std::filesystem::path base = cache != nullptr
                                         ? std::filesystem::path(cache)
                                         : std::filesystem::path(home != nullptr ? home : "/root") / ".cache";
  return first_folder("METRICUTILS_PEERS", base / "metricutils-peers");
}

std::string read_test_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot read " + path.string());
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace mcore
