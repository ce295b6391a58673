/* SPDX-License-Identifier: Apache-2.0 */
/* The names are turned into numbers once; who is in a group is asked of the kernel, for each connection. */
#include "approval/approvers.h"

#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* Whom the kernel shows where it has no number for a user or group in the daemon's namespace: anybody. */
#define OVERFLOW_ID 65534
#define ENTRY_BYTES 16384

struct approvers {
    uid_t *users;
    gid_t *groups;
    size_t user_count, group_count;
    unsigned quorum;
    bool not_the_trigger, token;
    char *who; /* "alice, bob, the group ml-leads" */
};

/* ---- names ---- */

static bool number_of(const char *name, unsigned long *id)
{
    char *end;
    *id = strtoul(name, &end, 10);
    return *name >= '0' && *name <= '9' && !*end;
}

static bool user_of(const char *name, unsigned long *id)
{
    struct passwd entry, *found = NULL;
    char texts[ENTRY_BYTES];
    if (getpwnam_r(name, &entry, texts, sizeof texts, &found) == 0 && found)
        return *id = found->pw_uid, true;
    return number_of(name, id);
}

static bool group_of(const char *name, unsigned long *id)
{
    struct group entry, *found = NULL;
    char texts[ENTRY_BYTES];
    if (getgrnam_r(name, &entry, texts, sizeof texts, &found) == 0 && found)
        return *id = found->gr_gid, true;
    return number_of(name, id);
}

static size_t length(char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

static void resolve(struct approvers *a, const struct approvers_named *named, const struct log *log)
{
    static const char unknown[] = "the system knows no such approver, or cannot tell who that is: it lets no one in";
    unsigned long id;
    for (size_t i = 0; i < length(named->users); i++) {
        if (strcmp(named->users[i], APPROVER_TOKEN) == 0)
            a->token = true;
        else if (user_of(named->users[i], &id) && id != OVERFLOW_ID)
            a->users[a->user_count++] = (uid_t)id;
        else
            log_event(log, LOG_WARN, unknown, LOG_FIELDS({"user", named->users[i]}));
    }
    for (size_t i = 0; i < length(named->groups); i++) {
        if (group_of(named->groups[i], &id) && id != OVERFLOW_ID)
            a->groups[a->group_count++] = (gid_t)id;
        else
            log_event(log, LOG_WARN, unknown, LOG_FIELDS({"group", named->groups[i]}));
    }
}

static char *said(const struct approvers_named *named)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < length(named->users); i++)
        buf_printf(&out, "%s%s", out.len ? ", " : "", named->users[i]);
    for (size_t i = 0; i < length(named->groups); i++)
        buf_printf(&out, "%sthe group %s", out.len ? ", " : "", named->groups[i]);
    return buf_take(&out, NULL);
}

int approvers_open(const struct approvers_named *named, const struct log *log, struct approvers **out,
                   struct error *err)
{
    *out = NULL;
    if (!length(named->users) && !length(named->groups))
        return 0;
    struct approvers *a = calloc(1, sizeof *a);
    if (!a)
        return error_nomem(err);
    a->users = calloc(length(named->users) + 1, sizeof *a->users);
    a->groups = calloc(length(named->groups) + 1, sizeof *a->groups);
    a->who = said(named);
    a->quorum = named->quorum;
    a->not_the_trigger = named->not_the_trigger;
    if (!a->users || !a->groups || !a->who) {
        approvers_close(a);
        return error_nomem(err);
    }
    resolve(a, named, log);
    *out = a;
    return 0;
}

void approvers_close(struct approvers *a)
{
    if (!a)
        return;
    free(a->users);
    free(a->groups);
    free(a->who);
    free(a);
}

/* ---- a person ---- */

static bool by_peer(const struct approvers *a, uid_t uid, const gid_t *groups, size_t count)
{
    for (size_t i = 0; i < a->user_count; i++) {
        if (a->users[i] == uid)
            return true;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t g = 0; g < a->group_count; g++) {
            if (a->groups[g] == groups[i])
                return true;
        }
    }
    return false;
}

bool approvers_list(const struct approvers *a, enum approver_known known, uid_t uid, const gid_t *groups, size_t count)
{
    switch (known) {
    case APPROVER_BY_PEER:
        return a && uid != OVERFLOW_ID && by_peer(a, uid, groups, count);
    case APPROVER_BY_TOKEN:
        return a && a->token;
    }
    return false;
}

unsigned approvers_quorum(const struct approvers *a, unsigned policy)
{
    unsigned ours = a && a->quorum ? a->quorum : 1;
    return policy > ours ? policy : ours;
}

/* "1 of 2 approvals". */
static const char *standing(const struct approvers_case *of, char out[48])
{
    snprintf(out, 48, "%zu of %u approval%s", of->given_count, of->quorum, of->quorum == 1 ? "" : "s");
    return out;
}

int approvers_check(const struct approvers *a, const struct approver *who, const struct approvers_case *of,
                    struct error *err)
{
    char counts[48];
    standing(of, counts);
    if (a && !who->listed)
        return error_set(err, ERR_REFUSED,
                         "%s may not approve; the configuration's approvers are %s (run %" PRId64 " has %s)", who->name,
                         a->who, of->run, counts);
    if (a && a->not_the_trigger && of->asked_uid == who->uid)
        return error_set(err, ERR_REFUSED, "%s; %s may not approve what %s triggered, and the approvers are %s", counts,
                         who->name, who->name, a->who);
    for (size_t i = 0; i < of->given_count; i++) {
        if (of->given[i].uid == who->uid)
            return error_set(err, ERR_REFUSED, "%s; %s has approved run %" PRId64 " already, and %s is needed: %s",
                             counts, who->name, of->run, of->quorum - of->given_count == 1 ? "another" : "others",
                             a ? a->who : "the daemon's own user and root may");
    }
    return 0;
}
