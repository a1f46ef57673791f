// SPDX-License-Identifier: Apache-2.0
// CSV as a stream of records, which are lines but for quoted fields.
#include <utility>

#include "ingest/stream_decoder.h"
#include "text/csv_reader.h"
#include "text/text_scan.h"

namespace mcore {
namespace {

class CsvDecoder final : public StreamDecoder {
 public:
  explicit CsvDecoder(std::vector<CsvColumn> columns) : rows_(std::move(columns)) {}

  DecodeOutcome decode(std::string_view bytes, StreamSink& sink) override;
  void finish(std::string_view rest, StreamSink& sink) override;
  void expect_end() override { at_end_ = true; }
  [[nodiscard]] bool has_lines() const noexcept override { return true; }

 private:
  void take_row(StreamSink& sink);

  CsvSplitter splitter_;
  CsvRowReader rows_;
  LabelBuilder builder_;
  bool is_first_ = true;
  bool at_end_ = false;
};

DecodeOutcome CsvDecoder::decode(std::string_view bytes, StreamSink& sink) {
  DecodeOutcome outcome;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (is_first_ && bytes.starts_with(kByteOrderMark)) {
    outcome.used = kByteOrderMark.size();
  }
  while (!sink.is_full()) {
    const std::string_view rest = bytes.substr(outcome.used);
    const CsvSplitter::Outcome found = splitter_.read(rest, at_end_);
    if (found == CsvSplitter::Outcome::kMore) {
      break;
    }
    std::size_t used = splitter_.size();
    if (found == CsvSplitter::Outcome::kBad) {
      sink.line_fault(splitter_.reason());
      used = std::min(rest.find('\n'), rest.size() - 1) + 1;
    } else {
      take_row(sink);
    }
    is_first_ = false;
    sink.lines += text_scan::count_newlines(rest.data(), rest.data() + used);
    sink.bytes += used;
    outcome.used += used;
  }
  return is_first_ ? DecodeOutcome{} : outcome;
}

void CsvDecoder::take_row(StreamSink& sink) {
  if (splitter_.fields().size() == 1 && splitter_.fields().front().empty()) {
    return;  // a blank line
  }
  if (rows_.read(splitter_.fields()) == CsvRowReader::Row::kBad) {
    sink.line_fault(rows_.reason());
    return;
  }
  for (const CsvSample& sample : rows_.samples()) {
    builder_.clear();
    rows_.labels(sample, builder_);
    if (sink.add(builder_, 0, sample.value, rows_.t_ms()) == nullptr) {
      sink.line_fault(sink.refusal());
    }
  }
}

void CsvDecoder::finish(std::string_view rest, StreamSink& sink) {
  if (!rest.empty()) {
    sink.line_fault("the last line has no newline at its end; its writer seems to have died");
  }
}

}  // namespace

std::unique_ptr<StreamDecoder> make_csv_decoder(std::vector<CsvColumn> columns) {
  return std::make_unique<CsvDecoder>(std::move(columns));
}

}  // namespace mcore
