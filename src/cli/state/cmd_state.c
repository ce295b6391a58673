/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd state: its verbs, and which options go with which. */
#include "cli/state/cmd_state.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/state/state_parts.h"
#include "lead/lead.h"
#include "shared/object.h"
#include "shared/shared_form.h"

enum verb { CHECK, BACKUP, EXPORT, NO_VERB };

static enum verb verb_of(const struct options *o)
{
    static const char *const names[] = {"check", "backup", "export"};
    for (int i = 0; i < NO_VERB && o->argument_count == 1; i++) {
        if (strcmp(o->arguments[0], names[i]) == 0)
            return (enum verb)i;
    }
    return NO_VERB;
}

/* NULL: the options go with the verb. */
static const char *mistake(const struct options *o, enum verb verb)
{
    if (verb == NO_VERB)
        return "takes one of check, backup and export";
    if (o->states[0] && o->states[1])
        return "looks at one file: name one --state";
    if (verb == BACKUP && !(o->out && *o->out))
        return "backup takes --out FILE, where the copy is to be (- is standard output)";
    if (verb == BACKUP && strcmp(o->out, "-") == 0 && isatty(STDOUT_FILENO))
        return "the copy is no text, and standard output is a terminal: send it into a file, or name one with --out";
    if (verb == BACKUP && strcmp(o->out, "-") == 0 && o->output == OUTPUT_JSON)
        return "--out - takes standard output, so -o json has no place";
    if (verb != BACKUP && o->out)
        return verb == EXPORT ? "export writes to standard output, and takes no --out" : "check takes no --out";
    if (verb != BACKUP && o->overwrite)
        return "--overwrite goes with backup";
    if (verb != CHECK && o->head)
        return "--head goes with check";
    if (verb == EXPORT && o->output == OUTPUT_TABLE)
        return NULL;
    if (o->output != OUTPUT_TABLE && o->output != OUTPUT_JSON)
        return "-o takes table or json here";
    return NULL;
}

static int run(int argc, char **argv, const struct command *command)
{
    static int (*const verbs[])(struct session *, const char *) = {state_check, state_backup, state_export};
    struct session s;
    struct options o;
    char path[4096];
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    enum verb verb = verb_of(&o);
    const char *wrong = mistake(&o, verb);
    if (wrong)
        return command_usage(command, "%s", wrong);
    code = session_open(&s, command->name, &o);
    if (code)
        return code;
    session_state_path(&s, path);
    if (strcmp(path, ":memory:") == 0) {
        error_set(&s.error, ERR_INVALID,
                  "the state is kept in memory (:memory:), and in no file: name one with --state");
        return session_close(&s, session_fail(&s, &s.error));
    }
    return session_close(&s, verbs[verb](&s, path));
}

bool state_shared(const struct session *s, char command[STATE_SHARED_SIZE])
{
    const struct config_lead *lead = &s->config.lead;
    if (!lead->on || lead->own_state)
        return false;
    const char *name = lead->lease ? lead->lease : LEAD_NAME;
    bool all = lead->shards; /* each shard has a state of its own, and they belong together */
    snprintf(command, STATE_SHARED_SIZE, "kubectl get configmaps -n %s -l " OBJECT_LABEL "%s%s%s -o yaml",
             lead->name_space ? lead->name_space : "NAMESPACE", all ? "" : "=", all ? "" : name,
             all ? "" : SHARED_ENDING);
    return true;
}

void state_put_number(struct json_writer *w, const char *key, int64_t number)
{
    json_write_key(w, key);
    json_write_int(w, number);
}

void state_put_text(struct json_writer *w, const char *key, const char *text)
{
    json_write_key(w, key);
    json_write_string(w, text);
}

void state_put_time(struct json_writer *w, const char *key, int64_t us)
{
    char text[32];
    clock_format(us, true, text);
    state_put_text(w, key, us ? text : NULL);
}

int state_put_end(struct session *s, struct json_writer *w, struct buf *out)
{
    json_write_end(w);
    int rc = buf_result(out, "the answer", &s->error);
    if (!rc)
        puts(out->ptr);
    buf_free(out);
    return rc ? session_fail(s, &s->error) : EXIT_DONE;
}

const struct command cmd_state = {
    "state",
    "check [--head HEAD] | backup --out FILE [--overwrite] | export",
    "The state's file: is it whole, and what is in it; a copy of it beside a running daemon; all of it as JSON lines",
    TAKES_STATE | TAKES_OUTPUT | TAKES_WHOLE,
    run,
    "  mpijobd state check                                exits with 1 where something is wrong, and says what helps\n"
    "  mpijobd state backup --out /backup/mpijobd.db      a whole file, for its owner alone; what is there already "
    "stays\n"
    "  mpijobd state export | zstd >state.jsonl.zst       each row a line\n"};
