// SPDX-License-Identifier: Apache-2.0
#include "stream.h"
#include "text/csv_columns.h"

/// The first line is the column map (empty: the header says), the rest the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t newline = bytes.find('\n');
  if (newline == std::string_view::npos) {
    return 0;
  }
  mcore::StreamInputOptions options;
  options.format = mcore::StreamFormat::kCsv;
  if (newline > 0) {
    auto columns = mcore::parse_csv_columns(bytes.substr(0, newline));
    if (!columns.ok()) {
      return 0;
    }
    options.csv_columns = std::move(columns).value();
  }
  mcore::fuzz_stream(data + newline + 1, size - newline - 1, options);
  return 0;
}
