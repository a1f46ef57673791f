// SPDX-License-Identifier: Apache-2.0
#include "ingest/stream_format.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/error.h"
#include "base/strings.h"

namespace mcore {
namespace {

using enum StreamFormat;

/// What is looked at before text without a sign is taken for the Prometheus format.
constexpr std::size_t kTextWindow = 1 << 20;
constexpr std::size_t kBinaryWindow = 512;

struct FormatWord {
  StreamFormat format;
  std::string_view word;
};
constexpr FormatWord kWords[] = {{kPrometheusText, "prom"}, {kOpenMetrics, "openmetrics"},
                                 {kProtobuf, "proto"},      {kRw2, "rw2"},
                                 {kJsonLines, "jsonl"},     {kCsv, "csv"}};

enum class Guess : std::uint8_t { kNo, kYes, kMore };

/// Whether the bytes begin as a delimited MetricFamily does: its length, field 1 with the family's name, and behind
/// that another field of it or its end. A text could look like that only in its first two characters.
Guess is_metric_family(std::string_view start, bool at_end) noexcept {
  const Guess open = at_end ? Guess::kNo : Guess::kMore;
  ByteReader reader(start);
  const std::uint64_t length = reader.uvarint();
  if (!reader.ok()) {
    return start.size() < kMaxVarintSize ? open : Guess::kNo;
  }
  const std::size_t left = reader.left();
  if (left > 0 && reader.u8() != 0x0A) {
    return Guess::kNo;
  }
  const std::uint64_t name_size = reader.uvarint();
  if (!reader.ok()) {
    return left < 1 + kMaxVarintSize ? open : Guess::kNo;
  }
  const std::size_t head = left - reader.left();  // tag and size of the name
  if (name_size == 0 || name_size > 4096 || head + name_size > length) {
    return Guess::kNo;
  }
  const std::string_view name = reader.bytes(std::min<std::uint64_t>(name_size, reader.left()));
  if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return Guess::kNo;
  }
  if (name.size() < name_size) {
    return open;
  }
  if (head + name_size == length) {
    return Guess::kYes;
  }
  if (reader.left() == 0) {
    return open;
  }
  const std::uint8_t tag = reader.u8();
  return tag == 0x12 || tag == 0x18 || tag == 0x22 || tag == 0x2A ? Guess::kYes : Guess::kNo;
}

/// Whether they begin as a delimited remote-write 2.0 request does: its length, then the symbol table (field 4), whose
/// first entry is always the empty string. No text has a zero byte there.
Guess is_rw2(std::string_view start, bool at_end) noexcept {
  ByteReader reader(start);
  reader.uvarint();
  const std::string_view want("\x22\0", 2);
  if (!reader.ok()) {
    return start.size() < kMaxVarintSize && !at_end ? Guess::kMore : Guess::kNo;
  }
  const std::string_view have = reader.bytes(std::min(reader.left(), want.size()));
  if (have == want) {
    return Guess::kYes;
  }
  return want.starts_with(have) && !at_end ? Guess::kMore : Guess::kNo;
}

std::string_view without_blanks(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

/// `{"key":` where the text format would have `{"name"}` or `{"name",`, and an escape in the key ends the question.
Guess is_json_line(std::string_view start, bool at_end) noexcept {
  const Guess open = at_end ? Guess::kNo : Guess::kMore;
  std::string_view rest = without_blanks(start);
  if (rest.empty() || rest.front() != '{') {
    return rest.empty() ? open : Guess::kNo;
  }
  rest = without_blanks(rest.substr(1));
  if (rest.empty() || rest.front() != '"') {
    return rest.empty() ? open : Guess::kNo;
  }
  const std::size_t quote = rest.find_first_of("\"\n", 1);
  if (quote == std::string_view::npos) {
    return open;
  }
  rest = without_blanks(rest.substr(quote + 1));
  return rest.empty() ? open : rest.front() == ':' ? Guess::kYes : Guess::kNo;
}

/// The header that CsvWriter writes.
Guess is_csv(std::string_view start, bool at_end) noexcept {
  constexpr std::string_view kFirst = "metric,";
  if (start.starts_with("\xEF\xBB\xBF")) {
    start.remove_prefix(3);
  }
  if (!start.starts_with(kFirst)) {
    return kFirst.starts_with(start) && !at_end ? Guess::kMore : Guess::kNo;
  }
  const std::size_t newline = start.find('\n');
  if (newline == std::string_view::npos) {
    return at_end ? Guess::kNo : Guess::kMore;
  }
  const std::string_view line = start.substr(0, newline);
  return line.ends_with(",time,value") || line.ends_with(",time,value\r") ? Guess::kYes : Guess::kNo;
}

/// The token behind the value of a sample's line, empty if there is none; nothing if the line is not that simple.
std::optional<std::string_view> time_token(std::string_view line) noexcept {
  const std::size_t brace = line.rfind('}');
  std::size_t at = brace == std::string_view::npos ? line.find(' ') : brace + 1;
  if (at == std::string_view::npos || at >= line.size() || line[at] != ' ') {
    return std::nullopt;
  }
  at = line.find(' ', at + 1);
  return at == std::string_view::npos ? std::string_view() : line.substr(at + 1);
}

}  // namespace

std::string_view stream_format_word(StreamFormat format) noexcept {
  return std::ranges::find(kWords, format, &FormatWord::format)->word;
}

std::optional<StreamFormat> stream_format_by_word(std::string_view word) noexcept {
  const auto* const row = std::ranges::find(kWords, word, &FormatWord::word);
  return row == std::end(kWords) ? std::nullopt : std::optional(row->format);
}

std::optional<StreamFormat> FormatDetector::decide(std::string_view start, bool at_end, bool must) {
  if (start.empty()) {
    return at_end ? std::optional(kPrometheusText) : std::nullopt;
  }
  struct Row {
    StreamFormat format;
    Guess guess;
  };
  const Row rows[] = {{kProtobuf, is_metric_family(start, at_end)},
                      {kRw2, is_rw2(start, at_end)},
                      {kJsonLines, is_json_line(start, at_end)},
                      {kCsv, is_csv(start, at_end)}};
  for (const Row& row : rows) {
    if (row.guess == Guess::kYes) {
      return row.format;
    }
  }
  if (start.size() < kTextWindow && std::ranges::find(rows, Guess::kMore, &Row::guess) != std::end(rows)) {
    return std::nullopt;
  }
  const std::string_view window = start.substr(0, kBinaryWindow);
  if (window.find('\0') != std::string_view::npos) {
    throw Error(ErrorKind::kSyntax, "detect format", "",
                "binary data that is neither protobuf exposition nor rw2; known are also the Prometheus text format, "
                "OpenMetrics, JSON lines and CSV, gzip or zstd around them");
  }
  return decide_text(start, at_end, must);
}

std::optional<StreamFormat> FormatDetector::decide_text(std::string_view start, bool at_end, bool must) {
  if (tail_ == Tail::kEofLine) {
    return kOpenMetrics;
  }
  for (;;) {
    const std::size_t newline = start.find('\n', scanned_);
    if (newline == std::string_view::npos && !(at_end && scanned_ < start.size())) {
      break;
    }
    const std::string_view line =
        start.substr(scanned_, newline == std::string_view::npos ? newline : newline - scanned_);
    scanned_ = newline == std::string_view::npos ? start.size() : newline + 1;
    if (line.empty()) {
      has_blank_or_comment_ = true;
    } else if (const auto found = line.front() == '#' ? judge_comment(line) : judge_sample(line)) {
      return found;
    }
  }
  if (at_end || tail_ == Tail::kOther) {
    // All is there, or enough, and no "# EOF" stands at the end.
    return at_end || must || scanned_ >= kTextWindow ? std::optional(kPrometheusText) : std::nullopt;
  }
  if (must || start.size() >= kTextWindow) {
    return short_times_ > 0 && !has_blank_or_comment_ ? kOpenMetrics : kPrometheusText;
  }
  return std::nullopt;
}

std::optional<StreamFormat> FormatDetector::judge_comment(std::string_view line) {
  if (line == "# EOF" || line.starts_with("# UNIT ")) {
    return kOpenMetrics;
  }
  if (!line.starts_with("# TYPE ")) {
    has_blank_or_comment_ |= !line.starts_with("# HELP ");
    return std::nullopt;
  }
  const std::size_t space = line.rfind(' ');
  const std::string_view type = line.substr(space + 1);
  if (is_one_of(type, {"unknown", "info", "stateset", "gaugehistogram"})) {
    return kOpenMetrics;
  }
  if (type == "untyped") {
    return kPrometheusText;
  }
  const std::string_view name = space > 7 ? line.substr(7, space - 7) : std::string_view();
  counter_ = type == "counter" && !name.ends_with("_total") ? name : std::string_view();
  return std::nullopt;
}

std::optional<StreamFormat> FormatDetector::judge_sample(std::string_view line) {
  if (!counter_.empty() && line.starts_with(counter_)) {
    const std::string_view rest = line.substr(counter_.size());
    if (rest.starts_with("_total{") || rest.starts_with("_total ") || rest.starts_with("_created")) {
      return kOpenMetrics;
    }
  }
  if (line.find(" # {") != std::string_view::npos) {
    const std::size_t mark = line.find(" # {");
    if (std::ranges::count(line.substr(0, mark), '"') % 2 == 0) {
      return kOpenMetrics;
    }
  }
  const auto token = time_token(line);
  if (!token || token->empty()) {
    return std::nullopt;
  }
  const std::string_view time = *token;
  const std::size_t digits = time.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) {
    if (time.size() >= 12) {
      return kPrometheusText;  // as seconds: the year 33658
    }
    short_times_ += time.size() == 10 ? 1 : 0;
    return std::nullopt;
  }
  const bool is_decimal =
      digits > 0 && time[digits] == '.' && time.find_first_not_of("0123456789", digits + 1) == std::string_view::npos;
  return is_decimal ? std::optional(kOpenMetrics) : std::nullopt;
}

}  // namespace mcore
