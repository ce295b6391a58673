/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator that libcurl is given: what it frees is wiped, since it holds tokens and bodies. */
#include "http/curl_memory.h"

#include <curl/curl.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/reserve.h"
#include "base/str.h"

static void *take(size_t size)
{
    return malloc(size);
}

static void give(void *memory)
{
    if (memory)
        secret_wipe(memory, malloc_usable_size(memory));
    free(memory);
}

/* realloc may move the bytes and leave the old ones behind. */
static void *resize(void *old, size_t size)
{
    if (!old)
        return malloc(size);
    void *fresh = malloc(size);
    if (!fresh)
        return NULL;
    size_t had = malloc_usable_size(old);
    memcpy(fresh, old, had < size ? had : size);
    give(old);
    return fresh;
}

static char *copy(const char *text)
{
    return strdup(text);
}

static void *take_zeroed(size_t count, size_t size)
{
    return calloc(count, size);
}

/* OpenSSL's: where it gets no memory while it reads its configuration, it crashes, hence the reserve. */
static void *take_for_openssl(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return reserve_malloc(size);
}

static void give_for_openssl(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    if (memory)
        secret_wipe(memory, reserve_usable_size(memory));
    reserve_free(memory);
}

static void *resize_for_openssl(void *old, size_t size, const char *file, int line)
{
    void *fresh = size ? reserve_malloc(size) : NULL;
    if (fresh && old) {
        size_t had = reserve_usable_size(old);
        memcpy(fresh, old, had < size ? had : size);
    }
    if (fresh || !size)
        give_for_openssl(old, file, line);
    return fresh;
}

int memory_init_curl(void)
{
    /* Its buffers hold what came over TLS, an IAM's token among it. It takes this before its first allocation only; in
     * a program that has used it before, it goes on with its own. */
    CRYPTO_set_mem_functions(take_for_openssl, resize_for_openssl, give_for_openssl);
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, give, resize, copy, take_zeroed) == CURLE_OK ? 0 : ERR_NOMEM;
}

void memory_cleanup_curl(void)
{
    curl_global_cleanup();
}
