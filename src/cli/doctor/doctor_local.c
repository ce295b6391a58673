/* SPDX-License-Identifier: Apache-2.0 */
/* What can be checked on this machine: configuration, kubeconfig, state file, zones. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "store/store.h"
#include "time/zone.h"

#define MIB UINT64_C(1048576)
#define SPACE_LOW (64 * MIB)
#define SPACE_NONE (4 * MIB)
#define ZONES_OLD_YEARS 3

static void tell_freezes(struct doctor *d)
{
    const struct freezes *f = &d->s.config.freezes;
    int64_t now = clock_seconds(&d->s.clock);
    char text[FREEZE_TEXT];
    if (freezes_at(f, now))
        doctor_say(d, DOCTOR_WARNING, "wait, or change by hand with --override", "changes are %s",
                   freezes_text(f, now, text));
    else if (f->count)
        doctor_say(d, DOCTOR_OK, NULL, "%zu freeze%s, none of them on now", f->count, f->count == 1 ? "" : "s");
}

bool doctor_configuration(struct doctor *d)
{
    struct options o = d->s.options;
    struct config probe;
    struct error err;
    if (config_load(o.config, &probe, &err)) {
        doctor_say(d, DOCTOR_FAILED, "etc/mpijobd.yaml in the documentation shows every key", "%s", err.message);
        return false;
    }
    config_free(&probe);
    if (session_open(&d->s, "doctor", &o)) {
        doctor_say(d, DOCTOR_FAILED, NULL, "%s", d->s.error.message);
        return false;
    }
    d->session_open = true;
    d->s.quiet = true;
    d->s.log.level = LOG_ERROR + 1; /* the checks say it */
    session_scope(&d->s, true);
    if (d->s.config.file)
        doctor_say(d, DOCTOR_OK, NULL, "%s", d->s.config.file);
    else
        doctor_say(d, DOCTOR_OK, NULL, "no configuration file; everything is at its default");
    tell_freezes(d);
    return true;
}

bool doctor_kubeconfig(struct doctor *d)
{
    char timeout[32];
    struct session *s = &d->s;
    const char *given = s->options.request_timeout;
    snprintf(timeout, sizeof timeout, "%" PRIu64 "ms", d->timeout_ms);
    s->options.request_timeout = timeout; /* also where the configuration has a longer one */
    session_cluster(s);                   /* why the cluster cannot be used is for later checks to say */
    s->options.request_timeout = given;
    if (!s->kube_config) {
        doctor_say(d, DOCTOR_FAILED, "the daemon reads what kubectl reads: does `kubectl version` work here?", "%s",
                   s->error.message);
        return false;
    }
    doctor_say(d, DOCTOR_OK, NULL, "%s: %s, namespace %s", s->kube_config->origin, s->kube_config->server,
               s->kube_config->name_space);
    return true;
}

/* ---- the state file ---- */

static void parent_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    snprintf(out, PATH_MAX, "%.*s", slash == path ? 1 : slash ? (int)(slash - path) : 1, slash ? path : ".");
}

static const char *user_cure(char out[256], const char *what)
{
    snprintf(out, 256,
             "%s the user with the id %ld, under which doctor runs now (run it as the daemon's user), or name "
             "another file with --state",
             what, (long)geteuid());
    return out;
}

/* The file is not there yet: can the daemon make it? */
static void state_absent(struct doctor *d, const char *path)
{
    char folder[PATH_MAX], cure[256];
    parent_of(path, folder);
    while (access(folder, F_OK) != 0 && errno == ENOENT && strcmp(folder, ".") != 0 && strcmp(folder, "/") != 0) {
        char above[PATH_MAX];
        parent_of(folder, above);
        memcpy(folder, above, sizeof above);
    }
    if (access(folder, W_OK | X_OK) != 0)
        doctor_say(d, DOCTOR_FAILED, user_cure(cure, "make its folder, writable for"),
                   "%s is not there and cannot be made: %s: %s", path, folder, strerror(errno));
    else
        doctor_say(d, DOCTOR_OK, NULL, "%s is not there yet; the daemon will make it", path);
}

/* False: it cannot be read, which the report says now. */
static bool state_readable(struct doctor *d, const char *path, bool *older)
{
    struct store *store;
    struct error err;
    int rc = store_open_reader(path, &store, &err);
    *older = rc == ERR_INVALID && err.retryable;
    if (!rc)
        store_close(store, NULL, NULL);
    if (!rc || *older || rc == ERR_NOT_FOUND) /* an empty file is as good as an absent one */
        return true;
    doctor_say(d, DOCTOR_FAILED,
               "restore it from a backup, or move it away: a new one is made, without the journal so far", "%s",
               err.message);
    return false;
}

