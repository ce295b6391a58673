/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds whose rows are made at run time, from what a plugin says (docs/reference/plugins.md): a row of the form of
 * kind.h for each, which is then a kind like any other. Rows that say the same are one, so that two policies are about
 * the same kind where the pointers are equal. Whoever keeps a pointer for longer than the giver holds it. */
#ifndef MPIJOBD_MPIJOB_KINDS_ADDED_H
#define MPIJOBD_MPIJOB_KINDS_ADDED_H

#include "mpijob/field.h"

struct mpijob_kinds { /* all zero: none yet */
    struct mpijob_kind_row *rows;
};

/* row: {"name":"trainjob","kind":"TrainJob","group":"trainer.kubeflow.org","plural":"trainjobs","versions":["v1"],
 * "phases":[{"phase":"Succeeded","where":"Complete"}],
 * "fields":[{"name":"suspend","at":"/spec/suspend","type":"boolean","values":[...],"least":0,"most":9,
 * "when":"suspended","required":true,"effects":[{"value":true,"effect":"destructive"}],"why":"...","asks":"when"}]};
 * "at" may be an object of versions; what is left out of a field is not bounded, "always", "unknown". by: who says so,
 * "the plugin batch". *kind: held for the caller. ERR_INVALID: not such a row; ERR_LIMIT: more kinds are in use than
 * tables have room for; ERR_NOMEM. */
int mpijob_kinds_take(struct mpijob_kinds *kinds, struct json row, const char *by, const struct mpijob_kind **kind,
                      struct error *err);
/* Those that are still held stay until they are released; there will be no new ones. */
void mpijob_kinds_close(struct mpijob_kinds *kinds);

/* Of a kind that is built in, and of NULL, these do nothing. */
void mpijob_kind_hold(const struct mpijob_kind *kind);
void mpijob_kind_release(const struct mpijob_kind *kind);
/* The same for those who know a kind and do not need it: when nobody holds it, they may forget it. */
void mpijob_kind_remember(const struct mpijob_kind *kind);
void mpijob_kind_forget(const struct mpijob_kind *kind);
bool mpijob_kind_held(const struct mpijob_kind *kind); /* it is held */

#endif
