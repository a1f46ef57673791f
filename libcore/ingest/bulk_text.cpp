// SPDX-License-Identifier: Apache-2.0
// The values of `le` and `quantile` are spelled alike whatever the text has, but only in families of the types that
// have them: what a series' text means depends on the TYPE lines before it. So a TYPE line that comes behind series of
// its family, or a second one for a family, makes all that is known void; the same line once more says nothing.
#include "ingest/bulk_text.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/number_text.h"
#include "text/text_scan.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace mcore {
namespace {

using namespace text_scan;

constexpr std::size_t kLinesPerPage = 512;
constexpr std::size_t kTextPage = 64 << 10U;
/// What a sample's name may have behind its family's.
constexpr std::string_view kSuffixes[] = {"_created", "_bucket", "_gcount", "_total",
                                          "_count",   "_gsum",   "_info",   "_sum"};
/// From here on a fraction of a second would be rounded differently.
constexpr std::uint64_t kExactDouble = std::uint64_t{1} << 53U;

bool equal_text(const char* a, const char* b, std::size_t size) noexcept {
#if defined(__SSE2__)
  if (size >= 16) {
    const auto differ = [a, b](std::size_t at) {
      const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + at));
      const __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + at));
      return _mm_movemask_epi8(_mm_cmpeq_epi8(x, y)) != 0xFFFF;
    };
    // The end differs most often.
    if (differ(size - 16)) {
      return false;
    }
    for (std::size_t at = 0; at + 16 < size; at += 16) {
      if (differ(at)) {
        return false;
      }
    }
    return true;
  }
#endif
  return std::memcmp(a, b, size) == 0;
}

/// Behind the blank that ends the series' text of a plain sample line; null where there is no such thing.
const char* series_end(const char* p, const char* end) noexcept {
  if (p == end || !(is_metric_start(*p) || *p == '{')) {
    return nullptr;
  }
  p = metric_name_end(p, end);
  if (p != end && *p == '{') {
    for (++p; p != end && *p != '}' && *p != '\n'; ++p) {
      if (*p == '"') {
        p = quoted_end(p + 1, end).close;
        if (p == nullptr) {
          return nullptr;
        }
      }
    }
    if (p == end || *p != '}') {
      return nullptr;
    }
    ++p;
  }
  return p != end && *p == ' ' ? p + 1 : nullptr;
}

/// The metric's name, empty where it stands in quotes.
std::string_view metric_of(std::string_view text) noexcept {
  return text.substr(0,
                     static_cast<std::size_t>(metric_name_end(text.data(), text.data() + text.size()) - text.data()));
}

/// Whether a label's spelling may depend on its family's type.
bool has_numbers(std::string_view text) noexcept {
  for (const std::string_view name : {"le", "quantile"}) {
    for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
      const std::string_view behind = text.substr(at + name.size(), 1);
      if (behind.empty() || std::string_view("= \t\"").find(behind) != std::string_view::npos) {
        return true;
      }
    }
  }
  return false;
}

/// The value of eight digits, or nothing else: `ok` says.
std::uint64_t eight_digits(std::uint64_t raw, bool& ok) noexcept {
  const std::uint64_t digits = raw - 0x3030303030303030U;
  ok = (((raw + 0x4646464646464646U) | digits) & 0x8080808080808080U) == 0;
  std::uint64_t pairs = digits * 10 + (digits >> 8U);
  pairs = (((pairs & 0x000000FF000000FFU) * 0x000F424000000064U) +
           (((pairs >> 16U) & 0x000000FF000000FFU) * 0x0000271000000001U)) >>
          32U;
  return pairs & 0xFFFFFFFFU;
}

std::uint64_t load_le64(const char* p) noexcept {
  std::uint64_t raw = 0;
  std::memcpy(&raw, p, sizeof raw);
  return raw;
}

