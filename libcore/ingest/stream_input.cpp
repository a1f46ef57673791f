// SPDX-License-Identifier: Apache-2.0
#include "ingest/stream_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace mcore {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// What comes after a pause shorter than this still belongs to what came before: one writer at work.
constexpr milliseconds kPause{10};
/// A signal may come between asking `stop` and waiting.
constexpr milliseconds kStopInterval{250};

/// What receivers of remote write take, and what bounds the tables that a request is decoded with.
constexpr std::size_t kMostRw2Bytes = 32 << 20;

}  // namespace

StreamInput::StreamInput(int fd, std::string name, const Clock& clock, StreamInputOptions options,
                         StreamFaultReport report)
    : source_(fd, std::move(name)),
      clock_(clock),
      options_(std::move(options)),
      sink_(options_.batch, std::move(report)) {}

StreamInput::~StreamInput() = default;

bool StreamInput::next(SampleBatch& batch) {
  sink_.start_batch(batch);
  deadline_.reset();
  is_new_batch_ = true;
  if (!source_.bytes().empty()) {
    deadline_ = steady_clock::now() + options_.batch_wait;
  }
  while (!finished_) {
    if (decode()) {
      return true;
    }
    if (at_end_) {
      finish();
      break;
    }
    if (is_due()) {
      if (!batch.samples().empty()) {
        return true;
      }
      deadline_.reset();
    }
    read_more();
  }
  return !batch.samples().empty();
}

/// Decodes what is there; whether the batch is full.
bool StreamInput::decode() {
  for (;;) {
    if (passing_over_) {
      pass_over_line();
    }
    if (decoder_ == nullptr && !choose_decoder(is_due())) {
      return false;
    }
    if (at_end_ && arrivals_.size() <= 1) {
      decoder_->expect_end();
    }
    const std::string_view first = arrived_first();
    const DecodeOutcome outcome = decoder_->decode(first, sink_);
    const bool all_used = outcome.used == first.size();
    use(outcome.used);
    if (outcome.damaged) {
      finished_ = true;
      return true;
    }
    if (outcome.part_ended) {
      decoder_.reset();
      detector_.reset();
    }
    if (sink_.is_full()) {
      return true;
    }
    if (!outcome.part_ended && !(all_used ? !arrivals_.empty() : join_arrivals())) {
      break;
    }
  }
  if (decoder_->has_lines() && source_.bytes().size() > options_.line_limit) {
    sink_.line_fault(fmt::format("the line is longer than the limit of {} bytes", options_.line_limit));
    passing_over_ = true;
    pass_over_line();
  }
  return false;
}

bool StreamInput::choose_decoder(bool must) {
  const std::string_view start = source_.bytes();
  if (start.empty()) {
    return false;
  }
  if (!options_.csv_columns.empty()) {
    format_ = StreamFormat::kCsv;
  } else if (options_.format) {
    format_ = options_.format;
  } else {
    if (detector_ == nullptr) {
      const std::string tail = source_.tail(7);
      const bool has_eof = tail == "# EOF" || tail.ends_with("\n# EOF") || tail.ends_with("# EOF\n");
      detector_ = std::make_unique<FormatDetector>(tail.empty() ? FormatDetector::Tail::kUnknown
                                                   : has_eof    ? FormatDetector::Tail::kEofLine
                                                                : FormatDetector::Tail::kOther);
    }
    std::optional<StreamFormat> found;
    try {
      found = detector_->decide(start, at_end_, must);
    } catch (const Error& error) {
      throw Error(error.kind(), "detect format", source_.name(), error.why());
    }
    if (!found) {
      return false;
    }
    format_ = found;
  }
  switch (*format_) {
    case StreamFormat::kProtobuf:
      decoder_ = make_proto_decoder(options_.exposition, options_.message_limit);
      break;
    case StreamFormat::kRw2:
      decoder_ = make_rw2_decoder(std::min(options_.message_limit, kMostRw2Bytes));
      break;
    case StreamFormat::kJsonLines:
      decoder_ = make_json_decoder();
      break;
    case StreamFormat::kCsv:
      decoder_ = make_csv_decoder(options_.csv_columns);
      break;
    case StreamFormat::kPrometheusText:
    case StreamFormat::kOpenMetrics:
      decoder_ = options_.text_decoder ? options_.text_decoder(*format_) : make_text_decoder(*format_);
      break;
  }
  return true;
}

void StreamInput::pass_over_line() {
  const std::string_view bytes = source_.bytes();
  const std::size_t newline = bytes.find('\n');
  const std::size_t size = newline == std::string_view::npos ? bytes.size() : newline + 1;
  passing_over_ = newline == std::string_view::npos;
  sink_.lines += passing_over_ ? 0 : 1;
  sink_.bytes += size;
  use(size);
}

/// The bytes that came first, of those at hand; samples in them have the time of their arrival, though they may have
/// had to wait for others to tell the format.
std::string_view StreamInput::arrived_first() {
  if (arrivals_.empty()) {
    return source_.bytes();
  }
  sink_.set_reading_time(arrivals_.front().t_ms);
  return source_.bytes().substr(0, arrivals_.front().size);
}

/// Counts what is left of the first bytes to those behind them, which end their record; false if there are none.
bool StreamInput::join_arrivals() {
  if (arrivals_.size() <= 1) {
    return false;
  }
  arrivals_[1].size += arrivals_[0].size;
  arrivals_.pop_front();
  return true;
}

void StreamInput::use(std::size_t size) {
  source_.use(size);
  while (!arrivals_.empty() && size >= arrivals_.front().size) {
    size -= arrivals_.front().size;
    arrivals_.pop_front();
  }
  if (!arrivals_.empty()) {
    arrivals_.front().size -= size;
  }
}

bool StreamInput::is_due() const {
  return deadline_ && steady_clock::now() >= *deadline_;
}

milliseconds StreamInput::patience() const {
  std::optional<milliseconds> most;
  if (deadline_) {
    const auto left = std::chrono::ceil<milliseconds>(*deadline_ - steady_clock::now());
    most = std::max(left, milliseconds(0));
  }
  if (options_.stop) {
    most = std::min(most.value_or(kStopInterval), kStopInterval);
  }
  return most.value_or(milliseconds(-1));
}

void StreamInput::read_more() {
  if (options_.stop && options_.stop()) {
    at_end_ = true;
    stopped_ = true;
    return;
  }
  ByteSource::Outcome outcome = ByteSource::Outcome::kNothing;
  const std::size_t size_before = source_.bytes().size();
  try {
    outcome = source_.read(patience());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kSyntax) {
      throw;
    }
    sink_.fault(error.why());  // damaged compression: what came before it counts
    outcome = ByteSource::Outcome::kEnd;
  }
  if (outcome == ByteSource::Outcome::kEnd) {
    at_end_ = true;
  }
  if (outcome != ByteSource::Outcome::kMore) {
    return;
  }
  const Time now = steady_clock::now();
  if (!deadline_) {
    deadline_ = now + options_.batch_wait;
  }
  const std::size_t size = source_.bytes().size() - size_before;
  if (arrivals_.empty() || is_new_batch_ || (source_.waited() && now - read_at_ >= kPause)) {
    arrivals_.push_back({.size = size, .t_ms = clock_.now_ms()});
    read_at_ = now;
  } else {
    arrivals_.back().size += size;
  }
  is_new_batch_ = false;
}

void StreamInput::finish() {
  finished_ = true;
  if (passing_over_ || stopped_ || decoder_ == nullptr) {
    return;  // reported already, our own doing, or nothing came
  }
  decoder_->finish(source_.bytes(), sink_);
}

}  // namespace mcore
