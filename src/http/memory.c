#include "http/memory.h"

#include <curl/curl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
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

int memory_init_curl(void)
{
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, give, resize, copy, take_zeroed) == CURLE_OK ? 0 : ERR_NOMEM;
}

void memory_cleanup_curl(void)
{
    curl_global_cleanup();
}
