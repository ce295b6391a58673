/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd state backup: a copy that is whole or not there, also when the command is stopped. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/state/state_parts.h"
#include "cli/terminal/progress.h"
#include "store/copy.h"
#include "store/whole/file_look.h"

static void stopping_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

/* They are held back while the copy is made; false: one of them waits. */
static bool step(void *data, int64_t done, int64_t total)
{
    sigset_t waiting;
    progress_tell(data, done, total);
    return sigpending(&waiting) != 0 ||
           !(sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGTERM) || sigismember(&waiting, SIGHUP));
}

static void ignore(void *data, const char *what, const char *cure)
{
    (void)data;
    (void)what;
    (void)cure;
}

static void tell_people(const struct session *s, const struct store_look *look)
{
    char size[PROGRESS_SIZE], command[STATE_SHARED_SIZE];
    printf("%s: %s, schema %d, %lld run%s and %lld change%s\n", s->options.out, progress_bytes(look->file_bytes, size),
           look->version, (long long)look->runs, look->runs == 1 ? "" : "s", (long long)look->changes,
           look->changes == 1 ? "" : "s");
    if (look->chained)
        printf("head %s\n", look->chain.head);
    if (state_shared(s, command))
        fprintf(stderr, "mpijobd %s: what the daemons share is not in it, but in ConfigMaps: %s\n", s->command,
                command);
}

static int tell_json(struct session *s, const struct store_look *look)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    char command[STATE_SHARED_SIZE];
    bool shared = state_shared(s, command);
    json_writer_init(&w, &out);
    json_write_object(&w);
    state_put_text(&w, "file", s->options.out);
    state_put_number(&w, "bytes", look->file_bytes);
    state_put_number(&w, "schema", look->version);
    state_put_number(&w, "runs", look->runs);
    state_put_number(&w, "changes", look->changes);
    state_put_text(&w, "head", look->chained ? look->chain.head : NULL);
    state_put_text(&w, "shared", shared ? command : NULL);
    return state_put_end(s, &w, &out);
}

/* What came out, by a look at the copy itself. */
static int tell(struct session *s)
{
    struct store_look look;
    const struct store_looking looking = {.path = s->options.out, .fault = ignore};
    if (store_look(&looking, &look, &s->error))
        return session_fail(s, &s->error);
    if (look.faults)
        fprintf(stderr,
                "mpijobd %s: something is wrong in it, as in the state itself: mpijobd state check tells what (%lld)\n",
                s->command, (long long)look.faults);
    if (s->options.output == OUTPUT_JSON)
        return tell_json(s, &look);
    tell_people(s, &look);
    return EXIT_DONE;
}

int state_backup(struct session *s, const char *path)
{
    struct progress progress;
    sigset_t held, before;
    stopping_signals(&held);
    pthread_sigmask(SIG_BLOCK, &held, &before);
    progress_begin(&progress);
    const struct store_copying copying = {
        .from = path, .to = s->options.out, .overwrite = s->options.overwrite, .step = step, .data = &progress};
    int rc = store_copy(&copying, &s->error);
    progress_end(&progress);
    int code = rc ? session_fail(s, &s->error) : tell(s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}
