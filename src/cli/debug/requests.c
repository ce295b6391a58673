/* SPDX-License-Identifier: Apache-2.0 */
/* The client's requests: read, and handed to who answers them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/debug/parts.h"

#define PATHS_MAX 1000

/* ---- the beginning ---- */

static void write_filter(struct debugger *d, const char *filter, const char *label, bool on)
{
    json_write_object(&d->w);
    json_write_key(&d->w, "filter");
    json_write_string(&d->w, filter);
    json_write_key(&d->w, "label");
    json_write_string(&d->w, label);
    json_write_key(&d->w, "default");
    json_write_bool(&d->w, on);
    json_write_end(&d->w);
}

static void handle_initialize(struct debugger *d, const struct request *r)
{
    static const char *const can[] = {"supportsConfigurationDoneRequest",
                                      "supportsConditionalBreakpoints",
                                      "supportsHitConditionalBreakpoints",
                                      "supportsLogPoints",
                                      "supportsSetVariable",
                                      "supportsEvaluateForHovers",
                                      "supportsTerminateRequest",
                                      "supportTerminateDebuggee",
                                      "supportsDelayedStackTraceLoading",
                                      NULL};
    struct json lines = json_get(r->arguments, "linesStartAt1"), columns = json_get(r->arguments, "columnsStartAt1");
    if (d->initialized) {
        answer_refuse(d, r, "initialize: it is initialized already");
        return;
    }
    d->line_base = !json_exists(lines) || json_is_true(lines);
    d->column_base = !json_exists(columns) || json_is_true(columns);
    d->initialized = true;
    answer_begin(d, r);
    for (const char *const *name = can; *name; name++) {
        json_write_key(&d->w, *name);
        json_write_bool(&d->w, true);
    }
    json_write_key(&d->w, "exceptionBreakpointFilters");
    json_write_array(&d->w);
    write_filter(d, "uncaught", "Errors that the policy or the test does not catch", true);
    write_filter(d, "raised", "All errors", false);
    json_write_end(&d->w);
    message_end(d);
    event_begin(d, "initialized");
    message_end(d);
}

static char **texts_of(struct json list)
{
    size_t n = 0;
    char **texts = calloc(PATHS_MAX + 1, sizeof *texts);
    for (struct json_iter it = json_iter(list); texts && n < PATHS_MAX && json_next(&it);) {
        texts[n] = text_of(it.value);
        n += texts[n] != NULL;
    }
    if (texts && !n) {
        free(texts);
        return NULL;
    }
    return texts;
}

static void handle_launch(struct debugger *d, const struct request *r)
{
    if (d->launched) {
        answer_refuse(d, r, "%s: the tests are asked for already", r->command);
        return;
    }
    d->launched = true;
    d->attached = strcmp(r->command, "attach") == 0;
    d->launch = (struct debug_launch){.cwd = text_of(json_get(r->arguments, "cwd")),
                                      .paths = texts_of(json_get(r->arguments, "paths")),
                                      .run = text_of(json_get(r->arguments, "run")),
                                      .tags = text_of(json_get(r->arguments, "tags")),
                                      .exclude_tags = text_of(json_get(r->arguments, "excludeTags"))};
    d->pausing = d->entry = json_is_true(json_get(r->arguments, "stopOnEntry"));
    answer_empty(d, r);
}

static void handle_configured(struct debugger *d, const struct request *r)
{
    d->configured = true;
    answer_empty(d, r);
}

/* ---- the end ---- */

/* Whoever started the tests by the client wants them ended with it; tests that the client has only come to go on. */
static void leave(struct debugger *d, bool end)
{
    d->left = d->resume = true;
    d->over = d->over || end;
    d->step.mode = STEP_NONE;
    d->pausing = false;
    breakpoints_free(d);
}

static void handle_disconnect(struct debugger *d, const struct request *r)
{
    struct json terminate = json_get(r->arguments, "terminateDebuggee");
    leave(d, json_exists(terminate) ? json_is_true(terminate) : !d->attached);
    answer_empty(d, r);
    d->stream.gone = true;
}

static void handle_terminate(struct debugger *d, const struct request *r)
{
    d->over = d->resume = true;
    answer_empty(d, r);
}

static void handle_pause(struct debugger *d, const struct request *r)
{
    d->pausing = d->pausing || !d->stopped;
    answer_empty(d, r);
}

/* ---- one request ---- */

static const struct {
    const char *command;
    void (*handle)(struct debugger *d, const struct request *r);
} table[] = {{"initialize", handle_initialize},
             {"launch", handle_launch},
             {"attach", handle_launch},
             {"configurationDone", handle_configured},
             {"setBreakpoints", handle_breakpoints},
             {"setExceptionBreakpoints", handle_exception_filters},
             {"threads", handle_threads},
             {"stackTrace", handle_stack},
             {"scopes", handle_scopes},
             {"variables", handle_variables},
             {"setVariable", handle_set_variable},
             {"evaluate", handle_evaluate},
             {"source", handle_source},
             {"continue", handle_resume},
             {"next", handle_resume},
             {"stepIn", handle_resume},
             {"stepOut", handle_resume},
             {"pause", handle_pause},
             {"terminate", handle_terminate},
             {"disconnect", handle_disconnect}};

static void dispatch(struct debugger *d, const struct request *r)
{
    if (!*r->command) {
        answer_refuse(d, r, "the request has no \"command\"");
        return;
    }
    if (!d->initialized && strcmp(r->command, "initialize") != 0 && strcmp(r->command, "disconnect") != 0) {
        answer_refuse(d, r, "%s: the first request is initialize", r->command);
        return;
    }
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].command, r->command) == 0) {
            table[i].handle(d, r);
            return;
        }
    }
    answer_refuse(d, r, "\"%s\" is no request that mpijobd knows", r->command);
}

bool serve_one(struct debugger *d, bool wait)
{
    struct str body;
    struct error err;
    struct request r = {0};
    if (!stream_next(&d->stream, wait, &body)) {
        if (d->stream.broken && !d->left) {
            char text[256];
            snprintf(text, sizeof text, "mpijobd test --debug: the client sent %s; the session ends\n",
                     d->stream.broken);
            tell_output(d, "stderr", str_of(text));
            fputs(text, stderr);
        }
        if ((d->stream.gone || d->stream.broken) && !d->left)
            leave(d, true);
        return false;
    }
    if (json_parse(body, "the request", &r.root, &err)) {
        answer_refuse(d, &r, "%s", err.message);
        return true;
    }
    char *type = text_of(json_get(r.root, "type"));
    bool request = type && strcmp(type, "request") == 0;
    free(type);
    r.seq = number_of(json_get(r.root, "seq"), 0);
    r.arguments = json_get(r.root, "arguments");
    json_string_at(r.root, "/command", r.command, sizeof r.command);
    if (request)
        dispatch(d, &r);
    else
        answer_refuse(d, &r, "this is no request: its \"type\" is not \"request\"");
    return true;
}

bool debugger_begin(struct debugger *d, struct debug_launch *launch)
{
    d->busy++;
    while (!(d->launched && d->configured) && !d->left && !d->over && serve_one(d, true)) {
    }
    d->busy--;
    *launch = d->launch;
    return d->launched && d->configured && !d->left && !d->over;
}
