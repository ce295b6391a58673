/* SPDX-License-Identifier: Apache-2.0 */
/* MPIJobs as users have them, decided by the seed: most of them fine, five in a hundred odd. What they are, and how
 * they are stored. */
#include "sim/life/generate.h"

#include "base/clock.h"
#include "sim/life/generate_text.h"
#include "sim/server/namespace.h"
#include "sim/server/object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const teams[][2] = {
    {"vision", "team-vision"}, {"vision", "team-vision"},   {"nlp", "team-nlp"},         {"nlp", "team-nlp"},
    {"speech", "team-speech"}, {"ranking", "prod-ranking"}, {"ranking", "prod-ranking"}, {"research", "research"},
    {"research", "research"},  {"infra", "batch"},          {"students", "sandbox"},     {"vision", "default"}};
static const char *const models[] = {"resnet50", "bert-large", "gpt2-medium", "vit-b16",     "wav2vec2",
                                     "dlrm",     "unet3d",     "llama-7b",    "mnist",       "conformer",
                                     "deepfm",   "yolov8",     "t5-base",     "efficientnet"};
static const char *const frameworks[] = {"horovod", "deepspeed", "tensorflow", "pytorch", "mxnet"};
static const char *const owners[] = {"alice",  "bob",  "carol", "dmitri", "eve",  "fatima",
                                     "george", "hana", "ivan",  "julia",  "kenji"};

static enum state choose_state(struct job *j)
{
    uint64_t dice = below(j->sim, 100);
    if (j->odd == ODD_EVICTED)
        return EVICTED;
    if (j->odd == ODD_STUCK)
        return STUCK;
    if (j->odd == ODD_STILL_RUNNING)
        return SUCCEEDED;
    return dice < 4              ? CREATED
           : dice < 36           ? RUNNING
           : dice < 84           ? SUCCEEDED
           : dice < 97           ? FAILED
           : j->style == V2BETA1 ? SUSPENDED
                                 : RUNNING;
}

static int choose_style(struct job *j)
{
    struct sim *sim = j->sim;
    int n = sim->served[V1ALPHA2] + sim->served[V1] + sim->served[V2BETA1];
    if (n == 1 || sim->stored_as != V1ALPHA2)
        return sim->stored_as;
    uint64_t dice = below(sim, 10);
    return dice < 5 ? V1ALPHA2 : dice < 7 ? V1 : V2BETA1;
}

/* Most jobs are young: from a minute on, the age doubles until chance ends it, at two months the latest. */
static int64_t choose_age(struct job *j)
{
    int64_t age = 60;
    while (age < 2600000 && !chance(j->sim, 6))
        age *= 2;
    return age + (int64_t)below(j->sim, (uint64_t)age);
}

static void choose_times(struct job *j)
{
    struct sim *sim = j->sim;
    j->age_s = choose_age(j);
    if (j->state == STUCK)
        j->age_s += 86400 * 2;
    j->run_s = 30 + (int64_t)below(sim, 40000);
    if (j->state != RUNNING && j->run_s > j->age_s - 20)
        j->run_s = j->age_s > 60 ? j->age_s - 20 - (int64_t)below(sim, (uint64_t)(j->age_s / 2)) : 20;
    int64_t created = sim->now_us - j->age_s * 1000000;
    clock_format(created, false, j->created);
    clock_format(created + 12000000, false, j->started);
    clock_format(created + (12 + j->run_s) * 1000000, false, j->ended);
}

/* What the jobs of a team have in common. */
static void choose_alike(struct job *j)
{
    j->team = teams[0][0];
    j->ns = teams[0][1];
    j->model = models[0];
    j->framework = frameworks[0];
    j->style = j->sim->stored_as;
    j->workers = 4;
    j->gpus = 8;
}

static void choose(struct job *j)
{
    struct sim *sim = j->sim;
    const char *const *team = teams[below(sim, sizeof teams / sizeof teams[0])];
    char suffix[6];
    static const int gpus[] = {0, 1, 1, 2, 4, 8, 8, 8};
    j->team = team[0];
    j->ns = team[1];
    j->model = PICK(sim, models);
    j->framework = PICK(sim, frameworks);
    j->style = choose_style(j);
    j->odd = !sim->opt.alike && chance(sim, 5) ? (enum oddity)(1 + below(sim, ODDITIES - 1)) : PLAIN;
    if (j->odd == ODD_HUGE && !chance(sim, 25)) /* one is as long as thirty others */
        j->odd = ODD_EVICTED;
    j->state = choose_state(j);
    j->workers = (int)(1 + below(sim, chance(sim, 80) ? 4 : 32));
    j->gpus = PICK(sim, gpus);
    if (sim->opt.alike)
        choose_alike(j);
    snprintf(j->owner, sizeof j->owner, "%s", PICK(sim, owners));
    sim_suffix(sim, suffix);
    snprintf(j->name, sizeof j->name, "%s-%s-%s%05zu", j->model, j->framework, suffix, j->index);
    choose_times(j);
}

static void store_job(struct job *j)
{
    struct sim *sim = j->sim;
    struct buf text = BUF_INIT;
    struct marks marks;
    char version[24];
    json_object *doc = doc_parse(j->b.ptr, j->b.len);
    json_object *meta = json_object_get(doc_get(doc, "metadata"));
    json_object_object_del(doc, "metadata");
    schema_prune(sim->schema[sim->stored_as], doc, NULL);
    schema_default(sim->schema[sim->stored_as], doc);
    snprintf(version, sizeof version, "%llu", (unsigned long long)store_next(&sim->store));
    doc_set_str(meta, "resourceVersion", version);
    doc_set(doc, "metadata", meta);
    object_write_doc(doc, &text, &marks);
    store_commit(&sim->store, K_MPIJOB, j->ns, j->name, EVENT_ADDED, &text, &marks);
    json_object_put(doc);
    buf_free(&text);
}

void generate_jobs(struct sim *sim)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < sizeof teams / sizeof teams[0]; i++)
        namespace_make(sim, teams[i][1]);
    store_bulk(&sim->store, true);
    for (size_t i = 0; i < sim->opt.jobs; i++) {
        struct job j = {.sim = sim, .index = i, .b = b};
        choose(&j);
        generate_text(&j);
        store_job(&j);
        b = j.b;
    }
    store_bulk(&sim->store, false);
    sim->generated = sim->opt.jobs;
    buf_free(&b);
}

void generate_submission(struct sim *sim)
{
    struct job j = {.sim = sim, .index = sim->generated++};
    choose(&j);
    j.state = CREATED;
    j.odd = j.odd == ODD_HUGE ? PLAIN : j.odd;
    clock_format(sim->now_us, false, j.created);
    generate_text(&j);
    store_job(&j);
    buf_free(&j.b);
}
