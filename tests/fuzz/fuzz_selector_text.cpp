// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/utf8.h"
#include "model/selector_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto selector = mcore::parse_selector({reinterpret_cast<const char*>(data), size});
  if (!selector.ok()) {
    if (std::string_view(selector.error().what()).find('\n') != std::string_view::npos) {
      std::abort();  // an error is one line
    }
    return 0;
  }
  (void)mcore::selects_everything(selector.value());
  const std::string text = mcore::selector_text(selector.value());
  if (!mcore::is_valid_utf8(text)) {
    return 0;  // \xff makes a value that no text holds
  }
  const auto again = mcore::parse_selector(text);
  if (!again.ok() || mcore::selector_text(again.value()) != text) {
    std::abort();
  }
  return 0;
}
