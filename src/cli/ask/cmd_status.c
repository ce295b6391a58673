/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd status: how the running daemon is, and how its policies are. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "cli/ask/cmd_ask.h"
#include "cli/session/daemon.h"
#include "cli/terminal/table.h"
#include "cli/terminal/terminal.h"

#define TEXT 1024

struct showing {
    struct session s;
    bool missing; /* with --ready: something is, and is told */
};

/* NULL: it has no such text. */
static const char *text_of(struct json json, const char *key, char out[TEXT])
{
    return json_string_at(json_get(json, key), "", out, TEXT) == ERR_NOT_FOUND ? NULL : out;
}

static int64_t number_of(struct json json, const char *key)
{
    int64_t n = 0;
    json_int64(json_get(json, key), &n);
    return n;
}

/* Names and messages come from scripts and servers. */
static void put(const char *text)
{
    struct buf out = BUF_INIT;
    visible_add(&out, str_of(text));
    if (out.len && !out.failed)
        fwrite(out.ptr, 1, out.len, stdout);
    buf_free(&out);
}

/* "2026-11-24T09:00:00Z": to the second, as the person wants it. */
static const char *short_time(char text[TEXT])
{
    int64_t us;
    if (clock_parse(text, &us))
        terminal_time(us, text);
    return text;
}

/* "done, 3 changed, 1 failed" */
static void outcome_of(struct json last, struct buf *out)
{
    char text[TEXT];
    const char *outcome = text_of(last, "outcome", text);
    buf_puts(out, outcome ? outcome : "not ended");
    if (json_is_true(json_get(last, "dry_run")))
        buf_puts(out, " (dry run)");
    buf_printf(out, ", %" PRId64 " changed", number_of(last, "changed"));
    if (number_of(last, "failed"))
        buf_printf(out, ", %" PRId64 " failed", number_of(last, "failed"));
}

/* ---- one policy ---- */

static void print_cluster(struct json at, bool several)
{
    char cluster[TEXT], state[TEXT], why[TEXT], since[TEXT];
    const char *reason = text_of(at, "why", why);
    text_of(at, "cluster", cluster);
    text_of(at, "state", state);
    fputs("     State: ", stdout);
    if (several)
        printf("on %s: ", cluster);
    fputs(state, stdout);
    if (reason)
        fputs(strcmp(state, "paused") == 0 ? " " : ": ", stdout);
    put(reason ? reason : "");
    if (number_of(at, "runs"))
        printf("; %" PRId64 " run%s under way since %s", number_of(at, "runs"), number_of(at, "runs") == 1 ? "" : "s",
               text_of(at, "running_since", since) ? short_time(since) : "now");
    if (number_of(at, "waiting"))
        printf("; %" PRId64 " jobs wait for a run", number_of(at, "waiting"));
    putchar('\n');
}

static void print_last(struct json last)
{
    char text[TEXT], who[TEXT];
    struct buf out = BUF_INIT;
    if (json_type(last) != JSON_OBJECT) {
        puts("  Last run: none in the journal");
        return;
    }
    printf("  Last run: %" PRId64 ", %s", number_of(last, "id"),
           text_of(last, "started_at", text) ? short_time(text) : "");
    printf(" (%s", text_of(last, "trigger", text) ? text : "");
    if (text_of(last, "who", who)) {
        fputs(" by ", stdout);
        put(who);
    }
    outcome_of(last, &out);
    printf("): %s\n", out.ptr ? out.ptr : "");
    buf_free(&out);
    if (text_of(last, "message", text)) {
        fputs("            ", stdout);
        text[strcspn(text, "\n")] = '\0';
        put(text);
        putchar('\n');
    }
}

static void print_waits(struct json p)
{
    int64_t n = number_of(p, "waits");
    if (n)
        printf("  Approval: %" PRId64 " run%s approval; mpijobd approve lists what waits\n", n,
               n == 1 ? " waits for" : "s wait for");
}

