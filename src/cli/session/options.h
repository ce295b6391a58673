/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table of options, of which each command says which groups it takes. */
#ifndef MPIJOBD_CLI_SESSION_OPTIONS_H
#define MPIJOBD_CLI_SESSION_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "mpijob/kind.h"

enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_YAML, OUTPUT_NAME, OUTPUT_TAP, OUTPUT_JUNIT, OUTPUT_SARIF, OUTPUT_CSV };

/* Exit codes, as in docs/reference/cli.md. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SOME_FAILED = 3, EXIT_LIMITED = 4, EXIT_CHANGES = 10 };

/* Bits: what a command takes. */
enum option_group {
    /* --config --cluster --kubeconfig --context --api-version --controller --as... --request-timeout */
    TAKES_CLUSTER = 1 << 0,
    TAKES_NAMESPACE = 1 << 1, /* -n */
    TAKES_OUTPUT = 1 << 2,    /* -o */
    TAKES_STATE = 1 << 3,     /* --state --control (and --config) */
    TAKES_RUN = 1 << 4,       /* --once --clock --grace --listen --control --no-supervisor --no-watch */
    TAKES_DRY_RUN = 1 << 5,
    TAKES_LOG = 1 << 6, /* --log-level --log-format */
    TAKES_EXIT_CODE = 1 << 7,
    TAKES_COUNT = 1 << 8,     /* -c */
    TAKES_REPLACE = 1 << 9,   /* -f --all --destructive --through-launcher --wait-effect --resource-version */
    TAKES_FILTER = 1 << 10,   /* --policy --limit --in-flight */
    TAKES_ROLES = 1 << 11,    /* --service-account (and --config) */
    TAKES_ALL = 1 << 12,      /* -A */
    TAKES_SELECTOR = 1 << 13, /* -l */
    TAKES_POLICIES = 1 << 14, /* --config, for `policies:` and `limits:` */
    TAKES_FIX = 1 << 15,      /* --fix */
    TAKES_BY = 1 << 16,       /* --by */
    TAKES_KIND = 1 << 17,     /* --kind, and kinds among the arguments */
    TAKES_NAMES = 1 << 18,    /* all its arguments are names; else the first one is */
    TAKES_TEST = 1 << 19,     /* --run --tags --exclude-tags --list, and -o of its own */
    TAKES_HAND = 1 << 20,     /* --state --control --no-journal: it changes jobs by hand, and writes that down */
    TAKES_CHECK = 1 << 21,    /* --strict --role --watch, and -o sarif */
    TAKES_UNDO = 1 << 22,     /* --job --destructive */
    TAKES_PROMPT = 1 << 23,   /* --write --cluster */
    TAKES_TYPES = 1 << 24,    /* --install */
    TAKES_OVERRIDE = 1 << 25, /* --override */
    TAKES_ROWS = 1 << 26,     /* --since --job, and -o csv */
    TAKES_VERIFY = 1 << 27,   /* --verify --head */
    TAKES_OUT = 1 << 28,      /* --out */
    TAKES_APPLY = 1 << 29,    /* --job --partial */
    TAKES_NEW = 1 << 30,      /* --from --list */
    TAKES_REJECT = 1U << 31,  /* --reason */
    TAKES_SCOPE = TAKES_NAMESPACE | TAKES_ALL,
};

#define OPTIONS_GROUPS_MAX 32
#define OPTIONS_STATES_MAX 32

struct options {
    const char *kind, *config, *kubeconfig, *context, *name_space, *selector, *state, *api_version, *controller,
        *log_level, *log_format, *cluster, *clock, *listen, *grace, *file, *resource_version, *policy, *request_timeout,
        *wait_effect, *service_account, *as, *as_uid;
    const char *as_groups[OPTIONS_GROUPS_MAX + 1]; /* NULL-terminated */
    const char *states[OPTIONS_STATES_MAX + 1];    /* each --state; `state` is the last. NULL-terminated */
    const char *by, *control, *job, *role, *from, *since, *head, *out, *reason;
    const char *only, *tags, *exclude_tags; /* of the tests */
    const char *from_run;                   /* the number of a recorded run; NULL: not given */
    const char *debug;                      /* the address; "": standard input and output; NULL: not asked for */
    bool all_namespaces, all, once, dry_run, exit_code, destructive, through_launcher, in_flight, fix, help, no_watch,
        no_supervisor, no_journal, list, coverage, watch, strict, install, verify, partial, record;
    bool override; /* runs by hand begin outside of windows, too */
    bool write;    /* in a session of Lua */
    enum output output;
    const struct mpijob_kind *job_kind; /* which the command is about; set by command_begin */
    int64_t count, limit, threshold;    /* -1: not given */
    char **arguments;                   /* all that are not options; NULL-terminated */
    int argument_count;
};

/* argv[0] is the command's name. ERR_INVALID: the message for standard error (wrong usage). */
int options_parse(int argc, char **argv, unsigned takes, struct options *options, struct error *err);

/* The place in argv of the first word that is no option and no option's value, from 1; argc: no such word, or an
 * option before it is not understood. */
int options_first_word(int argc, char **argv);

/* The lines of --help for the options that a command takes. */
void options_help(unsigned takes);

#endif
