/* SPDX-License-Identifier: Apache-2.0 */
/* A Lease that is handed over while the daemon goes on; and Leases of which there are several, by which the jobs are
 * shared. */
#include <string.h>

#include "lead/lead_parts.h"

/* ---- handing over ---- */

bool lead_may_go(const struct lead *l)
{
    return l->leaving && !l->leaver;
}

void lead_stay(struct lead *l)
{
    l->leaving = false;
    l->leaver = NULL;
}

/* The guests up to this one have not left yet. */
static void ask_to_leave(struct lead *l, struct lead_guest *guest)
{
    while (guest && !(guest->told && guest->leave)) {
        guest->told = false;
        guest = guest == l->guests ? NULL : guest->prev;
    }
    l->leaver = guest;
    if (guest)
        guest->leave(guest);
    else
        defer_call(l->o.soon, &l->turn);
}

void lead_hand_over(struct lead *l)
{
    if (!l->leads || l->leaving || l->closing)
        return;
    l->leaving = true;
    l->asked = NULL;
    ask_to_leave(l, l->guests ? l->guests->prev : NULL);
}

void lead_left(struct lead *l, struct lead_guest *guest)
{
    if (!l->leaving || l->leaver != guest)
        return;
    guest->told = false;
    ask_to_leave(l, guest);
}

/* ---- one of several ---- */

int lead_check_kind(const struct lead *l, struct error *err)
{
    struct json object, note;
    char shards[16] = "";
    if (!l->object.len || json_parse(buf_str(&l->object), "the Lease", &object, NULL))
        return 0;
    note = json_get(json_get(json_get(object, "metadata"), "annotations"), LEAD_SHARDS_NOTE);
    bool shared = json_exists(note);
    json_string_at(note, "", shards, sizeof shards);
    if (shared == (l->shared.shards != NULL) && (!shared || strcmp(shards, l->shared.shards) == 0))
        return 0;
    const char *cure = "; all of them have to be configured alike, and to begin again with another configuration, stop "
                       "them all and remove their Leases, and the ConfigMaps of their state: see \"Sharing the jobs\" "
                       "in docs/operations.md";
    if (!shared)
        return error_set(err, ERR_REFUSED, "the Lease is of daemons with leader_election, and this one has sharding%s",
                         cure);
    if (!l->shared.shards)
        return error_set(err, ERR_REFUSED, "the Lease is of daemons with sharding, and this one has leader_election%s",
                         cure);
    return error_set(err, ERR_REFUSED, "the Lease is of daemons with sharding.shards %s, and this one has %s%s", shards,
                     l->shared.shards, cure);
}

void lead_look_again(struct lead *l)
{
    if (!l->request && !l->leads && !l->closing)
        defer_call(l->o.soon, &l->turn);
}
