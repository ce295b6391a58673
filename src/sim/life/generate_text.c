/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of one generated MPIJob: 3 KB on average. */
#include "sim/life/generate_text.h"

#include <string.h>

static void write_managed_fields(struct job *j)
{
    buf_printf(&j->b,
               ",\"managedFields\":[{\"apiVersion\":\"kubeflow.org/"
               "%s\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{"
               "\"f:annotations\":{\".\":{},\"f:experiment\":{}},\"f:labels\":{\".\":{},\"f:app\":{},\"f:owner\":{},"
               "\"f:team\":{}}},"
               "\"f:spec\":{\".\":{},\"f:mpiReplicaSpecs\":{\".\":{},\"f:Launcher\":{},\"f:Worker\":{}},\"f:"
               "slotsPerWorker\":{}}},"
               "\"manager\":\"kubectl-client-side-apply\",\"operation\":\"Update\",\"time\":\"%s\"}]",
               version_name[j->style], j->created);
}

static void write_metadata(struct job *j)
{
    struct sim *sim = j->sim;
    struct buf *b = &j->b;
    static const char *const purpose[] = {"train", "train", "train", "eval", "debug", "sweep"};
    char uid[37];
    sim_uuid(sim, uid);
    buf_printf(b,
               "\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"%s\",\"creationTimestamp\":\"%s\","
               "\"generation\":%d,",
               j->name, j->ns, uid, j->created, chance(sim, 15) ? 2 : 1);
    buf_printf(b, "\"labels\":{\"app\":\"%s\",\"owner\":\"%s\",\"team\":\"%s\",\"purpose\":\"%s\",\"priority\":\"%s\"",
               j->model, j->owner, j->team, PICK(sim, purpose), chance(sim, 20) ? "high" : "normal");
    if (chance(sim, 15))
        buf_printf(b, ",\"kueue.x-k8s.io/queue-name\":\"%s-queue\"", j->team);
    if (chance(sim, 10))
        buf_puts(b, ",\"debug\":\"true\"");
    buf_printf(b,
               "},\"annotations\":{\"experiment\":\"%s-%llu\",\"example.com/git-commit\":\"%016llx\",\"example.com/"
               "contact\":\"%s@example.com\"",
               j->model, (unsigned long long)below(sim, 500), (unsigned long long)sim_random(sim), j->owner);
    if (chance(sim, 30))
        buf_printf(b, ",\"example.com/notes\":\"lr=%.4f, warm-up %llu steps; see the wiki <runs> & \\\"sweeps\\\"\"",
                   (double)below(sim, 1000) / 100000, (unsigned long long)below(sim, 5000));
    if (j->odd == ODD_HUGE) {
        buf_puts(b, ",\"example.com/hyperparameters\":\"");
        for (uint64_t n = 3000 + below(sim, 5000); n; n--)
            buf_printf(b, "p%04llu=%05llu;", (unsigned long long)n, (unsigned long long)below(sim, 100000));
        buf_puts(b, "\"");
    }
    buf_putc(b, '}');
    if (chance(sim, 12)) {
        sim_uuid(sim, uid);
        buf_printf(b,
                   ",\"ownerReferences\":[{\"apiVersion\":\"argoproj.io/"
                   "v1alpha1\",\"blockOwnerDeletion\":true,\"controller\":true,"
                   "\"kind\":\"Workflow\",\"name\":\"%s-pipeline\",\"uid\":\"%s\"}]",
                   j->model, uid);
    }
    write_managed_fields(j);
    buf_putc(b, '}');
}

