/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options, and reading a command line by it. */
#include "cli/session/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/session/options_parts.h"

static const struct known {
    const char *name;
    int id;            /* a letter, or enum id */
    const char *value; /* its name in the help; NULL: takes none */
    option_groups group;
    const char *about;
} known[] = {
    {"config", ID_CONFIG, "FILE", TAKES_CLUSTER | TAKES_STATE | TAKES_ROLES | TAKES_POLICIES | TAKES_TEST,
     "mpijobd.yaml (default: /etc/mpijobd/mpijobd.yaml if it is there)"},
    {"kubeconfig", ID_KUBECONFIG, "FILE", TAKES_CLUSTER,
     "default: $KUBECONFIG, ~/.kube/config, then the pod's service account"},
    {"cluster", ID_CLUSTER, "NAME", TAKES_CLUSTER | TAKES_FILTER | TAKES_ROLES | TAKES_PROMPT,
     "one of the configuration's `clusters`"},
    {"context", ID_CONTEXT, "NAME", TAKES_CLUSTER, "of the kubeconfig"},
    {"api-version", ID_API_VERSION, "VERSION", TAKES_CLUSTER, "v1alpha2, v1 or v2beta1 (default: found out)"},
    {"controller", ID_CONTROLLER, "NAME", TAKES_CLUSTER, "mpi-operator, training-operator or cci (default: found out)"},
    {"as", ID_AS, "USER", TAKES_CLUSTER, "act as this user (impersonation)"},
    {"as-group", ID_AS_GROUP, "GROUP", TAKES_CLUSTER, "and as one of this group; may be repeated"},
    {"as-uid", ID_AS_UID, "UID", TAKES_CLUSTER, "and with this uid"},
    {"request-timeout", ID_TIMEOUT, "DURATION", TAKES_CLUSTER, "of one call with its retries (default 30s)"},
    {"namespace", 'n', "NAME", TAKES_NAMESPACE, "one namespace"},
    {"all-namespaces", 'A', NULL, TAKES_ALL, "all namespaces"},
    {"selector", 'l', "SELECTOR", TAKES_SELECTOR, "labels, as \"team in (vision, speech), !keep\""},
    {"output", 'o', "FORMAT", TAKES_OUTPUT, "table (default) or json; some commands take yaml, name or csv too"},
    {"sort-by", ID_SORT_BY, "COLUMN|PATH", TAKES_GET, "a column, as age, or a path, as .metadata.creationTimestamp"},
    {"watch", 'w', NULL, TAKES_GET, "and a row for each job that comes or changes, until Ctrl-C"},
    {"output", 'o', "FORMAT", TAKES_TEST, "tap or junit (default: dots, and what has failed)"},
    {"run", ID_ONLY, "REGEX", TAKES_TEST, "only tests whose full name matches (an extended regular expression)"},
    {"tags", ID_TAGS, "NAMES", TAKES_TEST, "only tests with one of these tags: \"#slow\" in a name, here slow,..."},
    {"exclude-tags", ID_EXCLUDE_TAGS, "NAMES", TAKES_TEST, "no tests with one of these"},
    {"coverage", ID_COVERAGE, NULL, TAKES_TEST, "which lines of the policies the tests have come to"},
    {"threshold", ID_THRESHOLD, "PERCENT", TAKES_TEST, "and fail below so many of them"},
    {"watch", ID_WATCH, NULL, TAKES_TEST | TAKES_CHECK, "again when a file in their folders changes, until Ctrl-C"},
    {"debug", ID_DEBUG, "[=[HOST:]PORT]", TAKES_TEST,
     "for an editor's debugger (DAP) on standard input and output, or at this address (default host: 127.0.0.1)"},
    {"from-run", ID_FROM_RUN, "N", TAKES_TEST,
     "do run N of the journal again, as it was recorded, and compare what it writes; with PATH: by these policies"},
    {"list", ID_LIST, NULL, TAKES_TEST, "name the tests, and run none"},
    {"from", ID_FROM, "NAME", TAKES_NEW, "a policy of the cookbook, with its spec, in place of an empty one"},
    {"list", ID_LIST, NULL, TAKES_NEW, "the policies of the cookbook, and what each is for"},
    {"role", ID_ROLE, "FILE", TAKES_CHECK, "a Role or ClusterRole in YAML: what do the policies need that it lacks?"},
    {"install", ID_INSTALL, NULL, TAKES_TYPES, "write them for the editor, in this folder or the one that is named"},
    {"strict", ID_STRICT, NULL, TAKES_CHECK, "warnings count as errors: the exit code is 1"},
    {"state", ID_STATE, "FILE", TAKES_STATE | TAKES_HAND | TAKES_TEST,
     "the journal's file (default: /var/lib/mpijobd/state.db, or ~/.local/state/mpijobd/state.db if not root)"},
    {"once", ID_ONCE, NULL, TAKES_RUN, "run every policy once, now, and exit"},
    {"record", ID_RECORD, NULL, TAKES_RUN,
     "keep what each run sees, for mpijobd test --from-run (default: as journal.record says)"},
    {"clock", ID_CLOCK, "TIME", TAKES_RUN,
     "for tests: time stands still (\"manual\": now), and moves when standard input says \"advance 2h\""},
    {"grace", ID_GRACE, "DURATION", TAKES_RUN, "after SIGTERM, for what is in flight (default 30s)"},
    {"listen", ID_LISTEN, "ADDRESS", TAKES_RUN,
     "for metrics and health (default 127.0.0.1:9633); \"none\": do not listen"},
    {"control", ID_CONTROL, "PATH", TAKES_RUN | TAKES_STATE | TAKES_HAND,
     "the socket of the running daemon (default: STATE.control); \"none\": it has none"},
    {"no-journal", ID_NO_JOURNAL, NULL, TAKES_HAND, "change it without a row in the journal"},
    {"no-supervisor", ID_NO_SUPERVISOR, NULL, TAKES_RUN,
     "without a parent process that starts the daemon again: for systemd and Kubernetes, which do that"},
    {"no-watch", ID_NO_WATCH, NULL, TAKES_RUN, "do not load the policies again when their files change"},
    {"dry-run", ID_DRY_RUN, NULL, TAKES_DRY_RUN, "say what would be done, and do not do it"},
    {"log-level", ID_LOG_LEVEL, "LEVEL", TAKES_LOG, "debug, info, warn or error; of one part: http=debug,info"},
    {"log-format", ID_LOG_FORMAT, "FORMAT", TAKES_LOG, "text or json"},
    {"log-time", ID_LOG_TIME, "HOW", TAKES_LOG, "of text: utc (default), local, or relative: seconds since the start"},
    {"log-fold", ID_LOG_FOLD, "DURATION", TAKES_RUN | TAKES_FOLD,
     "lines that repeat are counted, and told of once in so long (default 60s); false: written each time"},
    {"exit-code", ID_EXIT_CODE, NULL, TAKES_EXIT_CODE, "exit with 10 where there are changes"},
    {"count", 'c', "N", TAKES_COUNT, "how many of the coming times"},
    {"filename", 'f', "FILE", TAKES_REPLACE, "replace by this whole object (JSON or YAML; - is standard input)"},
    {"all", ID_ALL, NULL, TAKES_REPLACE, "every job of the namespace (with -A: of all namespaces) is meant"},
    {"all", ID_ALL, NULL, TAKES_WAITING, "with --policy: all of it that wait now are approved, one after the other"},
    {"job", ID_JOB, "[NAMESPACE/]NAME", TAKES_UNDO, "only what the run changed of this job"},
    {"job", ID_JOB, "[NAMESPACE/]NAME", TAKES_APPLY, "only what the plan changes of this job"},
    {"partial", ID_PARTIAL, NULL, TAKES_APPLY, "make the changes that still fit, and leave the others"},
    {"reason", ID_REASON, "TEXT", TAKES_REJECT, "why, for the log and the journal"},
    {"out", ID_OUT, "FILE", TAKES_OUT, "keep the plan there, for mpijobd apply"},
    {"out", ID_OUT, "FILE", TAKES_WHOLE, "where the backup is to be; - is standard output"},
    {"overwrite", ID_OVERWRITE, NULL, TAKES_WHOLE, "have the backup replace a file that is there"},
    {"destructive", ID_DESTRUCTIVE, NULL, TAKES_REPLACE | TAKES_UNDO,
     "allow a change that ends or deletes the job at once"},
    {"through-launcher", ID_THROUGH_LAUNCHER, NULL, TAKES_REPLACE, "as --through-child, of MPIJobs alone"},
    {"through-child", ID_THROUGH_CHILD, NULL, TAKES_REPLACE,
     "change a child that acts instead: an MPIJob's launcher too, one Job of a TrainJob or JobSet"},
    {"wait-effect", ID_WAIT_EFFECT, "DURATION", TAKES_REPLACE,
     "wait until the effect is there, at most so long (30s), and say so"},
    {"wait", ID_WAIT, "DURATION", TAKES_HALT, "for the pods of a job that is stopped (default 2m; 0s: do not wait)"},
    {"resource-version", ID_RESOURCE_VERSION, "VERSION", TAKES_REPLACE, "only if the job is still at this version"},
    {"policy", ID_POLICY, "NAME", TAKES_FILTER | TAKES_WAITING, "only of this policy"},
    {"limit", ID_LIMIT, "N", TAKES_FILTER, "at most so many rows (default 100; 0: all)"},
    {"since", ID_SINCE, "TIME", TAKES_ROWS | TAKES_SAVED,
     "only from then on: 2h or 7d ago, 2026-11-23, 2026-11-23T20:15:00Z (UTC)"},
    {"job", ID_JOB, "[NAMESPACE/]NAME", TAKES_ROWS, "only of this job"},
    {"saved", ID_SAVED, NULL, TAKES_SAVED, "the GPU-hours that were given back, by the journal (--since: default 7d)"},
    {"notify", ID_NOTIFY, "SINK", TAKES_SAVED,
     "send that by this sink of the configuration's notify, and print nothing"},
    {"verify", ID_VERIFY, NULL, TAKES_VERIFY, "is the journal as it was written? Sums up its chain"},
    {"head", ID_HEAD, "HEAD", TAKES_VERIFY | TAKES_WHOLE, "and is this head, which the log has, in it?"},
    {"in-flight", ID_IN_FLIGHT, NULL, TAKES_FILTER, "only what has no outcome yet"},
    {"service-account", ID_SERVICE_ACCOUNT, "NAMESPACE:NAME", TAKES_ROLES,
     "the account that gets the roles (default mpijobd:mpijobd)"},
    {"effects", ID_EFFECTS, NULL, TAKES_ROLES, "and what lets it see, and note in the journal, which effects came"},
    {"fix", ID_FIX, NULL, TAKES_FIX, "show a plan and make the changes that are safe to make"},
    {"kind", ID_KIND, "KIND", TAKES_KIND, "MPIJob (default), TFJob, PyTorchJob, MXJob, TrainJob, JobSet or Job"},
    {"kind", ID_KINDS, "KIND,...", TAKES_KINDS, "one or more of these kinds, or all (default: all)"},
    {"by", ID_BY, "WHAT", TAKES_BY, "namespace (default), kind, owner (the object that made the job) or label:KEY"},
    {"override", ID_OVERRIDE, NULL, TAKES_OVERRIDE | TAKES_HAND | TAKES_PROMPT,
     "in spite of windows, freezes and the ceiling of an hour; the journal says so"},
    {"ready", ID_READY, NULL, TAKES_READY, "only whether it is ready, as /readyz; the exit code is 1 where it is not"},
    {"write", ID_WRITE, NULL, TAKES_PROMPT, "let it write, too; that is a run in the journal"},
    {"utc", ID_UTC, NULL, TAKES_TIMES, "times in UTC on a terminal, too, where they are in the local zone"},
    {"help", 'h', NULL, ~UINT64_C(0), "print this"},
};
#define KNOWN (sizeof known / sizeof *known)