static bool state_room(struct doctor *d, const char *path, uint64_t *left)
{
    struct statvfs fs;
    *left = UINT64_MAX;
    if (statvfs(path, &fs) != 0)
        return true;
    *left = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (*left >= SPACE_LOW)
        return true;
    doctor_say(d, *left < SPACE_NONE ? DOCTOR_FAILED : DOCTOR_WARNING,
               "make room: without a journal nothing is changed", "%s: only %" PRIu64 " MiB are left on its filesystem",
               path, *left / MIB);
    return false;
}

static void state_there(struct doctor *d, const char *given)
{
    char pid[STORE_PID_SIZE], cure[256], path[PATH_MAX], folder[PATH_MAX];
    uint64_t left;
    bool held, brief, older;
    if (!realpath(given, path)) /* the lock stands beside the file itself, not beside a link to it */
        snprintf(path, sizeof path, "%s", given);
    parent_of(path, folder);
    if (access(path, R_OK | W_OK) != 0 || access(folder, W_OK | X_OK) != 0) {
        doctor_say(d, DOCTOR_FAILED, user_cure(cure, "give the file and its folder to"), "%s cannot be written: %s",
                   path, strerror(errno));
        return;
    }
    int rc = store_holder(path, &held, &brief, pid);
    if (rc) {
        doctor_say(d, DOCTOR_FAILED, user_cure(cure, "use a filesystem with locks, and give the lock's file to"),
                   "%s.lock cannot be locked: %s", path, strerror(rc));
        return;
    }
    if (!state_readable(d, path, &older) || !state_room(d, path, &left))
        return;
    doctor_say(d, DOCTOR_OK, NULL, "%s: %s%s%s%s, %" PRIu64 " MiB free", path,
               brief  ? "held by a command for a moment"
               : held ? "held by a daemon that runs"
                      : "not in use now",
               *pid ? " (process " : "", pid, *pid ? ")" : "", left / MIB);
    if (older)
        doctor_say(d, DOCTOR_WARNING,
                   "nothing to do: the daemon brings it up to date when it starts, and keeps a copy as it is beside it",
                   "%s is of an older mpijobd", path);
}

bool doctor_state(struct doctor *d)
{
    char path[4096];
    struct stat is;
    session_state_path(&d->s, path);
    if (strcmp(path, ":memory:") == 0)
        doctor_say(d, DOCTOR_WARNING, "name a file for the state", "kept in memory: the journal ends with the daemon");
    else if (stat(path, &is) != 0 && errno == ENOENT)
        state_absent(d, path);
    else if (stat(path, &is) != 0)
        doctor_say(d, DOCTOR_FAILED, "name another file with --state or `state:`", "%s: %s", path, strerror(errno));
    else if (!S_ISREG(is.st_mode))
        doctor_say(d, DOCTOR_FAILED, "name a file with --state or `state:`", "%s is not a regular file", path);
    else
        state_there(d, path);
    return true;
}

/* ---- time zones ---- */

#define ZONES_INDEX_MAX (1u << 20) /* bytes of tzdata.zi */

/* "2026a" from the first line of tzdata.zi ("# version 2026a"), or from a file that holds nothing else. False: no file
 * says it. */
static bool zones_version(const char *folder, char out[16])
{
    static const char *const files[] = {"tzdata.zi", "+VERSION", "version"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[PATH_MAX];
        struct buf text = BUF_INIT;
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        bool read = buf_read_file(&text, path, ZONES_INDEX_MAX, NULL) == 0 &&
                    sscanf(text.ptr, i == 0 ? "# version %15[0-9a-z]" : "%15[0-9a-z]", out) == 1;
        buf_free(&text);
        if (read)
            return true;
    }
    return false;
}

bool doctor_zones(struct doctor *d)
{
    static const char cure[] = "install tzdata (and keep it up to date), or set TZDIR";
    struct zone *zone;
    struct error err;
    char version[16];
    const char *folder = getenv("TZDIR");
    if (!folder || !*folder)
        folder = "/usr/share/zoneinfo";
    if (zone_load("Europe/Berlin", NULL, &zone, &err)) {
        doctor_say(d, DOCTOR_FAILED, cure, "only UTC is there: %s", err.message);
        return true;
    }
    zone_free(zone);
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    if (!zones_version(folder, version))
        doctor_say(d, DOCTOR_OK, NULL, "%s, of an unknown version", folder);
    else if (strtol(version, NULL, 10) + ZONES_OLD_YEARS <= utc.tm_year + 1900)
        doctor_say(d, DOCTOR_WARNING, "update tzdata: countries change their clocks with a few weeks' notice",
                   "%s: version %s is old", folder, version);
    else
        doctor_say(d, DOCTOR_OK, NULL, "%s, version %s", folder, version);
    return true;
}
