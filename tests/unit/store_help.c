/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a folder of its own, and what is waited for in it. */
#include "store_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int place_setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    strcpy(p->folder, "/tmp/mpijobd-store-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    strcpy(p->path, place_file(p, "state.db"));
    assert_int_equal(uv_loop_init(&p->loop), 0);
    *state = p;
    return 0;
}

int place_teardown(void **state)
{
    struct place *p = *state;
    char command[128];
    int rc = uv_loop_close(&p->loop);
    snprintf(command, sizeof command, "rm -rf '%s'", p->folder);
    if (system(command) != 0)
        rc = -1;
    free(p);
    return rc;
}

const char *place_file(struct place *p, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    return path;
}

struct store *open_store(struct place *p)
{
    struct store *store;
    struct error err;
    if (store_open(&p->loop, p->path, NULL, &store, &err))
        fail_msg("%s", err.message);
    return store;
}

static void count_closed(void *data)
{
    ++*(int *)data;
}

void close_store(struct place *p, struct store *store)
{
    int closed = 0;
    store_close(store, count_closed, &closed);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    assert_int_equal(closed, 1);
}

void on_answer(void *data, int64_t id, const struct error *err)
{
    struct answer *answer = data;
    answer->calls++;
    answer->id = id;
    if (err)
        answer->err = *err;
    else
        error_clear(&answer->err);
}

void await_answer(struct place *p, struct answer *answer)
{
    while (answer->calls == 0)
        uv_run(&p->loop, UV_RUN_ONCE);
    assert_int_equal(answer->calls, 1);
}

struct store_intent an_intent(int64_t run, const char *name)
{
    return (struct store_intent){.run = run,
                                 .policy = "keep-pods",
                                 .server = "https://127.0.0.1:6443",
                                 .version = "kubeflow.org/v2beta1",
                                 .name_space = "train",
                                 .name = name,
                                 .uid = "5a2ce64c-865e",
                                 .resource_version = "4711",
                                 .verb = "replace",
                                 .diff = "[{\"path\":\"/spec/cleanPodPolicy\"}]",
                                 .effect = "effective",
                                 .why = "the controller reads it",
                                 .intended_at = 1000};
}

struct store_run a_run(const char *policy, const char *trigger, int64_t scheduled_at)
{
    return (struct store_run){
        .policy = policy, .trigger = trigger, .scheduled_at = scheduled_at, .started_at = scheduled_at + 5};
}

static int64_t succeeded(struct place *p, struct answer *answer)
{
    await_answer(p, answer);
    if (answer->err.code)
        fail_msg("%s", answer->err.message);
    return answer->id;
}

int64_t add_run(struct place *p, struct store *store, const struct store_run *run)
{
    struct answer answer = {0};
    state_run_begin(store_state(store), run, on_answer, &answer);
    return succeeded(p, &answer);
}

int64_t add_change(struct place *p, struct store *store, const struct store_intent *intent)
{
    struct answer answer = {0};
    state_intent(store_state(store), intent, NULL, on_answer, &answer);
    return succeeded(p, &answer);
}

void end_change(struct place *p, struct store *store, int64_t id, const char *outcome, int64_t at)
{
    struct answer answer = {0};
    state_outcome(store_state(store),
                  &(struct store_outcome){.id = id, .outcome = outcome, .status = 200, .ended_at = at}, NULL, on_answer,
                  &answer);
    assert_int_equal(succeeded(p, &answer), id);
}

void end_run(struct place *p, struct store *store, int64_t id, const char *outcome, int64_t at)
{
    struct answer answer = {0};
    journal_run_end(store_journal(store), &(struct store_run){.id = id, .outcome = outcome, .ended_at = at}, on_answer,
                    &answer);
    assert_int_equal(succeeded(p, &answer), id);
}

static bool count_change(void *data, const struct store_change *change)
{
    (void)change;
    ++*(int64_t *)data;
    return true;
}

static bool count_run(void *data, const struct store_run *run)
{
    (void)run;
    ++*(int64_t *)data;
    return true;
}

int64_t count_changes(struct store *store, const struct store_filter *filter)
{
    int64_t n = 0;
    struct error err;
    if (journal_read_changes(store_journal(store), filter, count_change, &n, &err))
        fail_msg("%s", err.message);
    return n;
}

int64_t count_runs(struct store *store, const struct store_filter *filter, bool unfinished_only)
{
    int64_t n = 0;
    struct error err;
    if (journal_read_runs(store_journal(store), filter, unfinished_only, count_run, &n, &err))
        fail_msg("%s", err.message);
    return n;
}
