// SPDX-License-Identifier: Apache-2.0
// The two text formats as streams of lines. A whole block of lines goes to one reader; behind a line that it refuses
// another reader starts.
#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "ingest/stream_decoder.h"
#include "text/openmetrics_reader.h"
#include "text/prom_text_reader.h"
#include "text/text_scan.h"

namespace mcore {
namespace {

constexpr std::string_view kEofLine = "# EOF\n";

bool has_numbers(MetricType type) noexcept {
  return type == MetricType::kHistogram || type == MetricType::kSummary;
}

/// The column of a position in the line that starts at `start`, 0 if it is in a later one.
std::size_t column_of(std::string_view lines, std::size_t start, std::size_t position) noexcept {
  return lines.substr(start, position - start).find('\n') == std::string_view::npos ? position - start + 1 : 0;
}

template <typename Reader>
class TextDecoder final : public StreamDecoder {
 public:
  DecodeOutcome decode(std::string_view bytes, StreamSink& sink) override;
  void finish(std::string_view rest, StreamSink& sink) override;
  [[nodiscard]] bool has_lines() const noexcept override { return true; }

 private:
  static constexpr bool kIsOpenMetrics = std::is_same_v<Reader, OpenMetricsReader>;

  std::size_t read(std::string_view lines, StreamSink& sink, bool& part_ended);
  void name_sample(Reader& reader, std::string_view lines);
  bool take_sample(Reader& reader, std::string_view lines, StreamSink& sink);
  void refuse(Reader& reader, std::string_view lines, std::string_view reason, std::size_t column, StreamSink& sink);
  void note_metadata(Reader& reader, ExpositionEntry entry, FamilyTable& families);
  /// Counts what is used up to a position of `lines`.
  void advance(std::string_view lines, std::size_t to, StreamSink& sink);

