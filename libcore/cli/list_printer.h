// SPDX-License-Identifier: Apache-2.0
// Output of commands that list one thing a line: lines as they are, so that they can be read back by a shell, or JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/console.h"
#include "cli/option_set.h"

namespace mcore {

/// `-o text|json|jsonl`, or a file.
class ListOption {
 public:
  void declare(OptionSet& set) {
    set.output(&format_, &file_, {{".txt", "text"}, {".jsonl", "jsonl"}, {".json", "json"}}, {"text", "json", "jsonl"});
  }
  /// Call before any output.
  void apply(Console& io) const {
    if (!file_.empty()) {
      io.set_output_file(file_);
    }
  }
  [[nodiscard]] bool is_json() const noexcept { return format_ != "text"; }
  [[nodiscard]] const std::string& format() const noexcept { return format_; }

 private:
  std::string format_ = "text";
  std::string file_;
};

/// Prints entries: one a line; for `json` as an array with an entry a line.
class ListPrinter {
 public:
  ListPrinter(const ListOption& option, Console& io) : is_array_(option.format() == "json"), io_(io) {}

  /// Takes the entry as it is to be printed: for JSON, as JSON.
  void add(std::string_view entry) {
    if (!is_array_) {
      io_.data_line(entry);
    } else {
      io_.data(size_ == 0 ? "[\n  " : ",\n  ");
      io_.data(entry);
    }
    ++size_;
  }
  void finish() {
    if (is_array_) {
      io_.data_line(size_ == 0 ? "[]" : "\n]");
    }
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  bool is_array_;
  Console& io_;
  std::size_t size_ = 0;
};

}  // namespace mcore
