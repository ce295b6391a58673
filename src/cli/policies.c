#include "cli/policies.h"

#include <stdio.h>

#include "binding/open.h"

static void loaded(void *data, const struct policy_set *set)
{
    struct session *s = data;
    for (size_t i = 0; i < set->error_count; i++) {
        const struct policy_error *e = &set->errors[i];
        if (e->line)
            fprintf(stderr, "%s:%d: %s\n", e->file, e->line, e->message);
        else
            fprintf(stderr, "%s: %s\n", e->file, e->message);
    }
    if (set->error_count) {
        error_set(&s->error, ERR_INVALID, "%zu error%s in the policies; nothing was run", set->error_count,
                  set->error_count == 1 ? "" : "s");
    } else if (set->count == 0) {
        error_set(&s->error, ERR_INVALID, "the files define no policy; a file calls policy { ... }");
    }
    s->flag = true;
}

int policies_load(struct session *s, struct engine_options *options, char **paths)
{
    options->loop = &s->loop;
    options->clock = &s->clock;
    options->log = &s->log;
    struct engine_place place = {s->cluster, (const char *const *)s->namespaces};
    options->places = &place;
    options->place_count = s->cluster ? 1 : 0;
    options->store = s->store;
    options->ceilings = s->config.limits;
    options->open = binding_open;
    if (!paths[0])
        paths = s->config.policies;
    if (!paths || !paths[0]) {
        error_set(&s->error, ERR_INVALID, "no policies: name files or folders, or set `policies:` in mpijobd.yaml");
        session_fail(s, &s->error);
        return EXIT_USAGE;
    }
    error_clear(&s->error);
    if (engine_new(options, &s->engine, &s->error) ||
        engine_load(s->engine, (const char *const *)paths, loaded, s, &s->error))
        return session_fail(s, &s->error);
    session_wait(s);
    uv_run(&s->loop, UV_RUN_NOWAIT); /* the engine takes the set over when `loaded` has returned */
    return s->error.code ? session_fail(s, &s->error) : 0;
}
