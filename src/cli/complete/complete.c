/* SPDX-License-Identifier: Apache-2.0 */
/* What the word at the cursor can become. */
#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/complete/cmd_completion.h"
#include "cli/complete/complete_parts.h"
#include "mpijob/field.h"

#define SECONDS_MAX 3 /* a person waits with a finger on the key */

struct answer {
    const char *typed;    /* what stands at the cursor */
    const char *in_front; /* of each value: "--output=" */
    const struct command *command;
    struct options options; /* those before the cursor */
};

static void print_directive(const char *text)
{
    puts(text);
    fflush(stdout);
}

static void print(void *data, const char *value, const char *about)
{
    const struct answer *a = data;
    if (strncmp(value, a->typed, strlen(a->typed)) != 0 || strpbrk(value, "\t\n"))
        return;
    printf("%s%s\t%.*s\n", a->in_front, value, (int)strcspn(about, "\t\n"), about);
    fflush(stdout); /* what was found before the time is over counts */
}

static void print_words(struct answer *a, const char *words, size_t len, char between)
{
    char word[96];
    for (size_t at = 0; at < len;) {
        size_t n = 0;
        while (at + n < len && words[at + n] != between)
            n++;
        if (n && n < sizeof word && (islower((unsigned char)words[at]) || between == ' ')) {
            snprintf(word, sizeof word, "%.*s", (int)n, words + at);
            print(a, word, "");
        }
        at += n + 1;
    }
}

static void print_kinds(struct answer *a)
{
    for (size_t i = 0; i < MPIJOB_KINDS_BUILT_IN; i++)
        print(a, mpijob_kind_info(mpijob_kind_at(i))->plural, mpijob_kind_info(mpijob_kind_at(i))->name);
}

static void print_fields(struct answer *a)
{
    char value[96];
    for (const char *const *name = mpijob_field_names(); *name; name++) {
        bool map = strcmp(*name, "labels") == 0 || strcmp(*name, "annotations") == 0;
        snprintf(value, sizeof value, "%s%s", *name, map ? "." : "=");
        print(a, value, "");
    }
}

static void print_wanted(struct answer *a, enum wanted wanted)
{
    if (wanted == WANTED_RUNS && strstr("approve reject extend", a->command->name))
        wanted = WANTED_WAITING;
    if (wanted == WANTED_KINDS)
        print_kinds(a);
    else if (wanted == WANTED_FIELDS)
        print_fields(a);
    else if (wanted != WANTED_NOTHING && wanted != WANTED_WORDS)
        complete_names(wanted, &a->options, a->typed, print, a);
}

/* ---- values of options ---- */

/* What is in no table of the program. */
static const char *words_of(const struct option_about *o)
{
    static const struct {
        const char *name, *words;
    } of[] = {{"log-level", "debug info warn error"},
              {"log-format", "text json"},
              {"log-time", "utc local relative"},
              {"log-fold", "60s false"},
              {"api-version", "v1alpha2 v1 v2beta1"},
              {"controller", "mpi-operator training-operator cci"},
              {"by", "namespace owner label:"},
              {"sort-by", "namespace name phase policy deadline gpus held age workers ended reason ."}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        if (strcmp(o->name, of[i].name) == 0)
            return of[i].words;
    }
    return NULL;
}

static enum wanted wanted_value(const struct option_about *o)
{
    static const struct {
        const char *name;
        enum wanted wanted;
    } of[] = {{"namespace", WANTED_NAMESPACES}, {"context", WANTED_CONTEXTS}, {"cluster", WANTED_CLUSTERS},
              {"policy", WANTED_POLICIES},      {"job", WANTED_JOBS},         {"kind", WANTED_KINDS},
              {"from-run", WANTED_RUNS},        {"control", WANTED_FILES}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        if (strcmp(o->name, of[i].name) == 0)
            return of[i].wanted;
    }
    return strcmp(o->value, "FILE") == 0 ? WANTED_FILES : WANTED_NOTHING;
}

static const char *directive(enum wanted wanted)
{
    return wanted == WANTED_FILES ? ":files" : wanted == WANTED_FOLDERS ? ":folders" : ":values";
}

static void print_value(struct answer *a, const struct option_about *o)
{
    const char *words = words_of(o);
    enum wanted wanted = wanted_value(o);
    print_directive(directive(wanted));
    if (strcmp(o->name, "output") == 0) {
        const char *name;
        for (size_t i = 0; (name = options_output(a->command->takes, i)); i++)
            print(a, name, "");
    } else if (words) {
        print_words(a, words, strlen(words), ' ');
    } else if (directive(wanted)[1] == 'v') {
        print_wanted(a, wanted);
    }
}

static bool option_named(option_groups takes, const char *name, size_t len, struct option_about *out)
{
    for (size_t i = 0; options_at(takes, i, out); i++) {
        if (strlen(out->name) == len && strncmp(out->name, name, len) == 0)
            return true;
    }
    return false;
}

