/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table of options, of which each command says which groups it takes. */
#ifndef MPIJOBD_CLI_SESSION_OPTIONS_H
#define MPIJOBD_CLI_SESSION_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/session/kind_list.h"
#include "mpijob/kind.h"

enum output {
    OUTPUT_TABLE,
    OUTPUT_JSON,
    OUTPUT_YAML,
    OUTPUT_NAME,
    OUTPUT_TAP,
    OUTPUT_JUNIT,
    OUTPUT_SARIF,
    OUTPUT_CSV,
    OUTPUT_WIDE,
    OUTPUT_JSONPATH, /* options.format has what follows the sign = */
    OUTPUT_COLUMNS,  /* the same */
    OUTPUT_MARKDOWN,
};

/* Exit codes, as in docs/reference/cli.md. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SOME_FAILED = 3, EXIT_LIMITED = 4, EXIT_CHANGES = 10 };

/* Bits: what a command takes. */
typedef uint64_t option_groups;

#define TAKES_BIT(n) (UINT64_C(1) << (n))
/* --config --cluster --kubeconfig --context --api-version --controller --as... --request-timeout */
#define TAKES_CLUSTER TAKES_BIT(0)
#define TAKES_NAMESPACE TAKES_BIT(1) /* -n */
#define TAKES_OUTPUT TAKES_BIT(2)    /* -o */
#define TAKES_STATE TAKES_BIT(3)     /* --state --control (and --config) */
#define TAKES_RUN TAKES_BIT(4)       /* --once --clock --grace --listen --control --no-supervisor --no-watch */
#define TAKES_DRY_RUN TAKES_BIT(5)
#define TAKES_LOG TAKES_BIT(6) /* --log-level --log-format */
#define TAKES_EXIT_CODE TAKES_BIT(7)
#define TAKES_COUNT TAKES_BIT(8)     /* -c */
#define TAKES_REPLACE TAKES_BIT(9)   /* -f --all --destructive --through-... --wait-effect --resource-version */
#define TAKES_FILTER TAKES_BIT(10)   /* --policy --limit --in-flight */
#define TAKES_ROLES TAKES_BIT(11)    /* --service-account --effects (and --config) */
#define TAKES_ALL TAKES_BIT(12)      /* -A */
#define TAKES_SELECTOR TAKES_BIT(13) /* -l */
#define TAKES_POLICIES TAKES_BIT(14) /* --config, for `policies:` and `limits:` */
#define TAKES_FIX TAKES_BIT(15)      /* --fix */
#define TAKES_BY TAKES_BIT(16)       /* --by */
#define TAKES_KIND TAKES_BIT(17)     /* --kind, and kinds among the arguments */
#define TAKES_NAMES TAKES_BIT(18)    /* all its arguments are names; else the first one is */
#define TAKES_TEST TAKES_BIT(19)     /* --run --tags --exclude-tags --list, and -o of its own */
#define TAKES_HAND TAKES_BIT(20)     /* --state --control --no-journal: it changes jobs by hand, and writes that down */
#define TAKES_CHECK TAKES_BIT(21)    /* --strict --role --watch, and -o sarif */
#define TAKES_UNDO TAKES_BIT(22)     /* --job --destructive */
#define TAKES_PROMPT TAKES_BIT(23)   /* --write --cluster */
#define TAKES_TYPES TAKES_BIT(24)    /* --install */
#define TAKES_OVERRIDE TAKES_BIT(25) /* --override */
#define TAKES_ROWS TAKES_BIT(26)     /* --since --job, and -o csv */
#define TAKES_VERIFY TAKES_BIT(27)   /* --verify --head */
#define TAKES_OUT TAKES_BIT(28)      /* --out */
#define TAKES_APPLY TAKES_BIT(29)    /* --job --partial */
#define TAKES_NEW TAKES_BIT(30)      /* --from --list */
#define TAKES_REJECT TAKES_BIT(31)   /* --reason */
#define TAKES_READY TAKES_BIT(32)    /* --ready */
#define TAKES_HALT TAKES_BIT(33)     /* --wait */
#define TAKES_GET TAKES_BIT(34)      /* --sort-by -w, and -o wide, jsonpath=, custom-columns= */
#define TAKES_TIMES TAKES_BIT(35)    /* --utc */
#define TAKES_WHOLE TAKES_BIT(36)    /* --out --overwrite --head */
#define TAKES_KINDS TAKES_BIT(37)    /* --kind, of several */
#define TAKES_SAVED TAKES_BIT(38)    /* --saved --since --notify, and -o csv and markdown */
#define TAKES_FOLD TAKES_BIT(39)     /* --log-fold */
#define TAKES_WAITING TAKES_BIT(40)  /* --policy --all */
#define TAKES_SCOPE (TAKES_NAMESPACE | TAKES_ALL)

#define OPTIONS_GROUPS_MAX 32
#define OPTIONS_STATES_MAX 32

struct options {
    const char *kind, *kinds, *config, *kubeconfig, *context, *name_space, *selector, *state, *api_version, *controller,
        *log_level, *log_format, *cluster, *clock, *listen, *grace, *file, *resource_version, *policy, *request_timeout,
        *wait_effect, *wait, *service_account, *as, *as_uid;
    const char *as_groups[OPTIONS_GROUPS_MAX + 1]; /* NULL-terminated */
    const char *states[OPTIONS_STATES_MAX + 1];    /* each --state; `state` is the last. NULL-terminated */
    const char *by, *control, *job, *role, *from, *since, *head, *out, *reason, *sort_by, *format, *log_time, *log_fold;
    const char *only, *tags, *exclude_tags; /* of the tests */
    const char *notify;                     /* a sink of the configuration; NULL: none */
    const char *from_run;                   /* the number of a recorded run; NULL: not given */
    const char *debug;                      /* the address; "": standard input and output; NULL: not asked for */
    bool all_namespaces, all, once, dry_run, exit_code, destructive, through_launcher, through_child, in_flight, fix,
        help, no_watch, no_supervisor, no_journal, list, coverage, watch, strict, install, verify, partial, record,
        ready, effects, overwrite, saved;
    bool override; /* runs by hand begin outside of windows, too */
    bool write;    /* in a session of Lua */
    bool utc;      /* times as they are in a pipe */
    enum output output;
    const struct mpijob_kind *job_kind; /* which the command is about; set by command_begin */
    struct kind_list several;           /* likewise, of a command that takes several (TAKES_GET); from 1 */
    int64_t count, limit, threshold;    /* -1: not given */
    char **arguments;                   /* all that are not options; NULL-terminated */
    int argument_count;
};

/* argv[0] is the command's name. ERR_INVALID: the message for standard error (wrong usage). */
int options_parse(int argc, char **argv, option_groups takes, struct options *options, struct error *err);

/* The place in argv of the first word that is no option and no option's value, from 1; argc: no such word, or an
 * option before it is not understood. */
int options_first_word(int argc, char **argv);

/* One option of the table, for those who tell of it. */
struct option_about {
    const char *name;  /* "namespace" */
    int letter;        /* 'n'; 0: it has none */
    const char *value; /* "NAME"; "[=VALUE]": it may be left out; NULL: it takes none */
    const char *about;
};
/* The i-th of those that a command takes, from 0 on. False: there are not so many. */
bool options_at(option_groups takes, size_t i, struct option_about *out);
/* The i-th of what -o takes there, "jsonpath=" with its sign. NULL: there are not so many. */
const char *options_output(option_groups takes, size_t i);

/* The lines of --help for the options that a command takes. */
void options_help(option_groups takes);

#endif