/// Times of neighbouring lines begin with the same digits.
class TimeReader {
 public:
  /// Reads a time at the end of its line and returns the position of the newline; null for what is not plain.
  template <bool OpenMetrics>
  const char* read(const char* p, const char* end, std::int64_t& t_ms) noexcept {
    if (end - p < 24) {
      return nullptr;
    }
    if (const std::uint64_t raw = load_le64(p); raw != raw_) {
      bool ok = false;
      const std::uint64_t value = eight_digits(raw, ok);
      if (!ok) {
        return nullptr;
      }
      raw_ = raw;
      value_ = value;
    }
    std::uint64_t whole = value_;
    const char* const first = p;
    for (p += 8; is_digit(*p) && p - first < 16; ++p) {
      whole = whole * 10 + static_cast<unsigned char>(*p - '0');
    }
    if constexpr (!OpenMetrics) {
      t_ms = static_cast<std::int64_t>(whole);
      return *p == '\n' ? p : nullptr;
    }
    std::uint64_t all = whole;
    std::size_t decimals = 0;
    if (*p == '.') {
      for (++p; is_digit(*p) && decimals < 6; ++p, ++decimals) {
        all = all * 10 + static_cast<unsigned char>(*p - '0');
      }
      if (decimals == 0) {
        return nullptr;
      }
    }
    static constexpr std::uint64_t kPowers[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000};
    if (*p != '\n' || all > kExactDouble || whole > kExactDouble / 1000) {
      return nullptr;
    }
    // As the careful reader: the double nearest to the text, times 1000, cut.
    t_ms = all == whole * kPowers[decimals]
               ? static_cast<std::int64_t>(whole * 1000)
               : static_cast<std::int64_t>(static_cast<double>(all) / static_cast<double>(kPowers[decimals]) * 1000);
    return p;
  }

 private:
  std::uint64_t raw_ = 0;  // no digits: equals no text of a time
  std::uint64_t value_ = 0;
};

/// Reads a value that ends at a blank, plain or not.
const char* read_value(const char* p, const char* end, double& value) noexcept {
  if (const char* const behind = plain_number(p, end, value); behind != nullptr) {
    return behind;
  }
  const char* const start = p;
  while (p != end && *p != ' ' && *p != '\n' && *p != '\t' && *p != '{') {
    ++p;
  }
  return parse_float({start, static_cast<std::size_t>(p - start)}, value) == FloatStatus::kOk ? p : nullptr;
}

}  // namespace

KnownLines::Line* KnownLines::find(std::string_view text) const noexcept {
  const std::uint64_t hash = hash_bytes(text);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask; slots_[i] != nullptr; i = (i + 1) & mask) {
    Line* const line = slots_[i];
    if (line->hash == hash && line->size == text.size() && equal_text(line->text, text.data(), text.size())) {
      return line;
    }
  }
  return nullptr;
}

KnownLines::Line* KnownLines::add(std::string_view text, std::uint32_t series) {
  if (count_ % kLinesPerPage == 0) {
    pages_.push_back(std::make_unique<Line[]>(kLinesPerPage));
    bytes_ += kLinesPerPage * (sizeof(Line) + 2 * sizeof(Line*));
  }
  if (text.size() > text_left_) {
    text_left_ = std::max(kTextPage, text.size());
    texts_.push_back(std::make_unique_for_overwrite<char[]>(text_left_));
    text_ = texts_.back().get();
    bytes_ += text_left_;
  }
  Line* const line = &pages_.back()[count_++ % kLinesPerPage];
  std::memcpy(text_, text.data(), text.size());
  *line = {.next = nullptr,
           .text = text_,
           .size = static_cast<std::uint32_t>(text.size()),
           .series = series,
           .hash = hash_bytes(text)};
  text_ += text.size();
  text_left_ -= text.size();
  if (count_ * 2 > slots_.size()) {
    grow();
  } else {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = line->hash & mask;
    while (slots_[i] != nullptr) {
      i = (i + 1) & mask;
    }
    slots_[i] = line;
  }
  return line;
}

void KnownLines::grow() {
  slots_.assign(slots_.size() * 2, nullptr);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t number = 0; number < count_; ++number) {
    Line* const line = &pages_[number / kLinesPerPage][number % kLinesPerPage];
    std::size_t i = line->hash & mask;
    while (slots_[i] != nullptr) {
      i = (i + 1) & mask;
    }
    slots_[i] = line;
  }
}

void KnownLines::forget() {
  constexpr std::size_t kFirstSlots = 1024;
  start_ = Line();
  slots_.assign(kFirstSlots, nullptr);
  pages_.clear();
  texts_.clear();
  text_left_ = 0;
  count_ = 0;
  bytes_ = 0;
}

bool KnownLines::make_room(std::uint64_t lines_read) {
  constexpr std::uint64_t kFewUses = 8;
  const bool forgets = lines_read - lines_at_forget_ >= kFewUses * count_;
  lines_at_forget_ = lines_read;
  if (forgets) {
    forget();
  } else {
    limit_ *= 2;
  }
  return forgets;
}

