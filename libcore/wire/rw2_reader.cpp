// SPDX-License-Identifier: Apache-2.0
// io.prometheus.write.v2: a request is a table of strings (field 4, the first one empty) and series (field 5) that
// refer to them by index. Where the encoding differs between versions of the format, all are read: the start of a
// counter is a field of the series (6) in the first ones, of each sample (3) and histogram (17) in the later ones.
#include "wire/rw2_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "model/sample_batch.h"
#include "wire/pbf_fields.h"
#include "wire/rw2_histogram.h"

namespace mcore {
namespace {

constexpr std::size_t kMostLabelBytes = (std::size_t{1} << 24U) - 1;

/// A request may name one long text in each of its many series: what all its label sets may come to.
constexpr std::uint64_t kMostLabelBytesInAll = std::uint64_t{4} << 30U;
constexpr std::size_t kMostMessageBytes = (std::size_t{1} << 31U) - 1;

struct Symbol {
  std::uint32_t offset = 0;
  std::uint32_t size : 31 = 0;
  std::uint32_t is_text : 1 = 0;  // valid UTF-8: looked at once, used in many series
};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorKind::kSyntax, "read rw2", "", why);
}

MetricType metric_type(std::uint64_t number) noexcept {
  constexpr MetricType kTypes[] = {MetricType::kUnknown,   MetricType::kCounter,        MetricType::kGauge,
                                   MetricType::kHistogram, MetricType::kGaugeHistogram, MetricType::kSummary,
                                   MetricType::kInfo,      MetricType::kStateset};
  return number < std::size(kTypes) ? kTypes[number] : MetricType::kUnknown;
}

/// Whether an entry has exemplars and no samples. Looks no further than its first sample.
bool is_apart(std::string_view message) {
  bool has_exemplars = false;
  PbfFields reader(message);
  while (reader.next()) {
    if (reader.number() == 2 || reader.number() == 3) {
      return false;
    }
    has_exemplars |= reader.number() == 4;
  }
  return has_exemplars;
}

/// What such an entry, or one with samples, has.
struct Peek {
  std::vector<std::uint32_t> refs;
  bool has_samples = false;
  std::uint64_t exemplars = 0;
};

Peek peek(std::string_view message) {
  Peek found;
  PbfFields reader(message);
  while (reader.next() && !found.has_samples) {
    switch (reader.number()) {
      case 1:
        reader.each_whole([&found](std::uint64_t ref) { found.refs.push_back(static_cast<std::uint32_t>(ref)); });
        break;
      case 2:
      case 3:
        found.has_samples = true;
        break;
      case 4:
        ++found.exemplars;
        break;
      default:
        break;
    }
  }
  return found;
}

/// The indexes as a key of a hash map.
std::string key_of(const std::vector<std::uint32_t>& refs) {
  return {reinterpret_cast<const char*>(refs.data()), refs.size() * sizeof(std::uint32_t)};
}

}  // namespace

struct Rw2Reader::State {
  explicit State(std::string_view whole) : message(whole), entries(whole) {}

  std::string_view message;
  PbfFields entries;  // of the message
  std::vector<Symbol> symbols;
  std::unordered_map<std::string, std::vector<std::string_view>> apart;  // entries of exemplars alone, by series
  std::unordered_map<std::string, std::size_t> apart_owner;              // the last entry with samples, by series
  std::size_t entry = 0;                                                 // its number, from 1
  std::uint64_t orphaned = 0;

  std::vector<std::uint32_t> refs;
  Rw2Metadata metadata;
  std::vector<std::string_view> samples;  // encoded, floats first
  std::vector<std::string_view> histograms;
  std::size_t float_count = 0;
  std::size_t sample = 0;  // how many were read
  std::vector<std::string_view> exemplar_messages;
  std::optional<std::int64_t> series_start;

  std::int64_t t_ms = 0;
  double value = 0;
  Histogram histogram;
  std::optional<std::int64_t> start_t_ms;
  std::vector<Exemplar> exemplars;
  LabelBuilder builder;

  void scan();
  void index_apart();
  void open(std::string_view series);
  void decode_metadata(std::string_view encoded);
  void decode_float(std::string_view encoded);
  void decode_exemplars();
  [[nodiscard]] std::string_view symbol(std::uint64_t ref) const;
  void check_refs(const std::vector<std::uint32_t>& list);
  std::uint64_t label_bytes = 0;  // of all label sets so far
};

