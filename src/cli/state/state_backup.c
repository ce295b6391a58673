/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd state backup: a copy that is whole or not there, also when the command is stopped. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* to_stdout: standard output has the copy. */
static void tell_people(const struct session *s, const struct store_look *look, bool to_stdout)
{
    char size[PROGRESS_SIZE], command[STATE_SHARED_SIZE];
    FILE *out = to_stdout ? stderr : stdout;
    fprintf(out, "%s: %s, schema %d, %lld run%s and %lld change%s\n", to_stdout ? "standard output" : s->options.out,
            progress_bytes(look->file_bytes, size), look->version, (long long)look->runs, look->runs == 1 ? "" : "s",
            (long long)look->changes, look->changes == 1 ? "" : "s");
    if (look->chained)
        fprintf(out, "head %s\n", look->chain.head);
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
static int tell(struct session *s, const char *copy, bool to_stdout)
{
    struct store_look look;
    const struct store_looking looking = {.path = copy, .fault = ignore};
    if (store_look(&looking, &look, &s->error))
        return session_fail(s, &s->error);
    if (look.faults)
        fprintf(stderr,
                "mpijobd %s: something is wrong in it, as in the state itself: mpijobd state check tells what (%lld)\n",
                s->command, (long long)look.faults);
    if (s->options.output == OUTPUT_JSON)
        return tell_json(s, &look);
    tell_people(s, &look, to_stdout);
    return EXIT_DONE;
}

static int copy_file(struct session *s, const char *path, const char *to, bool overwrite)
{
    struct progress progress;
    sigset_t held, before;
    stopping_signals(&held);
    pthread_sigmask(SIG_BLOCK, &held, &before);
    progress_begin(&progress);
    const struct store_copying copying = {
        .from = path, .to = to, .overwrite = overwrite, .step = step, .data = &progress};
    int rc = store_copy(&copying, &s->error);
    progress_end(&progress);
    int code = rc ? session_fail(s, &s->error) : EXIT_DONE;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/* ---- to standard output: out of a container, whose files nobody else reaches ---- */

/* A file of its own beside the state, where there is room for one, else in the folder for such files. */
static int make_name(struct session *s, const char *path, char name[PATH_MAX])
{
    const char *tmp = getenv("TMPDIR");
    snprintf(name, PATH_MAX, "%s.copy-XXXXXX", path);
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) {
        snprintf(name, PATH_MAX, "%s/mpijobd.copy-XXXXXX", tmp && *tmp ? tmp : "/tmp");
        fd = mkostemp(name, O_CLOEXEC);
    }
    if (fd < 0) {
        error_set(&s->error, ERR_IO,
                  "cannot make %s, where the copy is made before it is sent: %s: set TMPDIR to a folder "
                  "with room",
                  name, strerror(errno));
        return session_fail(s, &s->error);
    }
    close(fd);
    return EXIT_DONE;
}

/* 0, or errno. Past the filter of what is printed: these bytes are no text. */
static int send_bytes(int fd)
{
    char bytes[65536];
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0) {
        for (ssize_t at = 0; at < n;) {
            ssize_t written = write(STDOUT_FILENO, bytes + at, (size_t)(n - at));
            if (written < 0 && errno != EINTR)
                return errno;
            at += written > 0 ? written : 0;
        }
    }
    return n < 0 ? errno : 0;
}

static int to_stdout(struct session *s, const char *path)
{
    char name[PATH_MAX];
    int code = make_name(s, path, name);
    if (code)
        return code;
    code = copy_file(s, path, name, true);
    int fd = code ? -1 : open(name, O_RDONLY | O_CLOEXEC);
    int why = !code && fd < 0 ? errno : 0;
    if (!code && !why)
        code = tell(s, name, true);
    unlink(name); /* from here on it goes with the process, however that ends */
    if (!code && !why)
        why = send_bytes(fd);
    if (fd >= 0)
        close(fd);
    if (why) {
        error_set(&s->error, ERR_IO, "the copy cannot be sent to standard output: %s", strerror(why));
        code = session_fail(s, &s->error);
    }
    return code;
}

int state_backup(struct session *s, const char *path)
{
    if (strcmp(s->options.out, "-") == 0)
        return to_stdout(s, path);
    int code = copy_file(s, path, s->options.out, s->options.overwrite);
    return code ? code : tell(s, s->options.out, false);
}