/// See BulkText.
template <bool OpenMetrics>
class BulkText::Decoder final : public StreamDecoder {
 public:
  Decoder(BulkText& bulk, StreamFormat format) : bulk_(bulk), careful_(make_text_decoder(format)) {}

  DecodeOutcome decode(std::string_view bytes, StreamSink& sink) override;
  void finish(std::string_view rest, StreamSink& sink) override { careful_->finish(rest, sink); }
  [[nodiscard]] bool has_lines() const noexcept override { return true; }

 private:
  const char* read_known(const char* p, const char* end, std::uint64_t& lines);
  const char* read_carefully(const char* p, const char* end, StreamSink& sink, bool& part_ended);
  [[nodiscard]] KnownLines::Line* look_up(const char* p, const char* end) const;

  BulkText& bulk_;
  std::unique_ptr<StreamDecoder> careful_;
  TimeReader times_;
  bool begun_ = false;
};

template <bool OpenMetrics>
KnownLines::Line* BulkText::Decoder<OpenMetrics>::look_up(const char* p, const char* end) const {
  const char* text_end = nullptr;
  if (*p == '#') {
    text_end = line_end(p, end);
    text_end = text_end == end ? nullptr : text_end + 1;
  } else {
    text_end = series_end(p, end);
  }
  return text_end == nullptr ? nullptr : bulk_.known_.find({p, static_cast<std::size_t>(text_end - p)});
}

/// Reads lines as long as they are known and plain; returns the first that is not.
template <bool OpenMetrics>
const char* BulkText::Decoder<OpenMetrics>::read_known(const char* p, const char* end, std::uint64_t& lines) {
  SampleColumns* columns = &bulk_.sink_.columns();
  KnownLines::Line* last = bulk_.last_;
  const std::int64_t newest = bulk_.sink_.newest_t_ms();
  while (p != end) {
    KnownLines::Line* line = last->next;
    if (line == nullptr || static_cast<std::size_t>(end - p) < line->size || !equal_text(p, line->text, line->size)) {
      line = look_up(p, end);
      if (line == nullptr) {
        break;
      }
      last->next = line;
    }
    if (line->series == KnownLines::kNoSeries) {
      p += line->size;
      last = line;
      ++lines;
      continue;
    }
    double value = 0;
    std::int64_t t_ms = 0;
    const char* q = read_value(p + line->size, end, value);
    if (q == nullptr || q == end || *q != ' ') {
      break;
    }
    q = times_.template read<OpenMetrics>(q + 1, end, t_ms);
    if (q == nullptr || t_ms > newest) {
      break;
    }
    const std::size_t row = columns->size++;
    columns->series[row] = line->series;
    columns->t_ms[row] = t_ms;
    columns->value[row] = value;
    p = q + 1;
    last = line;
    ++lines;
    if (columns->is_full()) {
      bulk_.sink_.hand_on();
      if (bulk_.sink_.epoch() != bulk_.epoch_) {
        bulk_.forget();
        return p;
      }
      columns = &bulk_.sink_.columns();
    }
  }
  bulk_.last_ = last;
  return p;
}

template <bool OpenMetrics>
const char* BulkText::Decoder<OpenMetrics>::read_carefully(const char* p, const char* end, StreamSink& sink,
                                                           bool& part_ended) {
  const char* const newline = line_end(p, end);
  const std::string_view line(p, static_cast<std::size_t>(newline + 1 - p));
  const std::uint64_t faults = sink.faults;
  const DecodeOutcome outcome = careful_->decode(line, sink);
  part_ended = outcome.part_ended;
  const std::optional<std::uint32_t> series = bulk_.sink_.take_batch(sink.batch(), sink.lines);
  ++bulk_.lines_;
  if (bulk_.sink_.epoch() != bulk_.epoch_) {
    bulk_.forget();
  }
  if (sink.faults == faults && !part_ended) {
    if (!series) {
      bulk_.remember_comment(line);
    } else {
      // Only what the quick way reads the same: behind the text a value and a time, and nothing else.
      double value = 0;
      const char* const text_end = series_end(p, newline);
      const char* const q = text_end == nullptr ? nullptr : read_value(text_end, newline, value);
      if (q != nullptr && q != newline && *q == ' ') {
        bulk_.remember_series({p, static_cast<std::size_t>(text_end - p)}, *series);
      }
    }
  }
  return p + outcome.used;
}