std::string_view Rw2Reader::State::symbol(std::uint64_t ref) const {
  if (ref >= symbols.size()) {
    refuse(fmt::format("reference to symbol {}, but the request has {}", ref, symbols.size()));
  }
  return message.substr(symbols[ref].offset, symbols[ref].size);
}

/// Finds the symbols, which may stand anywhere, and whether exemplars stand apart from their samples.
void Rw2Reader::State::scan() {
  if (message.size() > kMostMessageBytes) {
    refuse("a request of 2 GiB or more");
  }
  bool has_apart = false;
  PbfFields reader(message);
  while (reader.next()) {
    switch (reader.number()) {
      case 4: {
        const std::string_view text = reader.bytes();
        Symbol& added = symbols.emplace_back();
        added.offset = static_cast<std::uint32_t>(text.data() - message.data());
        added.size = static_cast<std::uint32_t>(text.size()) & 0x7FFFFFFFU;
        added.is_text = is_valid_utf8(text) ? 1 : 0;
        break;
      }
      case 5: {
        const std::string_view series = reader.bytes();
        try {
          has_apart |= is_apart(series);
        } catch (const Error&) {  // next_series() will say so
        }
        break;
      }
      default:
        break;
    }
  }
  if (has_apart) {
    index_apart();
  }
}

void Rw2Reader::State::index_apart() {
  PbfFields reader(message);
  std::size_t number = 0;
  std::unordered_map<std::string, std::uint64_t> counts;
  while (reader.next()) {
    if (reader.number() != 5) {
      continue;
    }
    ++number;
    const std::string_view series = reader.bytes();
    try {
      const Peek found = peek(series);
      if (found.has_samples) {
        apart_owner[key_of(found.refs)] = number;
      } else if (found.exemplars > 0) {
        const std::string key = key_of(found.refs);
        apart[key].push_back(series);
        counts[key] += found.exemplars;
      }
    } catch (const Error&) {
    }
  }
  for (const auto& [key, count] : counts) {
    orphaned += apart_owner.contains(key) ? 0 : count;
  }
}

void Rw2Reader::State::check_refs(const std::vector<std::uint32_t>& list) {
  if (list.size() % 2 != 0) {
    refuse(fmt::format("{} references to label names and values: they must come in pairs", list.size()));
  }
  std::size_t bytes = 0;
  for (const std::uint32_t ref : list) {
    const std::string_view text = symbol(ref);
    bytes += text.size();
    if (bytes > kMostLabelBytes) {
      refuse("a label set of 16 MiB or more");
    }
    if (symbols[ref].is_text == 0) {
      refuse(fmt::format("label text {} is not valid UTF-8", in_quotes(text)));
    }
  }
  label_bytes += bytes;
  if (label_bytes > kMostLabelBytesInAll) {
    refuse("label sets of more than 4 GiB in one request");
  }
}

void Rw2Reader::State::open(std::string_view series) {
  refs.clear();
  metadata = {};
  samples.clear();
  exemplar_messages.clear();
  series_start.reset();
  sample = 0;
  histograms.clear();
  PbfFields reader(series);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        reader.each_whole([this](std::uint64_t ref) {
          refs.push_back(static_cast<std::uint32_t>(std::min<std::uint64_t>(ref, UINT32_MAX)));
        });
        break;
      case 2:
        samples.push_back(reader.bytes());
        break;
      case 3:
        histograms.push_back(reader.bytes());
        break;
      case 4:
        exemplar_messages.push_back(reader.bytes());
        break;
      case 5:
        decode_metadata(reader.bytes());
        break;
      case 6:
        series_start = static_cast<std::int64_t>(reader.whole());
        break;
      default:
        break;
    }
  }
  float_count = samples.size();
  samples.insert(samples.end(), histograms.begin(), histograms.end());
  check_refs(refs);
  if (apart.empty() || samples.empty()) {
    return;
  }
  const std::string key = key_of(refs);
  const auto owner = apart_owner.find(key);
  if (owner == apart_owner.end() || owner->second != entry) {
    return;
  }
  if (const auto found = apart.find(key); found != apart.end()) {
    for (const std::string_view other : found->second) {
      PbfFields more(other);
      while (more.next()) {
        if (more.number() == 4) {
          exemplar_messages.push_back(more.bytes());
        }
      }
    }
  }
}

void Rw2Reader::State::decode_metadata(std::string_view encoded) {
  PbfFields reader(encoded);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        metadata.type = metric_type(reader.whole());
        metadata.has_type = true;
        break;
      case 3:
        metadata.help = symbol(reader.whole());
        metadata.has_help = is_valid_utf8(metadata.help);
        break;
      case 4:
        metadata.unit = symbol(reader.whole());
        break;
      default:
        break;
    }
  }
  if (!metadata.has_help) {
    metadata.help = {};
  }
  if (!is_valid_utf8(metadata.unit)) {
    metadata.unit = {};
  }
}

