/* SPDX-License-Identifier: Apache-2.0 */
/* json-c's side of bench_json: in a file of its own, because its names and ours collide. */
#ifndef MPIJOBD_TESTS_BENCH_JSON_C_H
#define MPIJOBD_TESTS_BENCH_JSON_C_H

#include <stddef.h>

/* Parses a document (NUL-terminated), sets a string at the pointer, serialises. Bytes of the result; 0: it failed. */
size_t bench_json_c(const char *document, size_t len, const char *pointer, const char *value);

#endif
