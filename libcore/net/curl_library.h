// SPDX-License-Identifier: Apache-2.0
#pragma once

struct curl_slist;
struct CURLMsg;

namespace mcore {

/// The functions of libcurl that we use, from a library that is loaded when it is first asked for.
///
/// Linked in the usual way, libcurl and the thirty libraries behind it cost each start 4 ms and 400 page faults, though
/// most runs never ask the network. So it is opened by dlopen; a package of this project must name libcurl4 by hand.
/// The types are libcurl's with its enums as int, so that its header stays in the .cpp files.
struct CurlLibrary {
  void* (*easy_init)();
  void (*easy_cleanup)(void* easy);
  void (*easy_reset)(void* easy);
  int (*easy_setopt)(void* easy, int option, ...);
  int (*easy_getinfo)(void* easy, int info, ...);
  const char* (*easy_strerror)(int code);
  void* (*multi_init)();
  int (*multi_cleanup)(void* multi);
  int (*multi_setopt)(void* multi, int option, ...);
  int (*multi_add_handle)(void* multi, void* easy);
  int (*multi_remove_handle)(void* multi, void* easy);
  int (*multi_perform)(void* multi, int* running);
  int (*multi_poll)(void* multi, void* extra, unsigned extra_count, int timeout_ms, int* ready);
  CURLMsg* (*multi_info_read)(void* multi, int* left);
  curl_slist* (*slist_append)(curl_slist* list, const char* text);
  void (*slist_free_all)(curl_slist* list);

  /// Errors:  throws Error (kIo) when the library or one of its functions is not there.
  /// Threads: any; the first call loads and initialises.
  [[nodiscard]] static const CurlLibrary& load();
};

}  // namespace mcore
