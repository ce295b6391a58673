/* Base64 as Secrets have it, and the URL-safe kind without padding of continue tokens. */
#ifndef SIM_DOC_BASE64_H
#define SIM_DOC_BASE64_H
#include "sim/doc/mem.h"

#include <stdbool.h>

char *base64_encode(const char *bytes, size_t n, bool url);
bool base64_decode(const char *text, struct buf *out); /* the URL-safe kind; false: it is none */
#endif
