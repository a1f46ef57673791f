// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_directory.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <string_view>

#include "base/directory.h"
#include "base/error.h"

namespace mcore {
namespace {

constexpr std::string_view kCheckpointPrefix = "checkpoint.";
constexpr std::size_t kDigits = 8;

/// Only the spelling that servers write, so that no number has two names: eight digits, more without a leading zero.
std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  if (text.size() < kDigits || (text.size() > kDigits && text[0] == '0') || text[0] == '-') {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::optional<std::int64_t> LogListing::gap() const {
  for (std::size_t i = 1; i < segments.size(); ++i) {
    if (segments[i].number != segments[i - 1].number + 1) {
      return segments[i - 1].number + 1;
    }
  }
  return std::nullopt;
}

std::vector<LogSegment> LogListing::segments_from(std::int64_t number) const {
  std::vector<LogSegment> wanted;
  std::ranges::copy_if(segments, std::back_inserter(wanted),
                       [number](const LogSegment& segment) { return segment.number >= number; });
  return wanted;
}

LogListing list_log(const std::string& folder) {
  LogListing listing;
  for (const DirectoryEntry& entry : list_directory(folder, true)) {
    std::string path = folder + "/" + entry.name;
    if (entry.is_directory) {
      const bool named = entry.name.starts_with(kCheckpointPrefix);
      const auto number =
          named ? parse_number(std::string_view(entry.name).substr(kCheckpointPrefix.size())) : std::nullopt;
      if (number && (!listing.checkpoint || listing.checkpoint->number < *number)) {
        listing.checkpoint = LogCheckpoint{*number, std::move(path)};
      }
      continue;
    }
    const auto number = parse_number(entry.name);
    struct stat info {};
    if (!number) {
      continue;
    }
    if (::stat(path.c_str(), &info) != 0) {
      if (errno == ENOENT) {
        continue;
      }
      throw Error(ErrorKind::kIo, "list log", path, errno_text(errno));
    }
    listing.segments.push_back({*number, std::move(path), static_cast<std::uint64_t>(info.st_size)});
  }
  std::ranges::sort(listing.segments, {}, &LogSegment::number);
  return listing;
}

std::string segment_path(const std::string& folder, std::int64_t number) {
  return fmt::format("{}/{:08}", folder, number);
}

std::string checkpoint_path(const std::string& folder, std::int64_t number) {
  return fmt::format("{}/{}{:08}", folder, kCheckpointPrefix, number);
}

}  // namespace mcore
