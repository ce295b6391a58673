/* SPDX-License-Identifier: Apache-2.0 */
/* What a run is made of, what it changes and how it ends, for its recording. The jobs that it is given are recorded
 * where they are given: sweep.c and lua_run.c. */
#include "run/run_record.h"

#include "mpijob/kind.h"
#include "policy/load.h"
#include "record/record.h"

/* Of several kinds, the one whose version the server decides. */
static struct mpijob_target target_of(const struct run *run)
{
    const struct policy_kinds *kinds = &run->policy->kinds;
    size_t i = 0;
    while (i + 1 < kinds->count && mpijob_kind_described(kinds->of[i].kind))
        i++;
    return cluster_target(run->site->cluster, kinds->of[i].kind);
}

static bool any_secret(const struct run *run)
{
    const struct policy_kinds *kinds = &run->policy->kinds;
    bool any = false;
    for (size_t i = 0; i < kinds->count; i++)
        any = any || kube_is_secret(cluster_resource(run->site->cluster, kinds->of[i].kind));
    return any;
}

/* The run's recording begins with what it is made of. */
void run_record_begin(struct run *run)
{
    const struct site *site = run->site;
    const struct policy_file *file = run->file;
    if (!site->recorder || !run->id || run->host || run_is_early(run))
        return;
    struct mpijob_target target = target_of(run);
    struct record_run about = {
        .id = run->id,
        .policy = run->policy->name,
        .cluster = cluster_name(site->cluster),
        .trigger = run->trigger,
        .asked_by = *run->asked_by ? run->asked_by : NULL,
        .scheduled_at = run->scheduled_at,
        .started_at = run->started_at,
        .dry_run = run->dry_run,
        .kind = mpijob_kind_info(target.kind)->name,
        .version = mpijob_target_version(target),
        .controller = mpijob_controller_name(target.controller),
        .name_space = cluster_namespace(site->cluster),
        .gpus = target.gpus,
        .secrets = any_secret(run),
    };
    run->recording = recording_begin(site->recorder, &about);
    recording_file(run->recording, file->path, buf_str(&file->text), true);
    for (size_t i = 0; i < file->source_count; i++)
        recording_file(run->recording, file->sources[i].path, buf_str(&file->sources[i].text), false);
    for (size_t i = 0; i < file->required_count; i++)
        recording_plugin(run->recording, file->required[i]->name, file->required[i]->sha256);
}

void run_record_change(const struct run *run, enum change_verb verb, const char *key, bool again,
                       const struct change_result *result, const struct error *err)
{
    static const char *const verbs[] = {"fields", "patch", "replace", "create", "delete"};
    struct record_change change = {
        .key = key,
        .verb = verbs[verb],
        .now = clock_now(run->site->clock),
        .dry_run = result->dry_run,
        .again = again,
        .secret = result->secret,
        .status = err ? err->status : 0,
        .reason = err ? err->reason : NULL,
        .error = err ? err->message : NULL,
        .sent = result->sent,
        .got = result->object,
        .read = result->read,
    };
    recording_change(run->recording, &change);
}

void run_record_end(struct run *run)
{
    recording_end(run->recording, run_outcome_name(run), run->error ? run->error->message : NULL, run->changed,
                  run->unchanged, run->failed);
    run->recording = NULL;
}