  LabelBuilder builder_;
  Exemplar exemplar_;
  std::size_t counted_ = 0;  // of the lines at hand
  bool part_ended_ = true;   // nothing has come since the stream began or "# EOF" was read
};

template <typename Reader>
DecodeOutcome TextDecoder<Reader>::decode(std::string_view bytes, StreamSink& sink) {
  DecodeOutcome outcome;
  const std::size_t newline = bytes.rfind('\n');
  if (newline == std::string_view::npos) {
    return outcome;
  }
  const std::string_view lines = bytes.substr(0, newline + 1);
  while (outcome.used < lines.size() && !outcome.part_ended && !sink.is_full()) {
    part_ended_ = false;
    counted_ = 0;
    const std::string_view rest = lines.substr(outcome.used);
    const std::size_t used = read(rest, sink, outcome.part_ended);
    advance(rest, used, sink);
    outcome.used += used;
  }
  part_ended_ |= outcome.part_ended;
  return outcome;
}

template <typename Reader>
void TextDecoder<Reader>::advance(std::string_view lines, std::size_t to, StreamSink& sink) {
  if (to > counted_) {
    sink.lines += text_scan::count_newlines(lines.data() + counted_, lines.data() + to);
    sink.bytes += to - counted_;
    counted_ = to;
  }
}

/// Reads up to the end, a full batch or the first line that is refused; returns the position behind it.
template <typename Reader>
std::size_t TextDecoder<Reader>::read(std::string_view lines, StreamSink& sink, bool& part_ended) {
  const auto line_behind = [lines](std::size_t at) { return lines.find('\n', at) + 1; };
  Reader reader(lines);
  while (!sink.is_full()) {
    const ExpositionEntry entry = reader.next();
    const std::size_t at = reader.offset();
    switch (entry) {
      case ExpositionEntry::kSample:
        if (!take_sample(reader, lines, sink)) {
          return line_behind(at);
        }
        break;
      case ExpositionEntry::kType:
      case ExpositionEntry::kHelp:
      case ExpositionEntry::kUnit:
        if (reader.family_name().find('\n') != std::string_view::npos) {
          refuse(reader, lines, "a metric name goes over the end of its line", 0, sink);
          return line_behind(at);
        }
        note_metadata(reader, entry, sink.families());
        break;
      case ExpositionEntry::kComment:
        if (lines.substr(at).starts_with(kEofLine)) {
          part_ended = true;
          return line_behind(at);
        }
        break;
      case ExpositionEntry::kEnd:
        part_ended = kIsOpenMetrics;
        return lines.size();
      case ExpositionEntry::kError:
        if (kIsOpenMetrics && at == lines.size()) {
          return at;  // only this block ends without "# EOF"
        }
        if (lines.substr(at).starts_with(kEofLine)) {
          part_ended = true;  // what follows is the next stream
          return line_behind(at);
        }
        refuse(reader, lines, reader.error().reason, column_of(lines, at, reader.error().offset), sink);
        return line_behind(at);
      case ExpositionEntry::kHistogram:
        break;  // not in these formats
    }
  }
  return reader.next_offset();
}

template <typename Reader>
void TextDecoder<Reader>::name_sample(Reader& reader, std::string_view lines) {
  builder_.clear();
  reader.labels(builder_);
  if (lines[reader.offset()] == ' ' || lines[reader.offset()] == '\t') {
    // Prometheus takes an indented line's blanks for a part of the name; nobody who writes lines by hand means that.
    std::string_view& name = builder_.labels().front().value;
    name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
  }
}

template <typename Reader>
bool TextDecoder<Reader>::take_sample(Reader& reader, std::string_view lines, StreamSink& sink) {
  if constexpr (kIsOpenMetrics) {
    if (lines[reader.next_offset() - 1] != '\n') {
      // The reader yields the sample and stumbles over what is left of its line when it goes on there.
      const std::size_t start = reader.offset();
      (void)reader.next();
      advance(lines, start, sink);
      sink.line_fault(reader.error().reason, reader.error().offset - start + 1);
      return false;
    }
  } else {
    if (reader.series_text().find('\n') != std::string_view::npos) {
      refuse(reader, lines, "a label value goes over the end of its line", 0, sink);
      return false;
    }
  }
  name_sample(reader, lines);
  const std::uint32_t family = sink.families().find(builder_.labels().front().value);
  if (const MetricType type = sink.families().type_of(family); type != reader.type()) {
    // `le` and `quantile` are spelled alike whether their family was announced just now or long ago.
    const bool again = has_numbers(type) || has_numbers(reader.type());
    reader.assume_type(type);
    if (again) {
      name_sample(reader, lines);
    }
  }
  BatchSample* const sample =
      sink.add(builder_, family, reader.value(), reader.timestamp_ms(), reader.has_plain_names());
  if (sample == nullptr) {
    refuse(reader, lines, sink.refusal(), 0, sink);
    return false;
  }
  if constexpr (kIsOpenMetrics) {
    while (reader.next_exemplar(exemplar_)) {
      sink.batch().add_exemplar(exemplar_);
    }
  }
  return true;
}

template <typename Reader>
void TextDecoder<Reader>::refuse(Reader& reader, std::string_view lines, std::string_view reason, std::size_t column,
                                 StreamSink& sink) {
  const std::size_t start = reader.offset();
  std::string text(reason);
  advance(lines, start, sink);
  sink.line_fault(std::move(text), column);
}

template <typename Reader>
void TextDecoder<Reader>::note_metadata(Reader& reader, ExpositionEntry entry, FamilyTable& families) {
  if (entry == ExpositionEntry::kType) {
    families.set_type(reader.family_name(), reader.type());
  } else if (entry == ExpositionEntry::kHelp) {
    families.set_help(reader.family_name(), reader.help());
  } else {
    families.set_unit(reader.family_name(), reader.unit());
  }
}

template <typename Reader>
void TextDecoder<Reader>::finish(std::string_view rest, StreamSink& sink) {
  if (rest == "# EOF") {
    part_ended_ = true;
  } else if (rest.find_first_not_of(" \t\r") != std::string_view::npos) {
    sink.line_fault("the last line has no newline at its end; its writer seems to have died");
    return;
  }
  if (kIsOpenMetrics && !part_ended_) {
    sink.line_fault("the stream does not end with \"# EOF\"; its writer seems to have died");
  }
}

}  // namespace

std::unique_ptr<StreamDecoder> make_text_decoder(StreamFormat format) {
  if (format == StreamFormat::kOpenMetrics) {
    return std::make_unique<TextDecoder<OpenMetricsReader>>();
  }
  return std::make_unique<TextDecoder<PromTextReader>>();
}

}  // namespace mcore