/* A command that takes no other option takes --help all the same. */
static bool belongs(const struct known *k, option_groups takes)
{
    return k->id == 'h' || (k->group & takes);
}

/* Its value may be left out: "[=VALUE]". */
static bool may_lack(const struct known *k)
{
    return k->value && strncmp(k->value, "[=", 2) == 0;
}

/* "-n, --namespace NAME"; returns its length. */
static int left_column(const struct known *k, char out[64])
{
    return snprintf(out, 64, "%s%c%s--%s%s%s", k->id < 256 ? "-" : "  ", k->id < 256 ? k->id : ' ',
                    k->id < 256 ? ", " : " ", k->name, k->value && !may_lack(k) ? " " : "", k->value ? k->value : "");
}

void options_help(option_groups takes)
{
    char left[64];
    int width = 0;
    for (size_t i = 0; i < KNOWN; i++) {
        int len = belongs(&known[i], takes) ? left_column(&known[i], left) : 0;
        width = len > width ? len : width;
    }
    puts("Options:");
    for (size_t i = 0; i < KNOWN; i++) {
        if (!belongs(&known[i], takes))
            continue;
        left_column(&known[i], left);
        printf("  %-*s  %s\n", width, left, known[i].about);
    }
}

bool options_at(option_groups takes, size_t i, struct option_about *out)
{
    for (size_t n = 0; n < KNOWN; n++) {
        const struct known *k = &known[n];
        if (!belongs(k, takes) || i-- != 0)
            continue;
        *out = (struct option_about){k->name, k->id < 256 ? k->id : 0, k->value, k->about};
        return true;
    }
    return false;
}

