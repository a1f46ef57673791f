// SPDX-License-Identifier: Apache-2.0
// http_stub [unix:PATH]: serves until its standard input ends; its first line says the port. See http_stub.h for paths.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "support/http_stub.h"

int main(int argc, char** argv) {
  const std::string path = argc > 1 ? std::string(argv[1]).substr(5) : "";
  const mcore::HttpStub stub(path);
  std::printf("%d\n", stub.port());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}