static void print_next(struct json clusters)
{
    char text[TEXT], cluster[TEXT];
    bool several = json_count(clusters) > 1;
    for (struct json_iter it = json_iter(clusters); json_next(&it);) {
        if (!text_of(it.value, "next", text))
            continue;
        printf("  Next run: %s", short_time(text));
        if (several && text_of(it.value, "cluster", cluster))
            printf(" on %s", cluster);
        putchar('\n');
    }
}

static void print_policy(struct json p)
{
    char text[TEXT];
    struct json clusters = json_get(p, "clusters");
    text_of(p, "policy", text);
    fputs(text, stdout);
    if (text_of(p, "about", text)) {
        fputs(" - ", stdout);
        put(text);
    }
    fputs("\n      File: ", stdout);
    put(text_of(p, "file", text) ? text : "");
    printf(":%" PRId64 "\n   Trigger: %s%s\n", number_of(p, "line"), text_of(p, "trigger", text) ? text : "",
           json_is_true(json_get(p, "dry_run")) ? " (dry run)" : "");
    for (struct json_iter it = json_iter(clusters); json_next(&it);)
        print_cluster(it.value, json_count(clusters) > 1);
    print_last(json_get(p, "last"));
    print_waits(p);
    print_next(clusters);
    struct json log = json_get(p, "log");
    if (json_count(log))
        putchar('\n');
    for (struct json_iter it = json_iter(log); json_next(&it);) {
        json_string_at(it.value, "", text, TEXT);
        put(text); /* the log has escaped it already; its lines below are kept */
        putchar('\n');
    }
}

/* ---- all of them ---- */

static void print_parts(struct json parts)
{
    char name[TEXT], state[TEXT];
    for (struct json_iter it = json_iter(parts); json_next(&it);) {
        printf("[%c] ", json_is_true(json_get(it.value, "well")) ? '+' : '-');
        put(text_of(it.value, "name", name) ? name : "");
        fputs(": ", stdout);
        put(text_of(it.value, "state", state) ? state : "");
        putchar('\n');
    }
}

static void add_row(struct table *t, struct json p, struct json at, bool several)
{
    char text[TEXT], why[TEXT];
    struct buf cell = BUF_INIT;
    struct json last = json_get(p, "last");
    table_cell(t, text_of(p, "policy", text));
    if (several)
        table_cell(t, text_of(at, "cluster", text));
    text_of(at, "state", text);
    buf_puts(&cell, number_of(at, "runs") ? "running" : text);
    if (text_of(at, "why", why))
        buf_printf(&cell, "%s%s", strcmp(text, "paused") == 0 ? " " : ": ", why);
    if (number_of(p, "waits"))
        buf_printf(&cell, "; %" PRId64 " run%s for approval", number_of(p, "waits"),
                   number_of(p, "waits") == 1 ? " waits" : "s wait");
    table_cell(t, cell.ptr);
    text_of(at, "state", text);
    table_tint(t, strcmp(text, "in force") == 0               ? TINT_PLAIN
                  : str_starts(str_of(text), "in quarantine") ? TINT_BAD
                                                              : TINT_HEED);
    buf_reset(&cell);
    table_cell(t, text_of(last, "started_at", text) ? short_time(text) : NULL);
    if (json_type(last) == JSON_OBJECT)
        outcome_of(last, &cell);
    table_cell(t, cell.len ? cell.ptr : NULL);
    table_cell(t, text_of(at, "next", text) ? short_time(text) : NULL);
    buf_free(&cell);
}

