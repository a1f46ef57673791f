// SPDX-License-Identifier: Apache-2.0
#include "expression_words.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "model/duration.h"

namespace mcore {
namespace {

std::string expression_of(const std::string& word) {
  if (!word.starts_with('@')) {
    return word;
  }
  const MappedFile file = MappedFile::open(word.substr(1));
  std::string text(file.bytes());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text.pop_back();
  }
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

}  // namespace

std::vector<std::string> expressions_of(const std::vector<std::string>& operands,
                                        const std::vector<std::string>& expressions) {
  if (operands.size() > 1) {
    throw Error(ErrorKind::kUsage, "expression", in_quotes(operands[1]),
                "one expression at a time: put it in quotes, '" + joined(operands) + "'; --expr takes several");
  }
  std::vector<std::string> all;
  for (const auto* const words : {&expressions, &operands}) {
    for (const std::string& word : *words) {
      all.push_back(expression_of(word));
    }
  }
  if (all.empty()) {
    throw Error(ErrorKind::kUsage, "expression", "", "there is none; such as mquery 'rate(http_requests_total[5m])'");
  }
  return all;
}

void set_lookback(const std::string& option, QueryOptions& options) {
  const char* const environment = std::getenv("MQUERY_LOOKBACK");
  const std::string text = !option.empty() ? option : environment != nullptr ? environment : "";
  if (text == "auto") {
    options.widens_lookback = true;
  } else if (!text.empty()) {
    const auto lookback = parse_duration(text);
    if (!lookback.ok() || lookback.value().count() <= 0) {
      throw Error(ErrorKind::kUsage, option.empty() ? "$MQUERY_LOOKBACK" : "option --lookback", in_quotes(text),
                  lookback.ok() ? "expected more than nothing" : lookback.error().why() + ", or auto");
    }
    options.lookback_ms = lookback.value().count();
  }
}

void apply_features(const std::vector<std::string>& names, QueryOptions& options) {
  for (const std::string& list : names) {
    for (std::string_view rest = list; !rest.empty();) {
      const std::string_view name = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(name.size() + 1, rest.size()));
      if (name == "promql-delayed-name-removal") {
        options.delayed_name_removal = true;
      } else if (name == "use-start-timestamps") {
        options.use_start_timestamps = true;
      } else if (name == "type-and-unit-labels") {
        options.type_and_unit_labels = true;
      } else if (!is_one_of(name, {"promql-experimental-functions", "promql-extended-range-selectors",
                                   "promql-binop-fill-modifiers", "promql-duration-expr", "native-histograms"})) {
        throw Error(ErrorKind::kUsage, "option --enable-feature", in_quotes(name),
                    "expected promql-delayed-name-removal, use-start-timestamps or type-and-unit-labels; the other "
                    "features of queries are on");
      }
    }
  }
}

}  // namespace mcore
