/* SPDX-License-Identifier: Apache-2.0 */
/* One block for the process, since the libraries' allocators are the process's: pieces are cut off its front, and when
 * all have come back, it is whole again. Pages of it that were never needed take no memory. */
#include "base/reserve.h"

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct piece {
    _Alignas(max_align_t) size_t size;
};

static struct {
    _Alignas(max_align_t) unsigned char bytes[RESERVE_SIZE];
    size_t used, pieces;
    pthread_mutex_t lock;
} reserve = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_piece(const void *memory)
{
    uintptr_t at = (uintptr_t)memory, begin = (uintptr_t)reserve.bytes;
    return at >= begin && at < begin + RESERVE_SIZE;
}

static void *take(size_t size)
{
    size_t whole = (size + sizeof(struct piece) + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    struct piece *piece = NULL;
    if (size > RESERVE_SIZE)
        return NULL;
    pthread_mutex_lock(&reserve.lock);
    if (whole <= RESERVE_SIZE - reserve.used) {
        piece = (struct piece *)(void *)(reserve.bytes + reserve.used);
        piece->size = whole - sizeof *piece;
        reserve.used += whole;
        reserve.pieces++;
    }
    pthread_mutex_unlock(&reserve.lock);
    return piece ? piece + 1 : NULL;
}

static void give(void)
{
    pthread_mutex_lock(&reserve.lock);
    if (--reserve.pieces == 0)
        reserve.used = 0;
    pthread_mutex_unlock(&reserve.lock);
}

void *reserve_malloc(size_t size)
{
    void *memory = malloc(size);
    return memory ? memory : take(size);
}

void *reserve_calloc(size_t count, size_t size)
{
    size_t all;
    void *memory = calloc(count, size);
    if (memory || __builtin_mul_overflow(count, size, &all))
        return memory;
    memory = take(all);
    return memory ? memset(memory, 0, all) : NULL;
}

size_t reserve_usable_size(void *memory)
{
    return is_piece(memory) ? ((struct piece *)memory)[-1].size : malloc_usable_size(memory);
}

void *reserve_realloc(void *old, size_t size)
{
    if (!old)
        return reserve_malloc(size);
    if (!is_piece(old)) {
        void *memory = realloc(old, size);
        if (memory || !size)
            return memory;
    } else if (size && size <= reserve_usable_size(old)) {
        return old;
    }
    void *fresh = size ? take(size) : NULL;
    size_t had = reserve_usable_size(old);
    if (fresh)
        memcpy(fresh, old, had < size ? had : size);
    if (fresh || !size)
        reserve_free(old);
    return fresh;
}

void reserve_free(void *memory)
{
    if (is_piece(memory))
        give();
    else
        free(memory);
}