template <bool OpenMetrics>
DecodeOutcome BulkText::Decoder<OpenMetrics>::decode(std::string_view bytes, StreamSink& sink) {
  DecodeOutcome outcome;
  const std::size_t newline = bytes.rfind('\n');
  if (newline == std::string_view::npos) {
    return outcome;
  }
  const char* const begin = bytes.data();
  const char* const end = begin + newline + 1;
  const char* p = begin;
  (void)bulk_.sink_.take_batch(sink.batch(), sink.lines);
  while (p != end && !outcome.part_ended && !sink.is_full()) {
    std::uint64_t lines = 0;
    // The careful decoder must know that there was something: it looks for the end.
    const char* const behind = begun_ ? read_known(p, end, lines) : p;
    begun_ = true;
    sink.lines += lines;
    sink.bytes += static_cast<std::uint64_t>(behind - p);
    bulk_.lines_ += lines;
    p = behind;
    if (p != end) {
      p = read_carefully(p, end, sink, outcome.part_ended);
    }
  }
  outcome.used = static_cast<std::size_t>(p - begin);
  bulk_.sink_.note_progress(sink);
  return outcome;
}

std::unique_ptr<StreamDecoder> BulkText::make_decoder(StreamFormat format) {
  if (format_ != format || epoch_ != sink_.epoch() || last_ == nullptr) {
    forget();
  }
  format_ = format;
  if (format == StreamFormat::kOpenMetrics) {
    return std::make_unique<Decoder<true>>(*this, format);
  }
  return std::make_unique<Decoder<false>>(*this, format);
}

void BulkText::start_stream() {
  has_doubtful_families_ = false;
  announced_.clear();
  forget();
}

void BulkText::forget() {
  known_.forget();
  typed_.clear();
  numbered_.clear();
  last_ = known_.start();
  epoch_ = sink_.epoch();
}

void BulkText::remember_comment(std::string_view line) {
  if (const std::size_t first = line.find_first_not_of(" \t"); first == std::string_view::npos || line[first] != '#') {
    return;  // a blank line, or a sample that was refused
  }
  const bool is_type = line.find("TYPE") != std::string_view::npos;
  if (!is_type && line.find("HELP") == std::string_view::npos && line.find("UNIT") == std::string_view::npos) {
    return;  // notes may all be different
  }
  const bool is_plain = line.starts_with("# TYPE ") || line.starts_with("# HELP ") || line.starts_with("# UNIT ");
  const std::string_view family = is_plain ? metric_of(line.substr(7)) : std::string_view();
  if (family.empty()) {
    forget();  // spelled in another way: whatever it says
    return;
  }
  const std::uint64_t hash = hash_bytes(family);
  const bool is_new = announced_.insert(hash).second;
  const bool is_typed = is_type && !typed_.insert(hash).second;
  if (is_typed || ((is_new || is_type) && numbered_.contains(hash))) {
    forget();
    if (is_type) {
      typed_.insert(hash);
    }
  }
  if (!has_doubtful_families_) {
    remember(line, KnownLines::kNoSeries);
  }
}

void BulkText::remember_series(std::string_view text, std::uint32_t series) {
  if (has_numbers(text) && !note_numbers(metric_of(text))) {
    return;
  }
  remember(text, series);
}

/// False if the text of a series may mean something else the next time.
bool BulkText::note_numbers(std::string_view metric) {
  if (metric.empty()) {
    return false;  // a name in quotes: rare enough to be read carefully each time
  }
  int families = 0;
  const auto note = [&](std::string_view family) {
    const std::uint64_t hash = hash_bytes(family);
    numbered_.insert(hash);
    families += announced_.contains(hash) ? 1 : 0;
  };
  note(metric);
  for (const std::string_view suffix : kSuffixes) {
    if (metric.ends_with(suffix)) {
      note(metric.substr(0, metric.size() - suffix.size()));
    }
  }
  if (families > 1 && !has_doubtful_families_) {
    // Two families could have it: the one announced last does, so no announcement may be passed over any more.
    has_doubtful_families_ = true;
    forget();
  }
  return families <= 1;
}

void BulkText::remember(std::string_view text, std::uint32_t series) {
  if (known_.is_full() && known_.make_room(lines_)) {
    forget();
  }
  if (known_.find(text) == nullptr) {
    last_->next = known_.add(text, series);
    last_ = last_->next;
  }
}

}  // namespace mcore