static void write_policy(struct job *j)
{
    struct sim *sim = j->sim;
    static const char *const policies[] = {"", "", "", "", "None", "None", "Running", "Running", "All"};
    const char *policy = j->odd == ODD_BAD_POLICY ? (chance(sim, 50) ? "running" : "Al") : PICK(sim, policies);
    bool nested = j->style != V1ALPHA2;
    j->keeps = strcmp(policy, "Running") != 0 && strcmp(policy, "All") != 0;
    struct buf *b = &j->b;
    if (*policy && (!nested || (j->style == V1 && sim->opt.controller == SIM_MPI_OPERATOR)))
        buf_printf(b, ",\"cleanPodPolicy\":\"%s\"", policy);
    const char *deadline = j->odd == ODD_MISSPELT ? "activeDeadlineSecond" : "activeDeadlineSeconds";
    if (!nested) {
        if (chance(sim, 25) || j->odd == ODD_MISSPELT)
            buf_printf(b, ",\"%s\":%llu", deadline, (unsigned long long)(3600 * (1 + below(sim, 72))));
        if (chance(sim, 30))
            buf_puts(b, ",\"backoffLimit\":3");
        return;
    }
    buf_puts(b, ",\"runPolicy\":{");
    const char *comma = "";
    if (*policy) {
        buf_printf(b, "\"cleanPodPolicy\":\"%s\"", policy);
        comma = ",";
    }
    if (chance(sim, 25) || j->odd == ODD_MISSPELT) {
        buf_printf(b, "%s\"%s\":%llu", comma, deadline, (unsigned long long)(3600 * (1 + below(sim, 72))));
        comma = ",";
    }
    if (chance(sim, 20)) {
        buf_printf(b, "%s\"ttlSecondsAfterFinished\":%llu", comma, (unsigned long long)(600 * (1 + below(sim, 1000))));
        comma = ",";
    }
    if (j->style == V2BETA1)
        buf_printf(b, "%s\"suspend\":%s", comma, j->state == SUSPENDED ? "true" : "false");
    buf_putc(b, '}');
}

static void write_container(struct job *j, bool launcher)
{
    struct sim *sim = j->sim;
    struct buf *b = &j->b;
    buf_printf(b, "{\"name\":\"%s\",\"image\":\"images.example.com/%s/%s:%llu.%llu\"",
               launcher ? "mpi-launcher" : "mpi-worker", j->team, j->framework, (unsigned long long)below(sim, 4),
               (unsigned long long)below(sim, 30));
    if (launcher)
        buf_printf(b,
                   ",\"command\":[\"mpirun\"],\"args\":[\"-np\",\"%d\",\"--allow-run-as-root\",\"-bind-to\",\"none\","
                   "\"-map-by\",\"slot\","
                   "\"-x\",\"LD_LIBRARY_PATH\",\"-x\",\"PATH\",\"-x\",\"NCCL_DEBUG=INFO\",\"-mca\",\"pml\",\"ob1\",\"-"
                   "mca\",\"btl\",\"^openib\","
                   "\"python\",\"/workspace/%s/train.py\",\"--batch-size=%llu\",\"--epochs=%llu\",\"--lr=0.%04llu\"]",
                   j->workers * (j->gpus ? j->gpus : 1), j->model, (unsigned long long)(16 << below(sim, 5)),
                   (unsigned long long)(1 + below(sim, 200)), (unsigned long long)below(sim, 10000));
    buf_puts(b, ",\"env\":[");
    for (uint64_t i = 0, n = 1 + below(sim, 7); i < n; i++)
        buf_printf(b, "%s{\"name\":\"TRAIN_OPTION_%llu\",\"value\":\"/data/%s/shard-%llu\"}", i ? "," : "",
                   (unsigned long long)i, j->team, (unsigned long long)below(sim, 1000));
    buf_puts(b, "],\"resources\":{\"limits\":{");
    if (!launcher && j->gpus)
        buf_printf(b, "\"nvidia.com/gpu\":%d,", j->gpus); /* a number here, texts below: both occur */
    buf_printf(
        b, "\"cpu\":\"%llu\",\"memory\":\"%lluGi\"}},\"volumeMounts\":[{\"mountPath\":\"/data\",\"name\":\"data\"}]}",
        (unsigned long long)(1 + below(sim, 16)), (unsigned long long)(4 << below(sim, 5)));
}

static void write_replicas(struct job *j, const char *role, int replicas, bool launcher)
{
    struct buf *b = &j->b;
    buf_printf(b,
               "\"%s\":{\"replicas\":%d,%s\"template\":{\"metadata\":{\"labels\":{\"team\":\"%s\"},\"annotations\":{"
               "\"sidecar.istio.io/inject\":\"false\"}},\"spec\":{\"containers\":[",
               role, replicas, j->style == V1ALPHA2 ? "" : "\"restartPolicy\":\"Never\",", j->team);
    write_container(j, launcher);
    buf_printf(b,
               "],\"tolerations\":[{\"key\":\"nvidia.com/"
               "gpu\",\"operator\":\"Exists\",\"effect\":\"NoSchedule\"}],\"volumes\":[{\"name\":\"data\","
               "\"persistentVolumeClaim\":{\"claimName\":\"%s-data\"}}]}}}",
               j->team);
}

