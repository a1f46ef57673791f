// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_records.h"

#include <algorithm>

#include "tsdb/log_deltas.h"

namespace mcore {
namespace {

/// Below it a length is one and the same byte in a log record and in a LabelsView.
constexpr unsigned char kShortLength = 0x80;
constexpr std::size_t kLongestText = (std::size_t{1} << 24U) - 1;

void append_labels(std::string& record, LabelsView labels) {
  append_uvarint(record, labels.size());
  for (const Label& label : labels) {
    append_ustr(record, label.name);
    append_ustr(record, label.value);
  }
}

/// A length and its text as a LabelsView has them.
void append_view_text(std::string& out, std::string_view text) {
  if (text.size() < kLongLabelMark) {
    out += static_cast<char>(text.size());
  } else {
    const char prefix[4] = {static_cast<char>(kLongLabelMark), static_cast<char>(text.size() & 0xFFU),
                            static_cast<char>((text.size() >> 8U) & 0xFFU), static_cast<char>(text.size() >> 16U)};
    out.append(prefix, sizeof prefix);
  }
  out += text;
}

}  // namespace

LogRecordType log_record_type(std::string_view record) noexcept {
  const unsigned type = record.empty() ? 0 : static_cast<unsigned char>(record[0]);
  return type <= static_cast<unsigned>(LogRecordType::kFloatHistogramsV2) ? static_cast<LogRecordType>(type)
                                                                          : LogRecordType::kUnknown;
}

bool LogLabelsReader::read(ByteReader& reader) {
  const std::uint64_t count = reader.uvarint();
  if (!reader.ok() || count > reader.left() / 2) {
    return false;
  }
  const ByteReader begin = reader;
  std::string_view name_before;
  is_canonical_ = true;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string_view text[2];
    for (std::string_view& part : text) {
      const std::uint8_t length = reader.u8();
      if (length >= kShortLength) {
        reader = begin;
        return read_long(reader, count);
      }
      part = reader.bytes(length);
    }
    is_canonical_ = is_canonical_ && !text[1].empty() && (i == 0 || name_before < text[0]);
    name_before = text[0];
  }
  bytes_ = {begin.at(), static_cast<std::size_t>(reader.at() - begin.at())};
  return reader.ok();
}

bool LogLabelsReader::read_long(ByteReader& reader, std::uint64_t count) {
  copy_.clear();
  std::string_view name_before;
  is_canonical_ = true;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view name = reader.ustr();
    const std::string_view value = reader.ustr();
    if (!reader.ok() || std::max(name.size(), value.size()) > kLongestText) {
      return false;
    }
    is_canonical_ = is_canonical_ && !value.empty() && (i == 0 || name_before < name);
    name_before = name;
    append_view_text(copy_, name);
    append_view_text(copy_, value);
  }
  bytes_ = copy_;
  return true;
}

void LogLabelsReader::add_to(LabelBuilder& builder) const {
  for (const Label& label : LabelsView(bytes_)) {
    builder.add(label.name, label.value);
  }
}

bool SeriesRecordReader::next() {
  if (damaged_ || reader_.left() == 0) {
    return false;
  }
  ref_ = reader_.be64();
  damaged_ = !labels_.read(reader_);
  return !damaged_;
}

void append_series(std::string& record, std::uint64_t ref, LabelsView labels) {
  append_be64(record, ref);
  append_labels(record, labels);
}

bool TombstoneRecordReader::next() {
  if (damaged_ || reader_.left() == 0) {
    return false;
  }
  ref_ = reader_.be64();
  min_t_ms_ = reader_.varint();
  max_t_ms_ = reader_.varint();
  damaged_ = !reader_.ok();
  return !damaged_;
}

void append_tombstone(std::string& record, std::uint64_t ref, std::int64_t min_t_ms, std::int64_t max_t_ms) {
  append_be64(record, ref);
  append_varint(record, min_t_ms);
  append_varint(record, max_t_ms);
}

bool ExemplarRecordReader::next() {
  if (damaged_ || reader_.left() == 0) {
    return false;
  }
  if (!begun_) {
    begun_ = true;
    first_ref_ = reader_.be64();
    first_t_ms_ = static_cast<std::int64_t>(reader_.be64());
    if (reader_.ok() && reader_.left() == 0) {
      return false;
    }
  }
  ref_ = first_ref_ + static_cast<std::uint64_t>(reader_.varint());
  t_ms_ = wrapping_add(first_t_ms_, reader_.varint());
  value_ = reader_.f64();
  damaged_ = !reader_.ok() || !labels_.read(reader_);
  return !damaged_;
}

void ExemplarRecordWriter::add(std::uint64_t ref, std::int64_t t_ms, double value, LabelsView labels) {
  if (record_.empty()) {
    begin_record(record_, LogRecordType::kExemplars);
    append_be64(record_, ref);
    append_be64(record_, static_cast<std::uint64_t>(t_ms));
    first_ref_ = ref;
    first_t_ms_ = t_ms;
  }
  append_varint(record_, static_cast<std::int64_t>(ref - first_ref_));
  append_varint(record_, wrapping_subtract(t_ms, first_t_ms_));
  append_f64(record_, value);
  append_labels(record_, labels);
}

bool MmapMarkerRecordReader::next() {
  if (damaged_ || reader_.left() == 0) {
    return false;
  }
  ref_ = reader_.be64();
  chunk_ref_ = reader_.be64();
  damaged_ = !reader_.ok();
  return !damaged_;
}

bool MetadataRecordReader::next() {
  if (damaged_ || reader_.left() == 0) {
    return false;
  }
  ref_ = reader_.uvarint();
  const std::uint8_t type = reader_.u8();
  type_ =
      type <= static_cast<std::uint8_t>(MetricType::kStateset) ? static_cast<MetricType>(type) : MetricType::kUnknown;
  unit_ = help_ = {};
  const std::uint64_t fields = reader_.uvarint();
  for (std::uint64_t i = 0; i < fields && reader_.ok(); ++i) {
    const std::string_view name = reader_.ustr();
    const std::string_view value = reader_.ustr();
    if (name == "UNIT") {
      unit_ = value;
    } else if (name == "HELP") {
      help_ = value;
    }
  }
  damaged_ = !reader_.ok();
  return !damaged_;
}

void append_metadata(std::string& record, std::uint64_t ref, MetricType type, std::string_view unit,
                     std::string_view help) {
  append_uvarint(record, ref);
  append_u8(record, static_cast<std::uint8_t>(type));
  append_uvarint(record, 2);
  append_ustr(record, "UNIT");
  append_ustr(record, unit);
  append_ustr(record, "HELP");
  append_ustr(record, help);
}

}  // namespace mcore