static int number(const char *name, const char *text, int64_t *out, struct error *err)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    if (!*text || *end || n < 0 || n > 1000000)
        return error_set(err, ERR_INVALID, "--%s takes a number from 0 to 1000000, not \"%s\"", name, text);
    *out = n;
    return 0;
}

static const struct {
    const char *name; /* with a sign: a format follows it */
    enum output output;
} outputs[] = {{"table", OUTPUT_TABLE},
               {"json", OUTPUT_JSON},
               {"yaml", OUTPUT_YAML},
               {"name", OUTPUT_NAME},
               {"tap", OUTPUT_TAP},
               {"junit", OUTPUT_JUNIT},
               {"sarif", OUTPUT_SARIF},
               {"csv", OUTPUT_CSV},
               {"wide", OUTPUT_WIDE},
               {"jsonpath=", OUTPUT_JSONPATH},
               {"custom-columns=", OUTPUT_COLUMNS},
               {"markdown", OUTPUT_MARKDOWN}};
#define OUTPUTS (sizeof outputs / sizeof *outputs)

static bool output_fits(enum output output, option_groups takes)
{
    switch (output) {
    case OUTPUT_SARIF:
        return takes & TAKES_CHECK;
    case OUTPUT_CSV:
        return takes & (TAKES_ROWS | TAKES_SAVED);
    case OUTPUT_MARKDOWN:
        return takes & TAKES_SAVED;
    case OUTPUT_WIDE:
    case OUTPUT_JSONPATH:
    case OUTPUT_COLUMNS:
        return takes & TAKES_GET;
    default:
        return (output >= OUTPUT_TAP) == ((takes & TAKES_TEST) != 0);
    }
}

