// SPDX-License-Identifier: Apache-2.0
#include "model/labels.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/hash.h"

namespace mcore {
namespace {

constexpr std::size_t kShortLimit = kLongLabelMark;

std::size_t encoded_size(std::string_view text) noexcept {
  return text.size() + (text.size() < kShortLimit ? 1 : 4);
}

/// memcpy for what labels are: short. Two overlapping moves of a fixed size instead of a call.
template <typename Word>
char* copy_overlapping(char* out, const char* from, std::size_t size) noexcept {
  Word head;
  Word tail;
  std::memcpy(&head, from, sizeof(Word));
  std::memcpy(&tail, from + size - sizeof(Word), sizeof(Word));
  std::memcpy(out, &head, sizeof(Word));
  std::memcpy(out + size - sizeof(Word), &tail, sizeof(Word));
  return out + size;
}

struct Bytes16 {
  std::uint64_t low;
  std::uint64_t high;
};

char* copy(char* out, const char* from, std::size_t size) noexcept {
  if (size > 32) {
    std::memcpy(out, from, size);
    return out + size;
  }
  if (size >= 16) {
    return copy_overlapping<Bytes16>(out, from, size);
  }
  if (size >= 8) {
    return copy_overlapping<std::uint64_t>(out, from, size);
  }
  if (size >= 4) {
    return copy_overlapping<std::uint32_t>(out, from, size);
  }
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = from[i];
  }
  return out + size;
}

/// `a < b`, by the first byte where it decides.
bool less(std::string_view a, std::string_view b) noexcept {
  if (!a.empty() && !b.empty() && a[0] != b[0]) {
    return static_cast<unsigned char>(a[0]) < static_cast<unsigned char>(b[0]);
  }
  return a < b;
}

char* put(char* out, std::string_view text) noexcept {
  assert(text.size() < (std::size_t{1} << 24U));
  if (text.size() < kShortLimit) {
    *out++ = static_cast<char>(text.size());
  } else {
    *out++ = static_cast<char>(kLongLabelMark);
    *out++ = static_cast<char>(text.size() & 0xFFU);
    *out++ = static_cast<char>((text.size() >> 8U) & 0xFFU);
    *out++ = static_cast<char>(text.size() >> 16U);
  }
  return copy(out, text.data(), text.size());
}

bool is_name_start(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_legacy_name(std::string_view name, bool colon) noexcept {
  if (name.empty() || !(is_name_start(name[0]) || (colon && name[0] == ':'))) {
    return false;
  }
  return std::ranges::all_of(
      name, [colon](char c) { return is_name_start(c) || (c >= '0' && c <= '9') || (colon && c == ':'); });
}

/// Takes out every label whose name has an empty value somewhere. Requires: sorted by name.
void remove_empty(std::vector<Label>& labels) {
  std::size_t kept = 0;
  for (std::size_t first = 0; first < labels.size();) {
    std::size_t last = first;
    bool empty = false;
    for (; last < labels.size() && labels[last].name == labels[first].name; ++last) {
      empty |= labels[last].value.empty();
    }
    for (std::size_t i = first; i < last && !empty; ++i) {
      labels[kept++] = labels[i];
    }
    first = last;
  }
  labels.resize(kept);
}

}  // namespace

bool LabelsView::Iterator::take_slowly(std::string_view& text, std::size_t rest) noexcept {
  const auto* const p = reinterpret_cast<const unsigned char*>(next_);
  const auto left = static_cast<std::size_t>(end_ - next_);
  std::size_t size = *p;
  std::size_t prefix = 1;
  if (size == kLongLabelMark) {
    if (left < 4) {
      text = {};
      next_ = end_;
      return false;
    }
    size = p[1] | (static_cast<std::size_t>(p[2]) << 8U) | (static_cast<std::size_t>(p[3]) << 16U);
    prefix = 4;
  }
  const bool is_whole = prefix + size + rest <= left;
  text = {next_ + prefix, std::min(size, left - prefix)};
  next_ = is_whole ? next_ + prefix + size : end_;
  return is_whole;
}

std::size_t LabelsView::size() const noexcept {
  std::size_t count = 0;
  for (auto it = begin(); it != end(); ++it) {
    ++count;
  }
  return count;
}

std::string_view LabelsView::get(std::string_view name) const noexcept {
  for (const Label& label : *this) {
    if (label.name == name) {
      return label.value;
    }
  }
  return {};
}

std::uint64_t LabelsView::hash() const noexcept {
  return hash_bytes(bytes_);
}

std::strong_ordering LabelsView::operator<=>(const LabelsView& other) const noexcept {
  auto left = begin();
  auto right = other.begin();
  for (; left != end() && right != other.end(); ++left, ++right) {
    const Label& a = *left;
    const Label& b = *right;
    if (const auto order = a.name <=> b.name; order != 0) {
      return order;
    }
    if (const auto order = a.value <=> b.value; order != 0) {
      return order;
    }
  }
  return (left != end()) <=> (right != other.end());
}

LabelsView LabelBuilder::build() {
  // Insertion sort: what comes in is short and almost always sorted already. A set of many that is neither was made to
  // take time.
  constexpr std::size_t kMany = 64;
  const auto by_name = [](const Label& a, const Label& b) { return less(a.name, b.name); };
  if (labels_.size() > kMany && !std::is_sorted(labels_.begin(), labels_.end(), by_name)) {
    std::stable_sort(labels_.begin(), labels_.end(), by_name);
  }
  for (std::size_t i = 1; i < labels_.size(); ++i) {
    for (std::size_t j = i; j > 0 && less(labels_[j].name, labels_[j - 1].name); --j) {
      std::swap(labels_[j], labels_[j - 1]);
    }
  }
  duplicate_name_ = {};
  has_duplicate_name_ = false;
  bool has_empty = false;
  std::size_t size = 0;
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    if (i > 0 && !less(labels_[i - 1].name, labels_[i].name)) {
      duplicate_name_ = labels_[i].name;
      has_duplicate_name_ = true;
    }
    has_empty |= labels_[i].value.empty();
    size += encoded_size(labels_[i].name) + encoded_size(labels_[i].value);
  }
  if (has_empty) {
    remove_empty(labels_);
    return build();
  }
  if (bytes_.size() < size) {
    bytes_.resize(size);
  }
  char* out = bytes_.data();
  for (const Label& label : labels_) {
    out = put(put(out, label.name), label.value);
  }
  return LabelsView({bytes_.data(), size});
}

void append_quoted_value(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  out += '"';
}

std::string labels_text(LabelsView labels) {
  const std::string_view metric = labels.get(kNameLabel);
  std::string out;
  std::string_view separator;
  bool open = false;
  const auto open_brace = [&] {
    out += open ? "" : "{";
    out += separator;
    separator = ", ";
    open = true;
  };
  if (is_legacy_metric_name(metric)) {
    out += metric;
  } else if (!metric.empty()) {
    open_brace();
    append_quoted_value(out, metric);
  }
  for (const Label& label : labels) {
    if (label.name == kNameLabel) {
      continue;
    }
    open_brace();
    if (is_legacy_label_name(label.name)) {
      out += label.name;
    } else {
      append_quoted_value(out, label.name);
    }
    out += '=';
    append_quoted_value(out, label.value);
  }
  if (open) {
    out += '}';
  }
  return out.empty() ? "{}" : out;
}

bool is_legacy_metric_name(std::string_view name) noexcept {
  return is_legacy_name(name, true);
}

bool is_legacy_label_name(std::string_view name) noexcept {
  return is_legacy_name(name, false);
}

}  // namespace mcore
