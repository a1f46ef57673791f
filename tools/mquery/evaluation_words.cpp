// SPDX-License-Identifier: Apache-2.0
#include "evaluation_words.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "model/duration.h"

namespace mcore {
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
