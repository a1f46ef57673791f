// SPDX-License-Identifier: Apache-2.0
// Remote-write 2.0 requests as a stream.
#include <fmt/format.h>

#include <optional>

#include "base/error.h"
#include "ingest/delimited.h"
#include "ingest/stream_decoder.h"
#include "wire/rw2_reader.h"

namespace mcore {
namespace {

class Rw2Decoder final : public StreamDecoder {
 public:
  explicit Rw2Decoder(std::size_t message_limit) : message_limit_(message_limit) {}

  DecodeOutcome decode(std::string_view bytes, StreamSink& sink) override;
  void finish(std::string_view rest, StreamSink& sink) override { report_cut_message(rest, sink); }
  [[nodiscard]] bool has_lines() const noexcept override { return false; }

 private:
  void open(std::string_view message, StreamSink& sink);
  bool walk(StreamSink& sink);
  bool open_series(StreamSink& sink);
  void take_sample(StreamSink& sink);
  void hold(std::string_view message);

  std::size_t message_limit_;
  std::string held_;                 // a message that filled a batch, to be gone on with
  std::optional<Rw2Reader> reader_;  // of the message at hand
  std::size_t series_count_ = 0;     // how many of its series were opened,
  std::size_t sample_count_ = 0;     // and how many samples of the last one were read
  bool in_series_ = false;
  LabelBuilder builder_;
  LabelsView labels_;  // of builder_
  std::uint64_t hash_ = 0;
  std::uint32_t family_ = 0;
};

DecodeOutcome Rw2Decoder::decode(std::string_view bytes, StreamSink& sink) {
  DecodeOutcome outcome;
  if (reader_ && !walk(sink)) {
    return outcome;
  }
  const WholeMessages whole = whole_messages(bytes, message_limit_);
  while (outcome.used < whole.size && !sink.is_full()) {
    const std::string_view rest = bytes.substr(outcome.used);
    const std::size_t size = message_size(rest);
    const std::string_view message = message_of(rest);
    open(message, sink);
    if (reader_ && !walk(sink)) {
      hold(message);
    }
    outcome.used += size;
    sink.bytes += size;
  }
  if (whole.too_long && outcome.used == whole.size && !sink.is_full()) {
    sink.fault(fmt::format("a message of more than {} bytes: the stream is damaged", message_limit_));
    outcome.damaged = true;
  }
  return outcome;
}

void Rw2Decoder::open(std::string_view message, StreamSink& sink) {
  series_count_ = 0;
  sample_count_ = 0;
  in_series_ = false;
  try {
    reader_.emplace(message);
  } catch (const Error& error) {
    reader_.reset();
    sink.fault(error.why());
    return;
  }
  if (const std::uint64_t lost = reader_->orphaned_exemplars(); lost > 0) {
    sink.fault(fmt::format("{} exemplars without a sample of their series beside them", lost));
  }
}

/// Takes samples until the message is read (true, and the reader is gone) or the batch is full.
bool Rw2Decoder::walk(StreamSink& sink) {
  while (!sink.is_full()) {
    try {
      if (in_series_ && reader_->next_sample()) {
        ++sample_count_;
        take_sample(sink);
      } else if (!open_series(sink)) {
        reader_.reset();
        return true;
      }
    } catch (const Error& error) {
      in_series_ = false;
      sink.fault(error.why());
    }
  }
  return false;
}

bool Rw2Decoder::open_series(StreamSink& sink) {
  in_series_ = false;
  ++series_count_;
  sample_count_ = 0;
  if (!reader_->next_series()) {
    return false;
  }
  builder_.clear();
  reader_->labels(builder_);
  labels_ = builder_.build();
  if (!sink.check(labels_, builder_)) {
    sink.fault(sink.refusal());
    return true;
  }
  in_series_ = true;
  hash_ = labels_.hash();
  const std::string_view metric = labels_.get(kNameLabel);
  if (const Rw2Metadata& metadata = reader_->metadata(); metadata.any()) {
    const std::string_view name = rw2_family_name(metric, metadata.type);
    if (metadata.has_type) {
      sink.families().set_type(name, metadata.type);
    }
    if (metadata.has_help) {
      sink.families().set_help(name, metadata.help);
    }
    sink.families().set_unit(name, metadata.unit);
  }
  family_ = sink.families().find(metric);
  return true;
}

void Rw2Decoder::take_sample(StreamSink& sink) {
  const bool is_histogram = reader_->is_histogram();
  if (is_histogram) {
    if (const auto fault = histogram_fault(reader_->histogram())) {
      sink.fault(fmt::format("histogram of {}: {}", labels_text(labels_), *fault));
      return;
    }
  }
  BatchSample& sample = sink.add_checked(labels_, hash_, family_, is_histogram ? 0 : reader_->value(), reader_->t_ms());
  sample.start_t_ms = reader_->start_t_ms();
  if (is_histogram) {
    sink.batch().set_histogram(reader_->histogram());
  }
  for (const Exemplar& exemplar : reader_->exemplars()) {
    sink.batch().add_exemplar(exemplar);
  }
}

/// Goes on with a copy of the message, whose bytes are about to go, at the same place.
void Rw2Decoder::hold(std::string_view message) {
  held_ = message;
  reader_.emplace(held_);
  for (std::size_t i = 0; i < series_count_; ++i) {
    try {
      (void)reader_->next_series();
    } catch (const Error&) {  // reported when it was met first
    }
  }
  for (std::size_t i = 0; i < sample_count_ && in_series_; ++i) {
    try {
      (void)reader_->next_sample();
    } catch (const Error&) {
    }
  }
  if (in_series_) {
    builder_.clear();
    reader_->labels(builder_);
    labels_ = builder_.build();
  }
}

}  // namespace

std::unique_ptr<StreamDecoder> make_rw2_decoder(std::size_t message_limit) {
  return std::make_unique<Rw2Decoder>(message_limit);
}

}  // namespace mcore
