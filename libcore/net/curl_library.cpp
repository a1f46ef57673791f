// SPDX-License-Identifier: Apache-2.0
#include "net/curl_library.h"

#include <curl/curl.h>
#include <dlfcn.h>

#include <string>

#include "base/error.h"

namespace mcore {
namespace {

constexpr const char* kLibrary = "libcurl.so.4";

[[noreturn]] void fail() {
  const char* const why = ::dlerror();
  throw Error(ErrorKind::kIo, "load libcurl", kLibrary,
              std::string(why != nullptr ? why : "unknown") + "; install libcurl4");
}

template <typename Function>
void take(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr) {
    fail();
  }
}

CurlLibrary open_library() {
  void* const library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);  // never closed: libraries below it keep state
  if (library == nullptr) {
    fail();
  }
  int (*global_init)(long) = nullptr;
  take(library, "curl_global_init", global_init);
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw Error(ErrorKind::kIo, "load libcurl", kLibrary, "curl_global_init failed");
  }
  CurlLibrary curl{};
  take(library, "curl_easy_init", curl.easy_init);
  take(library, "curl_easy_cleanup", curl.easy_cleanup);
  take(library, "curl_easy_reset", curl.easy_reset);
  take(library, "curl_easy_setopt", curl.easy_setopt);
  take(library, "curl_easy_getinfo", curl.easy_getinfo);
  take(library, "curl_easy_strerror", curl.easy_strerror);
  take(library, "curl_multi_init", curl.multi_init);
  take(library, "curl_multi_cleanup", curl.multi_cleanup);
  take(library, "curl_multi_setopt", curl.multi_setopt);
  take(library, "curl_multi_add_handle", curl.multi_add_handle);
  take(library, "curl_multi_remove_handle", curl.multi_remove_handle);
  take(library, "curl_multi_perform", curl.multi_perform);
  take(library, "curl_multi_poll", curl.multi_poll);
  take(library, "curl_multi_info_read", curl.multi_info_read);
  take(library, "curl_slist_append", curl.slist_append);
  take(library, "curl_slist_free_all", curl.slist_free_all);
  return curl;
}

}  // namespace

const CurlLibrary& CurlLibrary::load() {
  static const CurlLibrary library = open_library();
  return library;
}

}  // namespace mcore
