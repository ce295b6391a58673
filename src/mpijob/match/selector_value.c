/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for a value that fulfils every requirement about one label, by trying those that come into question. */
#include "mpijob/match/selector_value.h"

#include <inttypes.h>
#include <stdio.h>

#include "mpijob/match/selector_parts.h"

#define VALUE_MAX 63 /* bytes of a label's value */

struct trying {
    const struct selector *const *selectors;
    size_t count;
    const char *key;
    char *out; /* the value that fits */
};

static bool about(const struct selector_requirement *r, const char *key)
{
    return strcmp(r->key, key) == 0;
}

/* value NULL: the label is not there. */
static bool fits(const struct trying *t, const char *value)
{
    struct buf text = BUF_INIT;
    struct json labels = {{NULL, 0}};
    bool good = true;
    if (value)
        buf_printf(&text, "{\"%s\":\"%s\"}", t->key, value);
    if (value && (text.failed || json_parse(buf_str(&text), "labels", &labels, NULL)))
        good = false;
    for (size_t s = 0; s < t->count && good; s++) {
        const struct selector *all = t->selectors[s];
        for (size_t i = 0; i < all->count && good; i++) {
            struct selector one = selector_at(all, i);
            good = !about(&all->items[i], t->key) || selector_match(&one, labels);
        }
    }
    buf_free(&text);
    if (good && value)
        snprintf(t->out, SELECTOR_VALUE_SIZE, "%s", value);
    return good;
}

/* Those that a requirement names. */
static bool try_named(const struct trying *t, const struct selector_requirement *r)
{
    for (size_t i = 0; i < r->count; i++) {
        if (strlen(r->values[i]) <= VALUE_MAX && fits(t, r->values[i]))
            return true;
    }
    return false;
}

/* Numbers on the right side of a bound, each in two spellings: "5" may be ruled out by name. */
static bool try_numbers(const struct trying *t, const struct selector_requirement *r, size_t more)
{
    char text[SELECTOR_VALUE_SIZE];
    for (size_t i = 1; i <= more; i++) {
        int64_t number;
        int64_t step = r->test == SELECT_GREATER ? (int64_t)i : -(int64_t)i;
        if (__builtin_add_overflow(r->number, step, &number))
            return false;
        snprintf(text, sizeof text, "%" PRId64, number);
        if (number >= 0 && fits(t, text))
            return true;
        snprintf(text, sizeof text, "0%" PRId64, number);
        if (number >= 0 && fits(t, text))
            return true;
    }
    return false;
}

/* Values that no list can have all of. */
static bool try_free(const struct trying *t, size_t more)
{
    char text[SELECTOR_VALUE_SIZE] = "x";
    for (size_t i = 0; i <= more; i++) {
        if (fits(t, text))
            return true;
        snprintf(text, sizeof text, "x%zu", i);
    }
    return false;
}

enum selector_found selector_value(const struct selector *const *selectors, size_t count, const char *key,
                                   char value[SELECTOR_VALUE_SIZE])
{
    struct trying t = {selectors, count, key, value};
    const struct selector_requirement *among = NULL, *bound = NULL;
    size_t named = 1;
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < selectors[s]->count; i++) {
            const struct selector_requirement *r = &selectors[s]->items[i];
            if (!about(r, key))
                continue;
            named += r->count;
            if (r->test == SELECT_IN)
                among = r;
            if (r->test == SELECT_GREATER || (r->test == SELECT_LESS && !bound))
                bound = r;
        }
    }
    *value = '\0';
    if (fits(&t, NULL))
        return SELECTOR_ABSENT;
    bool found = among ? try_named(&t, among) : bound ? try_numbers(&t, bound, named) : try_free(&t, named);
    return found ? SELECTOR_VALUE : SELECTOR_NONE;
}
