// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "text/content_type.h"
#include "text/exposition_lint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> exact(data, data + size);
  const std::string_view body(exact.data(), exact.size());
  const mcore::LintReport report = mcore::lint_exposition(mcore::detect_exposition_format(body), body);
  for (const mcore::LintFinding& finding : report.findings) {
    if (finding.rule.empty() || finding.text.empty()) {
      std::abort();
    }
  }
  return 0;
}