/* Does the word before the cursor ask for a value: "--policy", "-n", "-An"? */
static bool asks_value(option_groups takes, const char *word, struct option_about *out)
{
    if (strncmp(word, "--", 2) == 0)
        return option_named(takes, word + 2, strlen(word + 2), out) && out->value && *out->value != '[';
    if (*word != '-' || !word[1])
        return false;
    for (const char *c = word + 1; *c; c++) {
        bool known = false;
        for (size_t i = 0; !known && options_at(takes, i, out); i++)
            known = out->letter == *c;
        if (!known || out->value)
            return known && !c[1];
    }
    return false;
}

static void print_options(struct answer *a)
{
    struct option_about o;
    char value[64];
    print_directive(":values");
    for (size_t i = 0; options_at(a->command->takes, i, &o); i++) {
        snprintf(value, sizeof value, "--%s", o.name);
        print(a, value, o.about);
    }
}

/* ---- arguments ---- */

static void print_arguments(struct answer *a)
{
    struct place places[PLACES_MAX];
    size_t n = usage_places(a->command, a->options.arguments, a->options.argument_count, places);
    const char *line = ":values";
    for (size_t i = 0; i < n; i++)
        line = n == 1 || directive(places[i].wanted)[1] == 'v' ? directive(places[i].wanted) : line;
    bool values = false;
    for (size_t i = 0; i < n; i++)
        values = values || (directive(places[i].wanted)[1] == 'v' && places[i].wanted != WANTED_NOTHING);
    for (size_t i = 0; i < n && !values; i++) /* of several, the first of files */
        line = directive(places[i].wanted)[1] != 'v' ? directive(places[i].wanted) : line;
    print_directive(line);
    for (size_t i = 0; i < n; i++) {
        if (places[i].wanted == WANTED_WORDS)
            print_words(a, places[i].word, places[i].len, '|');
        else if (directive(places[i].wanted)[1] == 'v')
            print_wanted(a, places[i].wanted);
    }
}

static void print_commands(struct answer *a, const struct command *const *commands)
{
    print_directive(":values");
    for (size_t i = 0; commands[i]; i++)
        print(a, commands[i]->name, commands[i]->about);
}

static const struct command *find(const struct command *const *commands, const char *name)
{
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

/* The options before the cursor, as far as they can be understood: of a mistake nothing is said here. list: the words,
 * the command's name first. */
static void read_options(struct answer *a, char **list, int count)
{
    struct error err;
    if (options_parse(count, list, a->command->takes, &a->options, &err))
        a->options = (struct options){.arguments = list + count};
    a->options.job_kind = KIND_MPIJOB;
    struct options *o = &a->options;
    const struct mpijob_kind *kind;
    if (o->kind && mpijob_kind_find(str_of(o->kind), &kind))
        o->job_kind = kind;
    for (int i = 0; i < o->argument_count && i < 2; i++) { /* job stop KIND */
        if ((a->command->takes & TAKES_KIND) && mpijob_kind_find(str_of(o->arguments[i]), &kind))
            o->job_kind = kind;
    }
}

static void answer_within(struct answer *a, const char *before)
{
    struct option_about o;
    const char *sign = strncmp(a->typed, "--", 2) == 0 ? strchr(a->typed, '=') : NULL;
    char in_front[96];
    if (before && asks_value(a->command->takes, before, &o)) {
        print_value(a, &o);
    } else if (sign && option_named(a->command->takes, a->typed + 2, (size_t)(sign - a->typed) - 2, &o) && o.value) {
        snprintf(in_front, sizeof in_front, "--%s=", o.name);
        a->in_front = in_front;
        a->typed = sign + 1;
        print_value(a, &o);
    } else if (*a->typed == '-') {
        print_options(a);
    } else {
        print_arguments(a);
    }
}

static void answer(int count, char **words, const struct command *const *commands)
{
    static char none[] = "";
    static const struct command any = {.name = "", .usage = "", .takes = ~UINT64_C(0)};
    const char *before = count > 1 ? words[count - 2] : NULL;
    char **list = calloc((size_t)count + 2, sizeof *list);
    struct answer a = {.typed = count ? words[count - 1] : none, .in_front = "", .command = &any};
    struct option_about o;
    if (!list)
        return;
    list[0] = none;
    for (int i = 0; i + 1 < count; i++)
        list[i + 1] = words[i];
    int argc = count ? count : 1, at = options_first_word(argc, list);
    a.options = (struct options){.arguments = list + argc};
    if (at < argc && strcmp(list[at], "help") == 0) {
        print_commands(&a, commands);
    } else if (at < argc && find(commands, list[at])) {
        a.command = find(commands, list[at]);
        memmove(list + 1, list, (size_t)at * sizeof *list); /* the command's name comes first */
        bool asks = before && asks_value(a.command->takes, before, &o);
        read_options(&a, list + 1, argc - 1 - asks); /* whose value is not there yet */
        answer_within(&a, before);
    } else if (at >= argc && (*a.typed == '-' || (before && asks_value(any.takes, before, &o)))) {
        answer_within(&a, before);
    } else if (at >= argc) {
        print_commands(&a, commands);
    }
    free(list);
}

static void time_is_over(int signal)
{
    (void)signal;
    _exit(EXIT_DONE); /* what was printed is there */
}

int complete(int count, char **words, const struct command *const *commands)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
    signal(SIGALRM, time_is_over);
    alarm(SECONDS_MAX);
    answer(count, words, commands);
    fflush(stdout);
    alarm(0);
    return EXIT_DONE;
}