void Rw2Reader::State::decode_float(std::string_view encoded) {
  value = 0;
  t_ms = 0;
  PbfFields reader(encoded);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        value = reader.real();
        break;
      case 2:
        t_ms = static_cast<std::int64_t>(reader.whole());
        break;
      case 3:
        start_t_ms = static_cast<std::int64_t>(reader.whole());
        break;
      default:
        break;
    }
  }
}

void Rw2Reader::State::decode_exemplars() {
  std::vector<std::uint32_t> list;
  for (const std::string_view encoded : exemplar_messages) {
    list.clear();
    Exemplar exemplar;
    PbfFields reader(encoded);
    while (reader.next()) {
      switch (reader.number()) {
        case 1:
          reader.each_whole([&list](std::uint64_t ref) {
            list.push_back(static_cast<std::uint32_t>(std::min<std::uint64_t>(ref, UINT32_MAX)));
          });
          break;
        case 2:
          exemplar.value = reader.real();
          break;
        case 3:
          exemplar.timestamp_ms = static_cast<std::int64_t>(reader.whole());
          break;
        default:
          break;
      }
    }
    check_refs(list);
    builder.clear();
    for (std::size_t i = 0; i < list.size(); i += 2) {
      builder.add(symbol(list[i]), symbol(list[i + 1]));
    }
    exemplar.labels = LabelSet(builder.build());
    exemplars.push_back(std::move(exemplar));
  }
}

Rw2Reader::Rw2Reader(std::string_view message) : state_(std::make_unique<State>(message)) {
  state_->scan();
}

Rw2Reader::~Rw2Reader() = default;

bool Rw2Reader::next_series() {
  State& state = *state_;
  state.samples.clear();
  state.sample = 0;
  while (state.entries.next()) {
    if (state.entries.number() == 5) {
      const std::string_view series = state.entries.bytes();
      ++state.entry;
      state.open(series);
      return true;
    }
  }
  return false;
}

void Rw2Reader::labels(LabelBuilder& out) const {
  for (std::size_t i = 0; i + 1 < state_->refs.size(); i += 2) {
    out.add(state_->symbol(state_->refs[i]), state_->symbol(state_->refs[i + 1]));
  }
}

const Rw2Metadata& Rw2Reader::metadata() const noexcept {
  return state_->metadata;
}

bool Rw2Reader::next_sample() {
  State& state = *state_;
  if (state.sample == state.samples.size()) {
    return false;
  }
  const std::string_view encoded = state.samples[state.sample++];
  state.start_t_ms = state.series_start;
  if (state.sample <= state.float_count) {
    state.decode_float(encoded);
  } else {
    const Rw2HistogramTimes times = decode_rw2_histogram(encoded, state.histogram);
    state.t_ms = times.t_ms;
    if (times.start_t_ms) {
      state.start_t_ms = times.start_t_ms;
    }
  }
  state.exemplars.clear();
  if (state.sample == state.samples.size()) {
    state.decode_exemplars();
  }
  return true;
}

bool Rw2Reader::is_histogram() const noexcept {
  return state_->sample > state_->float_count;
}
std::int64_t Rw2Reader::t_ms() const noexcept {
  return state_->t_ms;
}
double Rw2Reader::value() const noexcept {
  return state_->value;
}
const Histogram& Rw2Reader::histogram() const noexcept {
  return state_->histogram;
}
std::optional<std::int64_t> Rw2Reader::start_t_ms() const noexcept {
  return state_->start_t_ms;
}
const std::vector<Exemplar>& Rw2Reader::exemplars() const noexcept {
  return state_->exemplars;
}
std::uint64_t Rw2Reader::orphaned_exemplars() const noexcept {
  return state_->orphaned;
}

std::string_view rw2_family_name(std::string_view metric, MetricType type) noexcept {
  for (const std::string_view suffix : {"_bucket", "_gcount", "_count", "_gsum", "_sum", "_info"}) {
    if (metric.size() > suffix.size() && metric.ends_with(suffix)) {
      const std::string_view family = metric.substr(0, metric.size() - suffix.size());
      return type != MetricType::kCounter && is_part_of_family(metric, family, type) ? family : metric;
    }
  }
  return metric;
}

}  // namespace mcore
