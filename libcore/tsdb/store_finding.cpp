// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_finding.h"

#include <fmt/format.h>

#include <charconv>

namespace mcore {
namespace {

constexpr std::string_view kAtByte = " at byte ";

/// The number behind the last "at byte" of a text; `end` is set to where that begins, if nothing follows the number.
std::optional<std::uint64_t> byte_of(std::string_view text, std::size_t& end) {
  end = text.size();
  const std::size_t found = text.rfind(kAtByte);
  if (found == std::string_view::npos) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  const char* const begin = text.data() + found + kAtByte.size();
  const auto [at, error] = std::from_chars(begin, text.data() + text.size(), number);
  if (error != std::errc()) {
    return std::nullopt;
  }
  if (at == text.data() + text.size()) {
    end = found;
  }
  return number;
}

}  // namespace

std::string_view finding_part_text(StoreFinding::Part part) noexcept {
  switch (part) {
    case StoreFinding::Part::kStore:
      return "store";
    case StoreFinding::Part::kBlock:
      return "block";
    case StoreFinding::Part::kLog:
      return "log";
    case StoreFinding::Part::kHead:
      return "head";
    case StoreFinding::Part::kHeadChunks:
      return "head chunks";
  }
  return {};
}

StoreFinding finding_of(StoreFinding::Part part, const Error& error) {
  StoreFinding finding{.part = part};
  std::size_t end = 0;
  finding.offset = byte_of(error.where(), end);
  finding.path = error.where().substr(0, end);
  finding.text = error.why();
  if (!finding.offset.has_value()) {
    finding.offset = byte_of(error.why(), end);
    finding.text.resize(end);
  }
  return finding;
}

std::string finding_text(const StoreFinding& finding) {
  const bool says_where = !finding.offset.has_value() || finding.text.find(kAtByte) != std::string::npos;
  return says_where ? fmt::format("{}: {}", finding.path, finding.text)
                    : fmt::format("{} at byte {}: {}", finding.path, *finding.offset, finding.text);
}

}  // namespace mcore
