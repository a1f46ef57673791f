// SPDX-License-Identifier: Apache-2.0
#include "cli/suggest.h"

#include <algorithm>
#include <numeric>

namespace mcore {
namespace {

struct ForeignName {
  std::string_view theirs;
  std::string_view ours;
};
constexpr ForeignName kForeignNames[] = {
    {"--cacert", "--ca-file"},
    {"--cert", "--cert-file"},
    {"--config.file", "-c"},
    {"--enable-feature", "--native-histograms"},
    {"--extended", "--stats"},
    {"--http.config.file", "--http-config"},
    {"--insecure", "--insecure-skip-verify"},
    {"--insecure_skip_verify", "--insecure-skip-verify"},
    {"--key", "--key-file"},
    {"--location", "--no-follow-redirects"},
    {"--log.level", "-v"},
    {"--max-filesize", "--body-size-limit"},
    {"--max-time", "--timeout"},
    {"--out-format", "--format"},
    {"--output", "--format"},
    {"--scrape-timeout", "--timeout"},
    {"--scrape_timeout", "--timeout"},
    {"--silent", "--quiet"},
    {"--storage.path", "--store"},
    {"--storage.tsdb.path", "--store"},
    {"--unix-socket", "unix:PATH as the address"},
    {"--url", "the address as an operand"},
    {"--user", "--username"},
    {"--web.listen-address", "--listen"},
    {"-k", "--insecure-skip-verify"},
    {"-u", "--username"},
    {"fetch", "get"},
    {"lint", "check"},
    {"metrics", "check"},
    {"pull", "get"},
    {"scrape", "get"},
    {"validate", "check"},
};

/// Edits that turn `a` into `b`: a letter more, less, other, or two swapped.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::vector<std::size_t> next(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        next[j] = std::min(next[j], before[j - 2] + 1);
      }
    }
    before.swap(row);
    row.swap(next);
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  std::size_t least = std::clamp<std::size_t>(word.size() / 3, 1, 3) + 1;
  for (const std::string& candidate : candidates) {
    if (const std::size_t edits = distance(word, candidate); edits < least) {
      least = edits;
      best = &candidate;
    }
  }
  return best == nullptr ? std::string() : *best;
}

std::string_view our_name_for(std::string_view foreign) {
  const auto* row = std::ranges::find(kForeignNames, foreign, &ForeignName::theirs);
  return row == std::end(kForeignNames) ? std::string_view() : row->ours;
}

}  // namespace mcore
