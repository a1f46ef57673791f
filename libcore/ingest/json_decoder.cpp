// SPDX-License-Identifier: Apache-2.0
// JSON lines as a stream. A line may hold more samples than a batch takes: it is read into columns first.
#include <algorithm>
#include <string>

#include "ingest/stream_decoder.h"
#include "text/json_lines_reader.h"

namespace mcore {
namespace {

class JsonDecoder final : public StreamDecoder {
 public:
  DecodeOutcome decode(std::string_view bytes, StreamSink& sink) override;
  void finish(std::string_view rest, StreamSink& sink) override;
  void expect_end() override { at_end_ = true; }
  [[nodiscard]] bool has_lines() const noexcept override { return true; }

 private:
  bool take_line(std::string_view line, StreamSink& sink, bool report);
  void drain(StreamSink& sink);

  JsonLineReader reader_;
  std::size_t taken_ = 0;  // of the samples of the line at hand
  LabelBuilder builder_;
  std::string label_bytes_;
  LabelsView labels_;  // of them
  std::uint64_t hash_ = 0;
  std::uint32_t family_ = 0;
  bool at_end_ = false;
};

DecodeOutcome JsonDecoder::decode(std::string_view bytes, StreamSink& sink) {
  DecodeOutcome outcome;
  drain(sink);
  while (!sink.is_full()) {
    const std::string_view rest = bytes.substr(outcome.used);
    const std::size_t newline = rest.find('\n');
    if (newline == std::string_view::npos) {
      // An object says itself where it ends: a last line without newline may be whole.
      if (at_end_ && take_line(rest, sink, false)) {
        outcome.used = bytes.size();
        drain(sink);
      }
      break;
    }
    (void)take_line(rest.substr(0, newline), sink, true);
    outcome.used += newline + 1;
    sink.bytes += newline + 1;
    ++sink.lines;
    drain(sink);
  }
  return outcome;
}

bool JsonDecoder::take_line(std::string_view line, StreamSink& sink, bool report) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
    return false;
  }
  if (!reader_.read(line)) {
    taken_ = reader_.values().size();
    if (report) {
      sink.line_fault(reader_.reason(), reader_.column());
    }
    return false;
  }
  taken_ = 0;
  builder_.clear();
  reader_.labels(builder_);
  label_bytes_ = builder_.build().bytes();  // the builder's view would not outlive the line's bytes
  labels_ = LabelsView(label_bytes_);
  if (!sink.check(labels_, builder_)) {
    taken_ = reader_.values().size();
    sink.line_fault(sink.refusal());
    return true;
  }
  hash_ = labels_.hash();
  family_ = sink.families().find(labels_.get(kNameLabel));
  return true;
}

void JsonDecoder::drain(StreamSink& sink) {
  for (; taken_ < reader_.values().size() && !sink.is_full(); ++taken_) {
    sink.add_checked(labels_, hash_, family_, reader_.values()[taken_], reader_.t_ms()[taken_]);
  }
}

void JsonDecoder::finish(std::string_view rest, StreamSink& sink) {
  if (rest.find_first_not_of(" \t\r") != std::string_view::npos) {
    sink.line_fault("the last line is not whole; its writer seems to have died");
  }
}

}  // namespace

std::unique_ptr<StreamDecoder> make_json_decoder() {
  return std::make_unique<JsonDecoder>();
}

}  // namespace mcore
