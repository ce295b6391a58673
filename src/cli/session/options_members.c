/* SPDX-License-Identifier: Apache-2.0 */
/* From an option to the member of struct options that it sets. */
#include "cli/session/options_parts.h"

bool *option_flag(struct options *o, int id)
{
    switch (id) {
    case 'A':
        return &o->all_namespaces;
    case ID_ONCE:
        return &o->once;
    case ID_RECORD:
        return &o->record;
    case ID_NO_JOURNAL:
        return &o->no_journal;
    case ID_NO_SUPERVISOR:
        return &o->no_supervisor;
    case ID_NO_WATCH:
        return &o->no_watch;
    case ID_DRY_RUN:
        return &o->dry_run;
    case ID_EXIT_CODE:
        return &o->exit_code;
    case ID_DESTRUCTIVE:
        return &o->destructive;
    case ID_THROUGH_LAUNCHER:
        return &o->through_launcher;
    case ID_THROUGH_CHILD:
        return &o->through_child;
    case ID_IN_FLIGHT:
        return &o->in_flight;
    case ID_ALL:
        return &o->all;
    case ID_FIX:
        return &o->fix;
    case ID_COVERAGE:
        return &o->coverage;
    case ID_WATCH:
    case 'w':
        return &o->watch;
    case ID_LIST:
        return &o->list;
    case ID_STRICT:
        return &o->strict;
    case ID_OVERRIDE:
        return &o->override;
    case ID_WRITE:
        return &o->write;
    case ID_INSTALL:
        return &o->install;
    case ID_VERIFY:
        return &o->verify;
    case ID_EFFECTS:
        return &o->effects;
    case ID_UTC:
        return &o->utc;
    case ID_READY:
        return &o->ready;
    case ID_OVERWRITE:
        return &o->overwrite;
    case ID_SAVED:
        return &o->saved;
    case ID_PARTIAL:
        return &o->partial;
    case 'h':
        return &o->help;
    default:
        return NULL;
    }
}

const char **option_text(struct options *o, int id)
{
    switch (id) {
    case ID_JOB:
        return &o->job;
    case ID_CONFIG:
        return &o->config;
    case ID_KUBECONFIG:
        return &o->kubeconfig;
    case ID_CONTEXT:
        return &o->context;
    case ID_CLUSTER:
        return &o->cluster;
    case ID_API_VERSION:
        return &o->api_version;
    case ID_CONTROLLER:
        return &o->controller;
    case ID_AS:
        return &o->as;
    case ID_AS_UID:
        return &o->as_uid;
    case ID_TIMEOUT:
        return &o->request_timeout;
    case 'n':
        return &o->name_space;
    case 'l':
        return &o->selector;
    case ID_STATE:
        return &o->state;
    case ID_CLOCK:
        return &o->clock;
    case ID_GRACE:
        return &o->grace;
    case ID_LISTEN:
        return &o->listen;
    case ID_CONTROL:
        return &o->control;
    case ID_LOG_LEVEL:
        return &o->log_level;
    case ID_LOG_FORMAT:
        return &o->log_format;
    case 'f':
        return &o->file;
    case ID_WAIT_EFFECT:
        return &o->wait_effect;
    case ID_WAIT:
        return &o->wait;
    case ID_RESOURCE_VERSION:
        return &o->resource_version;
    case ID_POLICY:
        return &o->policy;
    case ID_SERVICE_ACCOUNT:
        return &o->service_account;
    case ID_KIND:
        return &o->kind;
    case ID_KINDS:
        return &o->kinds;
    case ID_BY:
        return &o->by;
    case ID_FROM:
        return &o->from;
    case ID_ROLE:
        return &o->role;
    case ID_ONLY:
        return &o->only;
    case ID_TAGS:
        return &o->tags;
    case ID_EXCLUDE_TAGS:
        return &o->exclude_tags;
    case ID_NOTIFY:
        return &o->notify;
    case ID_SINCE:
        return &o->since;
    case ID_HEAD:
        return &o->head;
    case ID_DEBUG:
        return &o->debug;
    case ID_FROM_RUN:
        return &o->from_run;
    case ID_OUT:
        return &o->out;
    case ID_REASON:
        return &o->reason;
    case ID_LOG_TIME:
        return &o->log_time;
    case ID_LOG_FOLD:
        return &o->log_fold;
    case ID_SORT_BY:
        return &o->sort_by;
    default:
        return NULL;
    }
}
