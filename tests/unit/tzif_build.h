/* SPDX-License-Identifier: Apache-2.0 */
/* Builds small TZif files, good and broken ones: an empty first block, then one of version 2 with its footer. */
#ifndef MPIJOBD_TESTS_TZIF_BUILD_H
#define MPIJOBD_TESTS_TZIF_BUILD_H

#include <stdint.h>
#include <string.h>

struct tzif {
    unsigned char bytes[1024];
    size_t len;
};

static inline void tzif_put(struct tzif *t, uint64_t value, int size)
{
    for (int i = size - 1; i >= 0; i--)
        t->bytes[t->len++] = (unsigned char)(value >> (8 * i));
}

static inline void tzif_text(struct tzif *t, const char *text, size_t len)
{
    memcpy(t->bytes + t->len, text, len);
    t->len += len;
}

/* counts: isut, isstd, leap, time, type, char */
static inline void tzif_header(struct tzif *t, char version, const uint32_t counts[6])
{
    tzif_text(t, "TZif", 4);
    tzif_put(t, (unsigned char)version, 1);
    memset(t->bytes + t->len, 0, 15);
    t->len += 15;
    for (int i = 0; i < 6; i++)
        tzif_put(t, counts[i], 4);
}

/* A zone of UTC until its one change in 1970, from where the rule holds. */
static inline struct tzif tzif_of_rule(const char *rule)
{
    struct tzif t = {.len = 0};
    tzif_header(&t, '2', (const uint32_t[6]){0, 0, 0, 0, 1, 4});
    tzif_text(&t, "\0\0\0\0\0\0UTC", 10);
    tzif_header(&t, '2', (const uint32_t[6]){0, 0, 0, 1, 1, 4});
    tzif_put(&t, 0, 8);
    tzif_put(&t, 0, 1);
    tzif_text(&t, "\0\0\0\0\0\0UTC", 10);
    tzif_text(&t, "\n", 1);
    tzif_text(&t, rule, strlen(rule));
    tzif_text(&t, "\n", 1);
    return t;
}

#endif
