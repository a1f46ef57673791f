// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/labels.h"

namespace mcore {

/// Reads a line of VictoriaMetrics' JSON import and export: one series with its samples.
///
/// Shape:    `{"metric":{"__name__":"up","job":"x"},"values":[1,2.5],"timestamps":[1549891472010,1549891487724]}`, the
///           three keys in any order, others passed over. A value is a number, null (NaN), or a word for what JSON has
///           no number for, in quotes or not: NaN, Infinity, Inf and their like in any case and with a sign; "StaleNaN"
///           is a stale marker.
/// Units:    milliseconds since the Unix epoch.
/// Lifetime: views live until the next read(), those of labels() as long as the line, too.
/// Errors:   read() returns false and sets reason() and column(); never throws on any bytes.
/// Cost:     no allocation per line once the columns have grown.
class JsonLineReader {
 public:
  bool read(std::string_view line);

  /// Adds the labels, in the order of the line.
  void labels(LabelBuilder& out) const;
  /// Both are of one length.
  [[nodiscard]] std::span<const std::int64_t> t_ms() const noexcept { return t_ms_; }
  [[nodiscard]] std::span<const double> values() const noexcept { return values_; }

  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  /// Where the line breaks its format, from 1.
  [[nodiscard]] std::size_t column() const noexcept { return column_; }

 private:
  struct Text {
    std::string_view plain;  // of the line, if it has no escape
    std::size_t offset = 0;  // else in scratch_
    std::size_t size = 0;
    bool is_plain = true;
  };
  struct LabelText {
    Text name;
    Text value;
  };

  bool read_object();
  bool read_member();
  bool read_metric();
  bool read_values();
  bool read_timestamps();
  bool read_value(double& value);
  bool pass_over();

  void skip_blanks() noexcept;
  bool take(char c);
  bool at(char c) const noexcept { return p_ != end_ && *p_ == c; }
  bool take_string(Text& text);
  bool take_escape();
  bool take_hex(std::uint32_t& code);
  [[nodiscard]] std::string_view take_token() noexcept;
  [[nodiscard]] std::string_view view(const Text& text) const noexcept {
    return text.is_plain ? text.plain : std::string_view(scratch_).substr(text.offset, text.size);
  }
  bool refuse(const char* where, std::string reason);
  [[nodiscard]] std::string found() const;

  const char* begin_ = nullptr;
  const char* p_ = nullptr;
  const char* end_ = nullptr;
  std::vector<LabelText> labels_;
  std::vector<std::int64_t> t_ms_;
  std::vector<double> values_;
  bool has_metric_ = false;
  std::string scratch_;
  std::string reason_;
  std::size_t column_ = 0;
};

}  // namespace mcore
