// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_meta.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

using Json = nlohmann::ordered_json;

// More than any tool writes. The library copies values by recursion, and searches an object's keys one by one.
constexpr int kMaxDepth = 64;
constexpr int kMaxKeys = 20'000;

/// Reads the members of one object after another, each by its type, with the key's path for messages.
class MetaReader {
 public:
  explicit MetaReader(const std::string& path) : path_(path) {}

  [[noreturn]] void fail(std::string_view why) const {
    throw Error(ErrorKind::kCorrupt, "read block meta", path_, why);
  }
  [[noreturn]] void fail(std::string_view key, std::string_view wanted) const {
    fail(fmt::format("{} must be {}", key, wanted));
  }

  /// Calls `take(key, value)` for each member that is not null; what it does not take goes to `other`.
  template <typename Take>
  void members(const Json& object, std::string_view key, JsonMembers& other, Take take) const {
    if (!object.is_object()) {
      fail(key, "an object");
    }
    for (const auto& [name, value] : object.items()) {
      if (!value.is_null() && !take(name, value)) {
        other.emplace_back(Json(name).dump(), value.dump());
      }
    }
  }
  /// Calls `take(element)` for each element.
  template <typename Take>
  void elements(const Json& array, std::string_view key, Take take) const {
    if (!array.is_array()) {
      fail(key, "an array");
    }
    std::ranges::for_each(array, take);
  }

  bool number(const Json& value, std::string_view key, std::int64_t& out) const {
    const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= INT64_MAX : value.is_number_integer();
    if (!fits) {
      fail(key, "a whole number of 64 bits");
    }
    out = value.get<std::int64_t>();
    return true;
  }
  bool number(const Json& value, std::string_view key, std::uint64_t& out) const {
    if (!value.is_number_unsigned()) {
      fail(key, "a whole number, 0 or above");
    }
    out = value.get<std::uint64_t>();
    return true;
  }
  bool number(const Json& value, std::string_view key, int& out) const {
    std::int64_t wide = 0;
    (void)number(value, key, wide);
    if (wide < INT32_MIN || wide > INT32_MAX) {
      fail(key, "a whole number of 32 bits");
    }
    out = static_cast<int>(wide);
    return true;
  }
  bool flag(const Json& value, std::string_view key, bool& out) const {
    if (!value.is_boolean()) {
      fail(key, "true or false");
    }
    out = value.get<bool>();
    return true;
  }
  [[nodiscard]] const std::string& text(const Json& value, std::string_view key) const {
    if (!value.is_string()) {
      fail(key, "a string");
    }
    return value.get_ref<const std::string&>();
  }
  [[nodiscard]] const std::string& ulid(const Json& value, std::string_view key) const {
    const std::string& found = text(value, key);
    if (!is_ulid(found)) {
      fail(key, "a ULID of 26 characters");
    }
    return found;
  }

 private:
  const std::string& path_;
};

bool read_stats(const MetaReader& in, const Json& value, BlockMeta& meta) {
  BlockStats& stats = meta.stats;
  in.members(value, "stats", meta.other_stats, [&](const std::string& key, const Json& number) {
    return (key == "numSamples" && in.number(number, "stats.numSamples", stats.samples)) ||
           (key == "numFloatSamples" && in.number(number, "stats.numFloatSamples", stats.float_samples)) ||
           (key == "numHistogramSamples" && in.number(number, "stats.numHistogramSamples", stats.histogram_samples)) ||
           (key == "numSeries" && in.number(number, "stats.numSeries", stats.series)) ||
           (key == "numChunks" && in.number(number, "stats.numChunks", stats.chunks)) ||
           (key == "numTombstones" && in.number(number, "stats.numTombstones", stats.tombstones));
  });
  return true;
}

bool read_parents(const MetaReader& in, const Json& value, BlockMeta& meta) {
  in.elements(value, "compaction.parents", [&](const Json& parent) {
    BlockParent& made = meta.parents.emplace_back();
    JsonMembers ignored;
    in.members(parent, "compaction.parents", ignored, [&](const std::string& key, const Json& part) {
      if (key == "ulid") {
        made.ulid = in.ulid(part, "compaction.parents.ulid");
      } else if (key == "minTime") {
        (void)in.number(part, "compaction.parents.minTime", made.min_t_ms);
      } else if (key == "maxTime") {
        (void)in.number(part, "compaction.parents.maxTime", made.end_t_ms);
      }
      return true;
    });
    if (made.ulid.empty()) {
      in.fail("compaction.parents.ulid", "there");
    }
  });
  return true;
}

bool read_compaction(const MetaReader& in, const Json& value, BlockMeta& meta) {
  in.members(value, "compaction", meta.other_compaction, [&](const std::string& key, const Json& part) {
    if (key == "sources") {
      in.elements(part, "compaction.sources",
                  [&](const Json& ulid) { meta.sources.push_back(in.ulid(ulid, "compaction.sources")); });
      return true;
    }
    if (key == "hints") {
      in.elements(part, "compaction.hints",
                  [&](const Json& hint) { meta.hints.push_back(in.text(hint, "compaction.hints")); });
      return true;
    }
    return (key == "level" && in.number(part, "compaction.level", meta.level)) ||
           (key == "parents" && read_parents(in, part, meta)) ||
           (key == "deletable" && in.flag(part, "compaction.deletable", meta.deletable)) ||
           (key == "failed" && in.flag(part, "compaction.failed", meta.failed));
  });
  return true;
}

