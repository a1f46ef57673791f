// SPDX-License-Identifier: Apache-2.0
#pragma once

// Loops over many windows at once want the widest vectors that the machine has: a function so marked is compiled for
// several kinds of processor, and the loader picks one. Sanitizers start before the loader can.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define MCORE_VECTOR_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define MCORE_VECTOR_CLONES
#endif