static void print_all(struct json result)
{
    static const char *const heads[] = {"POLICY", "STATE", "LAST RUN", "OUTCOME", "NEXT RUN"};
    static const char *const heads_of_several[] = {"POLICY", "CLUSTER", "STATE", "LAST RUN", "OUTCOME", "NEXT RUN"};
    struct json policies = json_get(result, "policies");
    struct table t;
    char text[TEXT], why[TEXT];
    bool several = false;
    for (struct json_iter it = json_iter(policies); json_next(&it);)
        several = several || json_count(json_get(it.value, "clusters")) > 1;
    print_parts(json_get(result, "parts"));
    for (struct json_iter it = json_iter(json_get(result, "quarantined_files")); json_next(&it);) {
        fputs("[-] file ", stdout);
        put(text_of(it.value, "file", text) ? text : "");
        printf(": in quarantine, because it %s\n", text_of(it.value, "why", why) ? why : "");
    }
    putchar('\n');
    static const char *const fold[] = {"STATE", "OUTCOME", NULL}, *const drop[] = {"OUTCOME", "LAST RUN", NULL};
    table_begin(&t, several ? 6 : 5, several ? heads_of_several : heads);
    table_narrow(&t, fold, drop);
    for (struct json_iter it = json_iter(policies); json_next(&it);) {
        for (struct json_iter at = json_iter(json_get(it.value, "clusters")); json_next(&at);)
            add_row(&t, it.value, at.value, several);
    }
    table_print(&t, stdout);
}

/* As /readyz has it: one cluster that is connected is enough, and every other part has to be well. */
static bool is_cluster(struct json part)
{
    char kind[TEXT];
    return strcmp(text_of(part, "kind", kind) ? kind : "", "cluster") == 0;
}

static bool print_missing(struct json parts)
{
    bool connected = false, missing = false;
    for (struct json_iter it = json_iter(parts); json_next(&it);)
        connected = connected || (is_cluster(it.value) && json_is_true(json_get(it.value, "well")));
    for (struct json_iter it = json_iter(parts); json_next(&it);) {
        char text[TEXT];
        if (json_is_true(json_get(it.value, "well")) || (connected && is_cluster(it.value)))
            continue;
        missing = true;
        put(text_of(it.value, "name", text) ? text : "");
        fputs(": ", stdout);
        put(text_of(it.value, "state", text) ? text : "");
        putchar('\n');
    }
    if (!connected && !missing)
        puts("no cluster has been connected to yet");
    if (connected && !missing)
        puts("ok");
    return missing || !connected;
}

static void answered(void *data, struct json result)
{
    struct showing *show = data;
    char text[TEXT];
    struct json policies = json_get(result, "policies");
    if (show->s.options.ready) {
        show->missing = print_missing(json_get(result, "parts"));
        return;
    }
    if (show->s.options.output == OUTPUT_JSON) {
        printf("%.*s\n", (int)result.text.len, result.text.ptr);
    } else if (show->s.options.argument_count) {
        for (struct json_iter it = json_iter(policies); json_next(&it);)
            print_policy(it.value);
    } else {
        print_all(result);
    }
    if (text_of(result, "journal", text))
        fprintf(stderr, "mpijobd status: the last runs are not known: %s\n", text);
}

static int run(int argc, char **argv, const struct command *command)
{
    struct showing show = {0};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.argument_count > 1)
        return command_usage(command, "takes the name of one policy");
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    if (o.ready && (o.argument_count || o.output != OUTPUT_TABLE))
        return command_usage(command, "--ready is about the daemon, and takes no policy and no -o");
    code = session_open(&show.s, command->name, &o);
    if (code)
        return code;
    bool reached;
    struct daemon_question q = {
        .verb = "status", .policy = o.argument_count ? o.arguments[0] : NULL, .answered = answered, .data = &show};
    if (daemon_ask(&show.s, &q, &reached))
        code = session_fail(&show.s, &show.s.error);
    if (!code && show.missing)
        code = EXIT_FAILED;
    return session_close(&show.s, code);
}

const struct command cmd_status = {
    "status",
    "[POLICY] [-o json] [--ready]",
    "How the running daemon and its policies are: last and next runs, why one does not run",
    TAKES_STATE | TAKES_OUTPUT | TAKES_READY | TAKES_TIMES,
    run,
    "  mpijobd status\n  mpijobd status free-gpus     with the last lines of the log about it\n"
    "  mpijobd status --ready       for a probe: the exit code tells\n"};
