/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments by a usage line: "[KIND] NAME FIELD=VALUE... | -f FILE" says what may stand at each place. */
#include <ctype.h>
#include <string.h>

#include "cli/complete/complete_parts.h"

#define SLOTS_MAX 16

struct slot {
    const char *word;
    size_t len;
    bool optional, repeats;
};

struct line {
    struct slot slots[SLOTS_MAX];
    size_t count;
};

/* The next word of a usage, with brackets in front and behind it counted and taken away. */
struct token {
    const char *ptr;
    size_t len;
    bool opens, closes;
};

static bool next_token(const char **at, struct token *t)
{
    *at += strspn(*at, " ");
    size_t n = strcspn(*at, " ");
    *t = (struct token){.ptr = *at, .len = n};
    *at += n;
    if (t->len > 1 && t->ptr[0] == '[' && !memchr(t->ptr + 1, '/', t->len - 1)) { /* not "[NAMESPACE/]NAME" */
        t->opens = true;
        t->ptr++;
        t->len--;
    }
    while (t->len > 1 && t->ptr[t->len - 1] == ']') {
        t->closes = true;
        t->len--;
    }
    return n != 0;
}

static bool takes_value(const struct token *t)
{
    struct option_about o;
    for (size_t i = 0; options_at(~UINT64_C(0), i, &o); i++) {
        bool is = t->len == 2 ? t->ptr[1] == o.letter
                              : strlen(o.name) == t->len - 2 && strncmp(o.name, t->ptr + 2, t->len - 2) == 0;
        if (is)
            return o.value != NULL;
    }
    return false;
}

static void add_slot(struct line *l, const struct token *t, bool optional)
{
    struct slot s = {.word = t->ptr, .len = t->len, .optional = optional};
    if (s.len > 3 && strncmp(s.word + s.len - 3, "...", 3) == 0) {
        s.repeats = s.word[s.len - 4] != ','; /* "KIND,..." is one word */
        s.len -= s.repeats ? 3 : 4;
    }
    if (l->count < SLOTS_MAX)
        l->slots[l->count++] = s;
}

/* One of the ways that a usage has, up to its bar. False: that was the last. */
static bool next_line(const char **at, struct line *l)
{
    struct token t;
    bool optional = false;
    *l = (struct line){.count = 0};
    while (next_token(at, &t)) {
        if (t.len == 1 && *t.ptr == '|')
            return true;
        if (*t.ptr == '-') {
            if (!t.closes && takes_value(&t))
                next_token(at, &t);
            continue;
        }
        optional = optional || t.opens;
        add_slot(l, &t, optional);
        optional = optional && !t.closes;
    }
    return false;
}

static bool is(const struct slot *s, const char *word)
{
    return s->len == strlen(word) && strncmp(s->word, word, s->len) == 0;
}

static bool is_literal(const struct slot *s)
{
    return islower((unsigned char)*s->word) && !memchr(s->word, '=', s->len);
}

/* Is the text one of the slot's alternatives, "stop" of "stop|resume"? */
static bool has_word(const struct slot *s, const char *text)
{
    for (size_t at = 0; at < s->len;) {
        size_t n = 0;
        while (at + n < s->len && s->word[at + n] != '|')
            n++;
        if (strlen(text) == n && strncmp(s->word + at, text, n) == 0)
            return true;
        at += n + 1;
    }
    return false;
}

static bool accepts(const struct slot *s, const char *text)
{
    const struct mpijob_kind *kind;
    if (is_literal(s))
        return has_word(s, text);
    return !is(s, "KIND") || mpijob_kind_find(str_n(text, strcspn(text, ",")), &kind);
}

/* Places at which the next word may stand: bit by bit; what is optional is gone over. */
static uint32_t closure(const struct line *l, uint32_t at)
{
    for (size_t i = 0; i < l->count; i++) {
        if ((at >> i & 1) && l->slots[i].optional)
            at |= 1U << (i + 1);
    }
    return at;
}

static uint32_t places_after(const struct line *l, char *const *before, int count)
{
    uint32_t at = closure(l, 1);
    for (int w = 0; w < count; w++) {
        uint32_t next = 0;
        for (size_t i = 0; i < l->count; i++) {
            if ((at >> i & 1) && accepts(&l->slots[i], before[w]))
                next |= (l->slots[i].repeats ? 1U << i : 0) | 1U << (i + 1);
        }
        at = closure(l, next);
    }
    return at;
}

static enum wanted wanted_of(const struct slot *s, const struct command *c)
{
    static const struct {
        const char *word;
        enum wanted wanted;
    } words[] = {{"KIND", WANTED_KINDS},     {"JOB", WANTED_JOBS},          {"POLICY", WANTED_POLICIES},
                 {"RUN", WANTED_RUNS},       {"PATH", WANTED_FILES},        {"FILE", WANTED_FILES},
                 {"FOLDER", WANTED_FOLDERS}, {"FIELD=VALUE", WANTED_FIELDS}};
    if (is(s, "NAME"))
        return c->takes & TAKES_KIND ? WANTED_JOBS : WANTED_NOTHING;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (is(s, words[i].word))
            return words[i].wanted;
    }
    return is_literal(s) || memchr(s->word, '|', s->len) ? WANTED_WORDS : WANTED_NOTHING;
}

static bool has_place(const struct place *places, size_t n, const struct place *one)
{
    for (size_t i = 0; i < n; i++) {
        if (places[i].wanted == one->wanted && places[i].len == one->len &&
            strncmp(places[i].word, one->word, one->len) == 0)
            return true;
    }
    return false;
}

size_t usage_places(const struct command *command, char *const *before, int count, struct place *out)
{
    const char *at = command->usage;
    struct line l;
    size_t n = 0;
    bool more = true;
    while (more) {
        more = next_line(&at, &l);
        uint32_t places = places_after(&l, before, count);
        for (size_t i = 0; i < l.count && n < PLACES_MAX; i++) {
            struct place one = {wanted_of(&l.slots[i], command), l.slots[i].word, l.slots[i].len};
            if ((places >> i & 1) && !has_place(out, n, &one))
                out[n++] = one;
        }
    }
    return n;
}
