// SPDX-License-Identifier: Apache-2.0
#include "promql/query_notes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/number_text.h"
#include "model/labels.h"
#include "model/time_text.h"

namespace mcore {
namespace {

std::int64_t whole_seconds(std::int64_t t_ms) noexcept {
  return t_ms / 1000 * 1000;
}

}  // namespace

void QueryNotes::add(bool is_warning, SourceRange at, std::string_view text) {
  notes_[{.is_info = !is_warning, .text = std::string(text)}].at = at;
}

void QueryNotes::forced_monotonicity(SourceRange at, std::string_view metric_name, std::int64_t t_ms, double min_bucket,
                                     double max_bucket, double max_difference) {
  std::string text =
      "input to histogram_quantile needed to be fixed for monotonicity (see "
      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";
  if (!metric_name.empty()) {
    text += " for metric name ";
    append_quoted_value(text, metric_name);
  }
  QueryNotes one;
  one.notes_[{.is_info = true, .text = std::move(text)}] = {.at = at,
                                                            .forced = 1,
                                                            .min_t_ms = t_ms,
                                                            .max_t_ms = t_ms,
                                                            .min_bucket = min_bucket,
                                                            .max_bucket = max_bucket,
                                                            .max_difference = max_difference};
  join(one);
}

void QueryNotes::start_overlap(SourceRange at, std::string_view metric_name) {
  std::string text = "sample has start time that overlaps with previous sample timestamp for metric ";
  append_quoted_value(text, metric_name);
  const auto [note, is_new] = notes_.try_emplace({.is_info = false, .text = std::move(text)});
  if (is_new) {
    note->second.at = at;
  }
  ++note->second.overlaps;
}

void QueryNotes::join(const QueryNotes& other) {
  for (const auto& [key, note] : other.notes_) {
    const auto [at, is_new] = notes_.try_emplace(key, note);
    if (is_new) {
      continue;
    }
    Note& mine = at->second;
    if (note.forced == 0 && note.overlaps == 0) {
      mine.at = note.at;
      continue;
    }
    mine.overlaps += note.overlaps;  // the place of the first stays with the counts and extremes of all
    mine.forced += note.forced;
    mine.min_t_ms = std::min(mine.min_t_ms, note.min_t_ms);
    mine.max_t_ms = std::max(mine.max_t_ms, note.max_t_ms);
    mine.min_bucket = std::min(mine.min_bucket, note.min_bucket);
    mine.max_bucket = std::max(mine.max_bucket, note.max_bucket);
    mine.max_difference = std::max(mine.max_difference, note.max_difference);
  }
}

std::vector<QueryNote> QueryNotes::texts(std::string_view query) const {
  std::vector<QueryNote> texts;
  for (const auto& [key, note] : notes_) {
    std::string text = (key.is_info ? "PromQL info: " : "PromQL warning: ") + key.text;
    if (note.forced > 0) {
      text += fmt::format(", from buckets {} to {}, with a max diff of {:.2g}, over {} samples from {} to {}",
                          float_text(note.min_bucket), float_text(note.max_bucket), note.max_difference, note.forced,
                          time_text_utc(whole_seconds(note.min_t_ms)), time_text_utc(whole_seconds(note.max_t_ms)));
    }
    if (note.overlaps > 1) {
      text += fmt::format(" ({} occurrences)", note.overlaps);
    }
    text += " (" + source_position(query, note.at.begin) + ")";
    texts.push_back({.is_warning = !key.is_info, .text = std::move(text)});
  }
  return texts;
}

std::string source_position(std::string_view query, std::uint32_t offset) {
  const std::string_view before = query.substr(0, std::min<std::size_t>(offset, query.size()));
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t begin = before.rfind('\n');  // npos + 1 is 0
  return fmt::format("{}:{}", line, before.size() - (begin + 1) + 1);
}

}  // namespace mcore
