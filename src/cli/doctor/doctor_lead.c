/* SPDX-License-Identifier: Apache-2.0 */
/* Leader election or shards, where they are configured: whether the Leases may be used, and who has them. */
#include <string.h>

#include "base/texts.h"
#include "cli/doctor/doctor_question.h"
#include "cli/session/lead_place.h"
#include "lead/lease.h"
#include "lead/shards.h"

struct reading {
    struct doctor *d;
    struct lease_record record;
    bool absent;
    struct error error; /* code 0: it was read, or is absent */
};

static void came(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    struct reading *r = data;
    (void)request, (void)lost;
    r->absent = err && err->code == ERR_NOT_FOUND && !err->no_path;
    if (answer)
        lease_read(answer->body, &r->record);
    else if (!r->absent)
        r->error = *err;
    r->d->s.flag = true;
}

static void read_lease(struct doctor *d, const struct lead_place *place, const char *name, struct reading *r)
{
    *r = (struct reading){.d = d};
    struct kube_call call = {.resource = &lease_resource,
                             .name_space = place->name_space,
                             .name = name,
                             .timeout_ms = d->timeout_ms,
                             .done = came,
                             .data = r};
    d->s.flag = false;
    if (kube_get(cluster_kube(d->s.cluster), &call, NULL, &r->error) == 0)
        session_wait(&d->s);
}

static void tell_shards(struct doctor *d, const struct lead_place *place)
{
    char name[SHARD_LEASE_MAX];
    struct reading r;
    struct buf owners = BUF_INIT;
    unsigned shards = d->s.config.lead.shards;
    for (unsigned i = 0; i < shards; i++) {
        read_lease(d, place, shards_lease(place->name, i, name), &r);
        if (r.error.code)
            break;
        buf_printf(&owners, "%s%u: %s", i ? ", " : "", i, *r.record.holder ? r.record.holder : "nobody");
    }
    if (r.error.code)
        doctor_say(d, DOCTOR_FAILED, NULL, "the Lease %s/%s cannot be read: %s", place->name_space, name,
                   r.error.message);
    else
        doctor_say(d, DOCTOR_OK, NULL, "may use the Leases %s/%s and those of %u shards; they are held by %s",
                   place->name_space, place->name, shards, or_empty(owners.ptr));
    buf_free(&owners);
}

static void tell_leader(struct doctor *d, const struct lead_place *place)
{
    struct reading r;
    char since[32];
    read_lease(d, place, place->name, &r);
    clock_format(r.record.renewed, false, since);
    if (r.error.code)
        doctor_say(d, DOCTOR_FAILED, NULL, "the Lease %s/%s cannot be read: %s", place->name_space, place->name,
                   r.error.message);
    else if (r.absent || !*r.record.holder)
        doctor_say(d, DOCTOR_OK, NULL, "may use the Lease %s/%s; nobody leads now", place->name_space, place->name);
    else
        doctor_say(d, DOCTOR_OK, NULL, "may use the Lease %s/%s; %s leads, renewed at %s", place->name_space,
                   place->name, r.record.holder, since);
}

/* name: of the Lease; of those of shards the last, as a role may have been made for fewer. */
static void ask(struct doctor *d, const struct lead_place *place, const char *name)
{
    static const char *const verbs[] = {"get", "create", "update", "watch"};
    struct question q[sizeof verbs / sizeof *verbs];
    struct buf denied = BUF_INIT;
    const struct error *err = NULL;
    size_t waiting = 1, must = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        q[i] = (struct question){.d = d, .waiting = &waiting, .name_space = place->name_space};
        question_review(&q[i], verbs[i], lease_resource.group, lease_resource.plural,
                        strcmp(verbs[i], "create") == 0 ? NULL : name);
    }
    waiting--;
    question_wait(d, &waiting);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        err = q[i].error.code ? &q[i].error : err;
        if (!q[i].allowed)
            buf_printf(&denied, "%s%s", denied.len ? ", " : "", verbs[i]);
        must += !q[i].allowed && i < 3;
    }
    if (err)
        doctor_say(d, DOCTOR_WARNING, "`kubectl auth can-i --list` may show more", "the server cannot be asked: %s",
                   err->message);
    else if (denied.len)
        doctor_say(d, must ? DOCTOR_FAILED : DOCTOR_WARNING, "`mpijobd rbac PATH...` prints the role that is needed",
                   "may not %s the Lease %s/%s%s", denied.ptr, place->name_space, name,
                   must ? ", so that this daemon would never act"
                        : ", so that it is seen some seconds later when another daemon gives it back");
    else if (d->s.config.lead.shards)
        tell_shards(d, place);
    else
        tell_leader(d, place);
    buf_free(&denied);
}

void doctor_lead(struct doctor *d)
{
    const char *check = d->check;
    struct lead_place place;
    struct error err;
    const char *cluster = d->s.config.lead.cluster;
    bool here = !d->cluster || strcmp(d->cluster, cluster ? cluster : d->s.config.clusters[0].name) == 0;
    if (!d->s.config.lead.on || !here)
        return;
    char last[SHARD_LEASE_MAX];
    unsigned shards = d->s.config.lead.shards;
    d->check = shards ? "sharding" : "leader-election";
    if (lead_place_find(&d->s, &place, &err)) {
        doctor_say(d, DOCTOR_FAILED, NULL, "%s", err.message);
    } else {
        ask(d, &place, shards ? shards_lease(place.name, shards - 1, last) : place.name);
        doctor_shared(d, &place);
    }
    d->check = check;
}
