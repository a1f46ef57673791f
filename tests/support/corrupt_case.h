// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "support/conformance.h"

namespace mcore {

/// Builds a damaged store of the recordings: a copy of `tsdb/small`, without the files that the case removes, with
/// those that it changes. Returns the case's expected.json.
inline nlohmann::json copy_corrupt_case(const std::filesystem::path& conformance, const std::string& name,
                                        const std::filesystem::path& to) {
  namespace fs = std::filesystem;
  const fs::path folder = conformance / "tsdb" / "corrupt" / name;
  nlohmann::json expected = nlohmann::json::parse(read_test_file(folder / "expected.json"));
  fs::copy(conformance / "tsdb" / "small" / "data", to, fs::copy_options::recursive);
  for (const auto& removed : expected["removed_files"]) {
    fs::remove_all(to / removed.get<std::string>());
  }
  if (fs::exists(folder / "files")) {
    fs::copy(folder / "files", to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  return expected;
}

}  // namespace mcore
