/* The counting allocator. Besides the cap it serves the CPU budget: an instruction of Lua may copy or compare a block
 * of any size, so the more there is to copy, the sooner the hook looks at the clock again. */
#include <stdlib.h>

#include "script/state.h"

#define FRESH_MAX ((size_t)256 * 1024) /* allocated between two looks at the clock */
#define BIG_CLASS 19                   /* blocks of 512 KiB and more are kept count of */

static unsigned size_class(size_t size)
{
    return (unsigned)(63 - __builtin_clzll((unsigned long long)size));
}

static void count_big(struct script *s, size_t size, unsigned change)
{
    if (size >> BIG_CLASS)
        s->big[size_class(size)] += change;
}

int script_hook_interval(const struct script *script)
{
    for (unsigned c = 40; c >= BIG_CLASS; c--) {
        if (script->big[c]) {
            int interval = HOOK_INTERVAL >> (c - BIG_CLASS);
            return interval ? interval : 1;
        }
    }
    return HOOK_INTERVAL;
}

static bool over_cap(const struct script *s, size_t more)
{
    size_t cap = s->limits.memory + s->reserve;
    return s->memory > cap || more > cap - s->memory;
}

void *script_allocate(void *script, void *ptr, size_t osize, size_t nsize)
{
    struct script *s = script;
    size_t old = ptr ? osize : 0; /* without a block Lua says what kind of object it is for */
    if (nsize == 0) {
        free(ptr);
        s->memory -= old;
        count_big(s, old, (unsigned)-1);
        return NULL;
    }
    if (nsize > old && over_cap(s, nsize - old)) {
        s->cap_hit = true;
        script_hurry(s); /* a full collection came, or comes, with this: look at the clock right after */
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
    if (nsize > old && (s->fresh += nsize) > FRESH_MAX)
        script_hurry(s);
    return block;
}

void script_set_memory(struct script *script, size_t bytes)
{
    script->limits.memory = bytes;
}