const char *options_output(option_groups takes, size_t i)
{
    for (size_t n = 0; n < OUTPUTS; n++) {
        if (output_fits(outputs[n].output, takes) && i-- == 0)
            return outputs[n].name;
    }
    return NULL;
}

static int output(const char *text, option_groups takes, struct options *o, struct error *err)
{
    bool tests = takes & TAKES_TEST, check = takes & TAKES_CHECK, rows = takes & TAKES_ROWS, get = takes & TAKES_GET,
         saved = takes & TAKES_SAVED;
    for (size_t i = 0; i < OUTPUTS; i++) {
        const char *name = outputs[i].name;
        size_t n = strlen(name);
        bool format = name[n - 1] == '=';
        if (!output_fits(outputs[i].output, takes) ||
            (format ? strncmp(text, name, n) != 0 || !text[n] : strcmp(text, name) != 0))
            continue;
        o->output = outputs[i].output;
        o->format = format ? text + n : NULL;
        return 0;
    }
    return error_set(err, ERR_INVALID, "-o takes %s, not \"%s\"",
                     tests   ? "tap or junit"
                     : check ? "table, json, name or sarif"
                     : rows  ? "table, json or csv"
                     : saved ? "table, json or yaml, with --saved also csv and markdown, and not yaml"
                     : get   ? "table, wide, json, yaml, name, jsonpath='{.metadata.name}' or "
                               "custom-columns=NAME:.metadata.name,PHASE:.status.phase"
                             : "table, json, yaml or name",
                     text);
}