static bool by_training_operator(const struct job *j)
{
    return j->style == V1 && j->sim->opt.controller == SIM_TRAINING_OPERATOR;
}

static void write_condition(struct job *j, const char *type, const char *status, const char *reason, const char *at,
                            const char *message)
{
    bool bare = by_training_operator(j); /* training-operator names the job without its namespace */
    buf_printf(&j->b,
               "%s{\"type\":\"%s\",\"status\":\"%s\",\"reason\":\"%s\",\"message\":\"MPIJob %s%s%s "
               "%s\",\"lastTransitionTime\":\"%s\","
               "\"lastUpdateTime\":\"%s\"}",
               strcmp(type, "Created") == 0 ? "" : ",", type, status, reason, bare ? "" : j->ns, bare ? "" : "/",
               j->name, message, at, at);
}

static void write_status(struct job *j)
{
    struct buf *b = &j->b;
    bool over = j->state == SUCCEEDED || j->state == FAILED || j->state == EVICTED;
    buf_puts(b, ",\"status\":{\"conditions\":[");
    write_condition(j, "Created", "True", "MPIJobCreated", j->created, "is created.");
    if (j->state == SUSPENDED)
        write_condition(j, "Suspended", "True", "MPIJobSuspended", j->started, "is suspended.");
    if (j->state == RUNNING || over)
        write_condition(j, "Running", !over || j->odd == ODD_STILL_RUNNING ? "True" : "False", "MPIJobRunning",
                        j->started, "is running.");
    if (j->state == SUCCEEDED)
        write_condition(j, "Succeeded", "True", "MPIJobSucceeded", j->ended,
                        by_training_operator(j) ? "is successfully completed." : "successfully completed.");
    if (j->state == FAILED)
        write_condition(j, "Failed", "True", "MPIJobFailed", j->ended, "has failed");
    if (j->state == EVICTED)
        write_condition(j, "Failed", "True", "MPIJobEvicted", j->ended, "is evicted");
    buf_puts(b, "],\"replicaStatuses\":{");
    if (j->state == RUNNING)
        buf_printf(b, "\"Launcher\":{\"active\":1},\"Worker\":{\"active\":%d}", j->workers);
    else if (over)
        buf_printf(b, "\"Launcher\":{\"%s\":1},\"Worker\":{", j->state == SUCCEEDED ? "succeeded" : "failed");
    if (over && j->style == V1ALPHA2 && j->keeps) /* controllers of other versions clear the number */
        buf_printf(b, "\"active\":%d}", j->workers);
    else if (over)
        buf_putc(b, '}');
    buf_putc(b, '}');
    if (j->state == RUNNING || over)
        buf_printf(b, ",\"startTime\":\"%s\"", j->started);
    if (j->state == SUCCEEDED || j->state == FAILED)
        buf_printf(b, ",\"completionTime\":\"%s\"", j->ended);
    buf_printf(b, ",\"lastReconcileTime\":\"%s\"}", over ? j->ended : j->started);
}

static void write_spec(struct job *j)
{
    uint64_t random = j->sim->random;
    if (j->sim->opt.alike)
        j->sim->random = j->sim->opt.seed; /* chance decides the same for each */
    buf_printf(&j->b, ",\"spec\":{\"slotsPerWorker\":%d", j->gpus ? j->gpus : 1);
    write_policy(j);
    buf_puts(&j->b, ",\"mpiReplicaSpecs\":{");
    write_replicas(j, "Launcher", 1, true);
    buf_putc(&j->b, ',');
    write_replicas(j, "Worker", j->workers, false);
    buf_puts(&j->b, "}}");
    if (j->sim->opt.alike)
        j->sim->random = random;
}

void generate_text(struct job *j)
{
    buf_reset(&j->b);
    buf_putc(&j->b, '{');
    write_metadata(j);
    write_spec(j);
    if (j->state != CREATED)
        write_status(j);
    buf_putc(&j->b, '}');
}
