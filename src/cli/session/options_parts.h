/* SPDX-License-Identifier: Apache-2.0 */
/* What the files options*.c share. */
#ifndef MPIJOBD_CLI_SESSION_OPTIONS_PARTS_H
#define MPIJOBD_CLI_SESSION_OPTIONS_PARTS_H

#include "cli/session/options.h"

/* Options without a letter. */
enum id {
    ID_CONFIG = 256,
    ID_KUBECONFIG,
    ID_CONTEXT,
    ID_CLUSTER,
    ID_API_VERSION,
    ID_CONTROLLER,
    ID_TIMEOUT,
    ID_STATE,
    ID_ONCE,
    ID_CLOCK,
    ID_GRACE,
    ID_LISTEN,
    ID_CONTROL,
    ID_NO_JOURNAL,
    ID_NO_SUPERVISOR,
    ID_NO_WATCH,
    ID_DRY_RUN,
    ID_LOG_LEVEL,
    ID_LOG_FORMAT,
    ID_EXIT_CODE,
    ID_DESTRUCTIVE,
    ID_JOB,
    ID_THROUGH_LAUNCHER,
    ID_THROUGH_CHILD,
    ID_WAIT_EFFECT,
    ID_RESOURCE_VERSION,
    ID_POLICY,
    ID_LIMIT,
    ID_IN_FLIGHT,
    ID_SERVICE_ACCOUNT,
    ID_FIX,
    ID_AS,
    ID_AS_GROUP,
    ID_AS_UID,
    ID_BY,
    ID_KIND,
    ID_KINDS,
    ID_ALL,
    ID_ONLY,
    ID_TAGS,
    ID_EXCLUDE_TAGS,
    ID_LIST,
    ID_FROM,
    ID_STRICT,
    ID_INSTALL,
    ID_ROLE,
    ID_COVERAGE,
    ID_THRESHOLD,
    ID_WATCH,
    ID_OVERRIDE,
    ID_WRITE,
    ID_DEBUG,
    ID_FROM_RUN,
    ID_RECORD,
    ID_SINCE,
    ID_VERIFY,
    ID_HEAD,
    ID_OUT,
    ID_PARTIAL,
    ID_REASON,
    ID_READY,
    ID_WAIT,
    ID_SORT_BY,
    ID_EFFECTS,
    ID_UTC,
    ID_LOG_TIME,
    ID_LOG_FOLD,
    ID_OVERWRITE,
    ID_SAVED,
    ID_NOTIFY,
};

/* ---- options_members.c ---- */

/* The member of an option that takes no value; NULL: it takes one. */
bool *option_flag(struct options *o, int id);
/* The member of an option whose value is kept as it is; NULL: that of another. */
const char **option_text(struct options *o, int id);

#endif