static int add(const char **list, size_t most, const char *option, const char *value, struct error *err)
{
    size_t n = 0;
    while (list[n])
        n++;
    if (n == most)
        return error_set(err, ERR_INVALID, "--%s is given more than %zu times", option, most);
    list[n] = value;
    return 0;
}

static int take(struct options *o, option_groups takes, int id, const char *value, struct error *err)
{
    bool *flag = option_flag(o, id);
    const char **text = option_text(o, id);
    if (flag)
        *flag = true;
    else if (text)
        *text = value ? value : "";
    switch (id) {
    case ID_AS_GROUP:
        return add(o->as_groups, OPTIONS_GROUPS_MAX, "as-group", value, err);
    case ID_STATE:
        return add(o->states, OPTIONS_STATES_MAX, "state", value, err);
    case 'o':
        return output(value, takes, o, err);
    case 'c':
        return number("count", value, &o->count, err);
    case ID_LIMIT:
        return number("limit", value, &o->limit, err);
    case ID_THRESHOLD:
        return number("threshold", value, &o->threshold, err);
    default:
        break;
    }
    return 0;
}

static int unknown(const char *given, option_groups takes, struct error *err)
{
    const char *names[KNOWN + 1];
    size_t n = 0;
    for (size_t i = 0; i < KNOWN; i++) {
        if (belongs(&known[i], takes))
            names[n++] = known[i].name;
    }
    names[n] = NULL;
    char bare[64];
    snprintf(bare, sizeof bare, "%s", given + strspn(given, "-"));
    bare[strcspn(bare, "=")] = '\0';
    const char *near = str_nearest(bare, names);
    return error_set(err, ERR_INVALID, "unknown option \"%s\"%s%s%s", given, near ? "; did you mean --" : "",
                     near ? near : "", near ? "?" : "");
}

/* What getopt_long wants, for the options that a command takes. */
struct spelling {
    struct option longs[KNOWN + 1];
    char shorts[64];
};

static void spell(option_groups takes, const char *first, struct spelling *out)
{
    size_t n = 0;
    *out = (struct spelling){0};
    snprintf(out->shorts, sizeof out->shorts, "%s", first);
    for (size_t i = 0; i < KNOWN; i++) {
        if (!belongs(&known[i], takes))
            continue;
        out->longs[n++] = (struct option){known[i].name, 0, NULL, known[i].id};
        if (known[i].value)
            out->longs[n - 1].has_arg = may_lack(&known[i]) ? optional_argument : required_argument;
        if (known[i].id < 256) {
            size_t s = strlen(out->shorts);
            snprintf(out->shorts + s, sizeof out->shorts - s, "%c%s", known[i].id, known[i].value ? ":" : "");
        }
    }
    opterr = 0;
    optind = 0; /* glibc then begins again, and at the first letter of `shorts` */
}

int options_first_word(int argc, char **argv)
{
    struct spelling spelling;
    int id;
    spell(~UINT64_C(0), "+:", &spelling);
    while ((id = getopt_long(argc, argv, spelling.shorts, spelling.longs, NULL)) != -1) {
        if (id == '?' || id == ':')
            return argc;
    }
    return optind;
}

int options_parse(int argc, char **argv, option_groups takes, struct options *options, struct error *err)
{
    struct spelling spelling;
    *options = (struct options){.count = -1, .limit = -1, .threshold = -1};
    spell(takes, ":", &spelling);
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) { /* else it would be short for --output */
        if (!(takes & (TAKES_OUT | TAKES_WHOLE)) &&
            (strcmp(argv[i], "--out") == 0 || strncmp(argv[i], "--out=", 6) == 0))
            return unknown(argv[i], takes, err);
    }
    int id;
    while ((id = getopt_long(argc, argv, spelling.shorts, spelling.longs, NULL)) != -1) {
        if (id == '?')
            return unknown(argv[optind - 1], takes, err);
        if (id == ':')
            return error_set(err, ERR_INVALID, "option \"%s\" needs a value", argv[optind - 1]);
        int rc = take(options, takes, id, optarg, err);
        if (rc)
            return rc;
    }
    options->arguments = argv + optind;
    options->argument_count = argc - optind;
    return 0;
}