/// Whether a text is no more than the library may be trusted with.
bool is_moderate(std::string_view text) noexcept {
  int depth = 0;
  int keys = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      i += c == '\\' ? 1 : 0;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) {
        return false;
      }
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ':' && ++keys > kMaxKeys) {
      return false;
    }
  }
  return true;
}

Json parse_json(const MetaReader& in, std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    in.fail("the file is empty");
  }
  if (!is_moderate(text)) {
    in.fail(fmt::format("more than {} brackets deep, or more than {} keys", kMaxDepth, kMaxKeys));
  }
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    in.fail(fmt::format("no JSON, at byte {}", error.byte > 0 ? error.byte - 1 : 0));
  } catch (const nlohmann::json::out_of_range&) {
    in.fail("a number beyond the largest there is");
  }
}

/// Lays members out as Go's MarshalIndent does with a tab.
class MetaWriter {
 public:
  void open(char bracket) {
    out_ += bracket;
    ++depth_;
    first_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!first_) {
      line();
    }
    out_ += bracket;
    first_ = false;
  }
  void next() {
    out_ += first_ ? "" : ",";
    line();
    first_ = false;
  }
  void key(std::string_view name) {
    next();
    fmt::format_to(std::back_inserter(out_), "\"{}\": ", name);
  }
  template <typename Value>
  void member(std::string_view name, const Value& value) {
    key(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  void count(std::string_view name, std::uint64_t value) {
    if (value != 0) {
      member(name, value);
    }
  }
  void text(std::string_view value) { out_ += Json(value).dump(-1, ' ', false, Json::error_handler_t::replace); }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) {
      return;
    }
    key(name);
    open('[');
    for (const std::string& value : values) {
      next();
      text(value);
    }
    close(']');
  }
  void others(const JsonMembers& members) {
    for (const auto& [name, value] : members) {
      next();
      out_ += name + ": " + value;
    }
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void line() {
    out_ += '\n';
    out_.append(depth_, '\t');
  }

  std::string out_;
  std::size_t depth_ = 0;
  bool first_ = true;
};

void write_stats(MetaWriter& out, const BlockMeta& meta) {
  out.key("stats");
  out.open('{');
  out.count("numSamples", meta.stats.samples);
  out.count("numFloatSamples", meta.stats.float_samples);
  out.count("numHistogramSamples", meta.stats.histogram_samples);
  out.count("numSeries", meta.stats.series);
  out.count("numChunks", meta.stats.chunks);
  out.count("numTombstones", meta.stats.tombstones);
  out.others(meta.other_stats);
  out.close('}');
}

void write_compaction(MetaWriter& out, const BlockMeta& meta) {
  out.key("compaction");
  out.open('{');
  out.member("level", meta.level);
  out.texts("sources", meta.sources);
  if (meta.deletable) {
    out.member("deletable", true);
  }
  if (!meta.parents.empty()) {
    out.key("parents");
    out.open('[');
    for (const BlockParent& parent : meta.parents) {
      out.next();
      out.open('{');
      out.key("ulid");
      out.text(parent.ulid);
      out.member("minTime", parent.min_t_ms);
      out.member("maxTime", parent.end_t_ms);
      out.close('}');
    }
    out.close(']');
  }
  if (meta.failed) {
    out.member("failed", true);
  }
  out.texts("hints", meta.hints);
  out.others(meta.other_compaction);
  out.close('}');
}

}  // namespace

bool BlockMeta::has_hint(std::string_view hint) const noexcept {
  return std::ranges::find(hints, hint) != hints.end();
}

bool BlockMeta::raises_min_valid() const noexcept {
  return !has_hint(kHintOutOfOrder) && !has_hint(kHintStaleSeries) && !has_hint(kHintSelectedSeries);
}

BlockMeta parse_block_meta(const std::string& path, std::string_view text) {
  const MetaReader in(path);
  const Json json = parse_json(in, text);
  BlockMeta meta;
  meta.version = 0;
  meta.level = 0;
  in.members(json, "the file", meta.other, [&](const std::string& key, const Json& value) {
    if (key == "ulid") {
      meta.ulid = in.ulid(value, "ulid");
      return true;
    }
    return (key == "minTime" && in.number(value, "minTime", meta.min_t_ms)) ||
           (key == "maxTime" && in.number(value, "maxTime", meta.end_t_ms)) ||
           (key == "version" && in.number(value, "version", meta.version)) ||
           (key == "stats" && read_stats(in, value, meta)) || (key == "compaction" && read_compaction(in, value, meta));
  });
  if (meta.version != 1 && meta.version != 2) {
    in.fail(fmt::format("version {}, want 1", meta.version));
  }
  if (meta.ulid.empty()) {
    in.fail("ulid", "there");
  }
  return meta;
}

BlockMeta read_block_meta(const std::string& folder) {
  const std::string path = folder + "/meta.json";
  return parse_block_meta(path, read_file(path));
}

std::string block_meta_text(const BlockMeta& meta) {
  MetaWriter out;
  out.open('{');
  out.key("ulid");
  out.text(meta.ulid);
  out.member("minTime", meta.min_t_ms);
  out.member("maxTime", meta.end_t_ms);
  write_stats(out, meta);
  write_compaction(out, meta);
  out.member("version", meta.version);
  out.others(meta.other);
  out.close('}');
  return out.take();
}

}  // namespace mcore
