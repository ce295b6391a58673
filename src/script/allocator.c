/* SPDX-License-Identifier: Apache-2.0 */
/* The counting allocator. It keeps the cap on memory, and serves the budget of CPU time too: an instruction of Lua may
 * copy or compare a block of any size, so the larger the blocks are, the sooner the hook looks at the clock again. */
#include <stdlib.h>

#include "script/parts.h"

#define FRESH_MAX ((size_t)256 * 1024) /* allocated between two looks at the clock */
#define KEPT_CLASS 14                  /* blocks of 16 KiB and more are counted */
#define BIG_CLASS 19                   /* 512 KiB: copying such a block may take as long as a thousand instructions */
#define STRING_CLASS 13                /* 8 KiB: comparing two long strings full of NULs takes 10 ns a byte */

#define NODE_BYTES 24 /* of a key with its value in a table of Lua 5.4 */

static unsigned size_class(size_t size)
{
    return (unsigned)(63 - __builtin_clzll((unsigned long long)size));
}

static void count_big(struct script *s, size_t size, unsigned change)
{
    if (size >> KEPT_CLASS)
        s->big[size_class(size)] += change;
}

static unsigned highest(const struct script *s, unsigned from)
{
    while (from >= KEPT_CLASS && !s->big[from])
        from--;
    return from;
}

static int shorter(unsigned class, unsigned than)
{
    int interval = class > than ? HOOK_INTERVAL >> (class - than) : HOOK_INTERVAL;
    return interval ? interval : 1;
}

int script_hook_interval(struct script *script)
{
    /* When a block is freed, nothing says whether it was a string: while there are blocks of its size
     * it may be alive. */
    script->string_class = highest(script, script->string_class);
    int for_strings = shorter(script->string_class, STRING_CLASS);
    int for_blocks = shorter(highest(script, 40), BIG_CLASS);
    return for_strings < for_blocks ? for_strings : for_blocks;
}

static bool over_cap(const struct script *s, size_t more)
{
    size_t cap = s->limits.memory + s->reserve;
    return s->memory > cap || more > cap - s->memory;
}

/* The keys of a table that are no list are one block, made in one piece, of a power of two times NODE_BYTES. Lua does
 * not say what a block is for; one of exactly that size that is something else is refused as well, so this floor's own
 * blocks avoid these sizes (script_plain_size). */
static bool too_many_keys(size_t size)
{
    size_t keys = size / NODE_BYTES;
    return keys > SCRIPT_KEYS_MAX && size % NODE_BYTES == 0 && (keys & (keys - 1)) == 0;
}

size_t script_plain_size(size_t size)
{
    return too_many_keys(size) ? size + 1 : size;
}

void *script_allocate(void *script, void *ptr, size_t osize, size_t nsize)
{
    struct script *s = script;
    size_t old = ptr ? osize : 0; /* without a block osize is the kind of object that Lua wants it for */
    if (nsize == 0) {
        free(ptr);
        s->memory -= old;
        count_big(s, old, (unsigned)-1);
        return NULL;
    }
    bool string = !ptr && osize == LUA_TSTRING;
    if (string && nsize > SCRIPT_STRING_MAX) {
        s->string_hit = true;
        script_hurry(s);
        return NULL;
    }
    if (!ptr && osize == 0 && too_many_keys(nsize)) {
        s->table_hit = true;
        script_hurry(s);
        return NULL;
    }
    if (nsize > old && over_cap(s, nsize - old)) {
        s->cap_hit = true;
        script_hurry(s); /* Lua now makes a full collection, or has made it: look at the clock right after */
        return NULL;
    }
    void *block = realloc(ptr, nsize);
    if (!block) {
        if (nsize > old) {
            s->exhausted = true;
            return NULL;
        }
        block = ptr; /* Lua relies on shrinking */
    }
    s->memory += nsize - old;
    count_big(s, old, (unsigned)-1);
    count_big(s, nsize, 1);
    if (string && nsize >> KEPT_CLASS && size_class(nsize) > s->string_class)
        s->string_class = size_class(nsize);
    if (nsize > old && (s->fresh += nsize) > FRESH_MAX)
        script_hurry(s);
    return block;
}

void script_set_memory(struct script *script, size_t bytes)
{
    script->limits.memory = bytes;
}

void script_native_of(struct script *s, size_t before, size_t now)
{
    s->memory += now - before; /* wraps around and back where it shrinks */
}

void script_native(lua_State *L, size_t before, size_t now)
{
    script_native_of(script_of(L), before, now);
}
