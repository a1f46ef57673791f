// SPDX-License-Identifier: Apache-2.0
// The protobuf exposition as a stream: blocks of whole messages go to one reader; behind a message that it refuses
// another reader starts.
#include <fmt/format.h>

#include <optional>

#include "ingest/delimited.h"
#include "ingest/stream_decoder.h"
#include "text/proto_reader.h"

namespace mcore {
namespace {

class ProtoDecoder final : public StreamDecoder {
 public:
  ProtoDecoder(const ExpositionReaderOptions& options, std::size_t message_limit)
      : options_(options), message_limit_(message_limit) {}

  DecodeOutcome decode(std::string_view bytes, StreamSink& sink) override;
  void finish(std::string_view rest, StreamSink& sink) override { report_cut_message(rest, sink); }
  [[nodiscard]] bool has_lines() const noexcept override { return false; }

 private:
  enum class Stop : std::uint8_t { kEnd, kFault, kFull };

  Stop walk(ProtoReader& reader, StreamSink& sink);
  void hold(std::string_view message);
  bool take(ExpositionReader& reader, bool is_histogram, StreamSink& sink);

  ExpositionReaderOptions options_;
  std::size_t message_limit_;
  std::size_t message_at_ = 0;  // of the reader at work: where the message at hand starts,
  std::size_t entries_ = 0;     // and how many entries of it were read
  std::string held_;            // a message that filled a batch, to be gone on with
  std::optional<ProtoReader> held_reader_;
  LabelBuilder builder_;
  Exemplar exemplar_;
};

DecodeOutcome ProtoDecoder::decode(std::string_view bytes, StreamSink& sink) {
  DecodeOutcome outcome;
  if (held_reader_) {
    if (walk(*held_reader_, sink) == Stop::kFull) {
      return outcome;
    }
    held_reader_.reset();
  }
  const WholeMessages whole = whole_messages(bytes, message_limit_);
  while (outcome.used < whole.size && !sink.is_full()) {
    const std::string_view rest = bytes.substr(outcome.used, whole.size - outcome.used);
    ProtoReader reader(rest, options_);
    message_at_ = 0;
    entries_ = 0;
    std::size_t used = rest.size();
    if (const Stop stop = walk(reader, sink); stop != Stop::kEnd) {
      const std::size_t at = reader.offset();
      used = at + message_size(rest.substr(at));
      if (stop == Stop::kFull) {
        hold(rest.substr(at, used - at));
      }
    }
    outcome.used += used;
    sink.bytes += used;
  }
  if (whole.too_long && outcome.used == whole.size && !sink.is_full()) {
    sink.fault(fmt::format("a message of more than {} bytes: the stream is damaged", message_limit_));
    outcome.damaged = true;
  }
  return outcome;
}

/// Keeps the message that the reader is at, and a reader that stands where it stood.
void ProtoDecoder::hold(std::string_view message) {
  held_ = message;
  held_reader_.emplace(held_, options_);
  for (std::size_t i = 0; i < entries_; ++i) {
    (void)held_reader_->next();
  }
  message_at_ = 0;
}

ProtoDecoder::Stop ProtoDecoder::walk(ProtoReader& reader, StreamSink& sink) {
  while (!sink.is_full()) {
    const ExpositionEntry entry = reader.next();
    if (reader.offset() != message_at_) {
      message_at_ = reader.offset();
      entries_ = 0;
    }
    ++entries_;
    switch (entry) {
      case ExpositionEntry::kEnd:
        return Stop::kEnd;
      case ExpositionEntry::kError:
        sink.fault(reader.error().reason, message_at_);
        return Stop::kFault;
      case ExpositionEntry::kType:
        sink.families().set_type(reader.family_name(), reader.type());
        break;
      case ExpositionEntry::kHelp:
        sink.families().set_help(reader.family_name(), reader.help());
        break;
      case ExpositionEntry::kUnit:
        sink.families().set_unit(reader.family_name(), reader.unit());
        break;
      case ExpositionEntry::kComment:
        break;
      case ExpositionEntry::kSample:
      case ExpositionEntry::kHistogram:
        if (!take(reader, entry == ExpositionEntry::kHistogram, sink)) {
          sink.fault(sink.refusal(), message_at_);
        }
        break;
    }
  }
  return Stop::kFull;
}

bool ProtoDecoder::take(ExpositionReader& reader, bool is_histogram, StreamSink& sink) {
  builder_.clear();
  reader.labels(builder_);
  if (is_histogram) {
    if (const auto fault = histogram_fault(reader.histogram())) {
      sink.set_refusal(*fault);
      return false;
    }
  }
  const std::uint32_t family = sink.families().find(builder_.labels().front().value);
  BatchSample* const sample = sink.add(builder_, family, is_histogram ? 0 : reader.value(), reader.timestamp_ms());
  if (sample == nullptr) {
    return false;
  }
  sample->start_t_ms = reader.start_timestamp_ms();
  if (is_histogram) {
    sink.batch().set_histogram(reader.histogram());
  }
  while (reader.next_exemplar(exemplar_)) {
    sink.batch().add_exemplar(exemplar_);
  }
  return true;
}

}  // namespace

std::unique_ptr<StreamDecoder> make_proto_decoder(const ExpositionReaderOptions& options, std::size_t message_limit) {
  return std::make_unique<ProtoDecoder>(options, message_limit);
}

}  // namespace mcore
