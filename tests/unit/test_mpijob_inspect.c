/* SPDX-License-Identifier: Apache-2.0 */
/* What is found of jobs that are set up wrongly, and the edits that heal them. */
#include "mpijob_fixture.h"

#include <stdlib.h>

#include "alloc.h"
#include "mpijob/inspect/inspect.h"
#include "json/edit.h"

/* The findings of a job as "problem path [value] (safe)", line by line. */
struct seen {
    struct buf lines, means, cures;
    struct json_edits edits; /* of the safe ones */
    struct mpijob_finding last;
    int count;
};

static void see(void *data, const struct mpijob_finding *f)
{
    struct seen *s = data;
    char path[FINDING_POINTER];
    mpijob_finding_path(f->pointer, path);
    buf_printf(&s->lines, "%s%s %s%s", s->count ? "; " : "", mpijob_problem_name(f->problem), path,
               f->safe ? " safe" : "");
    buf_printf(&s->means, "%s\n", f->means);
    buf_printf(&s->cures, "%s\n", f->cure);
    for (size_t i = 0; f->safe && i < f->edit_count; i++) {
        if (*f->edits[i].raw)
            json_edit_set(&s->edits, f->edits[i].pointer, str_of(f->edits[i].raw));
        else
            json_edit_remove(&s->edits, f->edits[i].pointer);
    }
    s->last = *f;
    s->count++;
    assert_int_not_equal(*f->means, 0);
    assert_int_not_equal(*f->cure, 0);
    assert_true(!f->safe || f->edit_count);
}

static void forget(struct seen *s)
{
    buf_free(&s->lines);
    buf_free(&s->means);
    buf_free(&s->cures);
    json_edits_free(&s->edits);
}

static struct seen look(const char *text, struct mpijob_target target)
{
    struct seen s = {0};
    struct mpijob_view view = viewed(text, target);
    struct error err = {0};
    unsigned bits;
    assert_int_equal(mpijob_inspect(&view, NULL, NOON, see, &s, &err), 0);
    assert_int_equal(mpijob_problems(&view, NOON, PROBLEM_ANY, &bits, NULL, &err), 0);
    assert_int_equal(bits != 0, s.count != 0);
    return s;
}

/* expected: the findings; healed: the object after the safe edits (NULL: no safe edits). What was safe to heal is gone
 * then. */
static void check_at(int line, const char *text, struct mpijob_target target, const char *expected, const char *healed)
{
    struct seen s = look(text, target);
    const char *lines = s.lines.ptr ? s.lines.ptr : "";
    if (strcmp(lines, expected) != 0)
        fail_msg("line %d: found \"%s\", expected \"%s\"\n%s", line, lines, expected, s.means.ptr ? s.means.ptr : "");
    if (!healed) {
        assert_int_equal(s.edits.count, 0);
    } else {
        struct buf out = BUF_INIT;
        assert_int_equal(json_edit_apply(&s.edits, parsed(text), &out, NULL), 0);
        if (strcmp(out.ptr, healed) != 0)
            fail_msg("line %d: healed to %s, expected %s", line, out.ptr, healed);
        struct seen again = look(out.ptr, target);
        if (again.lines.ptr && strstr(again.lines.ptr, " safe"))
            fail_msg("line %d: still %s", line, again.lines.ptr);
        forget(&again);
        buf_free(&out);
    }
    forget(&s);
}
#define check(...) check_at(__LINE__, __VA_ARGS__)
#define clean(text, target) check_at(__LINE__, text, target, "", NULL)

static void says(const char *text, struct mpijob_target target, const char *means, const char *cure)
{
    struct seen s = look(text, target);
    assert_contains(s.means.ptr, means);
    assert_contains(s.cures.ptr, cure);
    forget(&s);
}

#define M "\"metadata\":{\"name\":\"a\",\"creationTimestamp\":\"2026-11-23T10:00:00Z\"}"
#define JOB(spec, status) "{" M ",\"spec\":{" spec "},\"status\":{" status "}}"
#define WORKERS                                                                                                        \
    "\"mpiReplicaSpecs\":{\"Worker\":{\"replicas\":2,\"template\":{\"spec\":{\"containers\":[{\"resources\":{"         \
    "\"limits\":{"                                                                                                     \
    "\"nvidia.com/gpu\":4}}}]}}}}"
#define CONDITION(type, more)                                                                                          \
    "\"conditions\":[{\"type\":\"" type "\",\"status\":\"True\"," more                                                 \
    "\"lastTransitionTime\":\"2026-11-23T15:00:00Z\"}]"
#define RUNNING "\"startTime\":\"2026-11-23T15:00:00Z\"," CONDITION("Running", "")
#define ENDED(how)                                                                                                     \
    "\"startTime\":\"2026-11-23T14:00:00Z\",\"completionTime\":\"2026-11-23T15:00:00Z\"," CONDITION(how, "")
#define ACTIVE ",\"replicaStatuses\":{\"Worker\":{\"active\":2}}"
#define IDLE ",\"replicaStatuses\":{\"Worker\":{}}"

static const struct mpijob_target every[] = {{.version = MPIJOB_V1ALPHA2, .controller = CONTROLLER_CCI},
                                             {.version = MPIJOB_V1ALPHA2, .controller = CONTROLLER_MPI_OPERATOR},
                                             {.version = MPIJOB_V1, .controller = CONTROLLER_MPI_OPERATOR},
                                             {.version = MPIJOB_V1, .controller = CONTROLLER_TRAINING_OPERATOR},
                                             {.version = MPIJOB_V1, .controller = CONTROLLER_UNKNOWN},
                                             {.version = MPIJOB_V2BETA1, .controller = CONTROLLER_MPI_OPERATOR}};
#define EVERY (sizeof every / sizeof *every)

static void jobs_that_are_well_are_left_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < EVERY; i++) {
        clean("{" M "}", every[i]);
        clean(JOB("", RUNNING), every[i]);
        clean(JOB(WORKERS, RUNNING ACTIVE), every[i]);
        clean(JOB("\"runPolicy\":{},\"cleanPodPolicy\":null", ENDED("Succeeded")), every[i]); /* no GPUs */
        clean(JOB("\"mpiReplicaSpecs\":{\"Launcher\":{\"template\":{\"spec\":{\"containers\":[{\"args\":[],\"env\":"
                  "null}]}}}}",
                  ""),
              every[i]);
    }
    const char *spec = JOB(WORKERS ",\"cleanPodPolicy\":\"All\"", ENDED("Succeeded"));
    const char *run =
        JOB(WORKERS ",\"runPolicy\":{\"cleanPodPolicy\":\"Running\",\"activeDeadlineSeconds\":60}", ENDED("Failed"));
    const char *both =
        JOB(WORKERS ",\"cleanPodPolicy\":\"All\",\"runPolicy\":{\"cleanPodPolicy\":\"All\"}", ENDED("Failed"));
    clean(spec, CCI);
    clean(spec, ALPHA);
    clean(spec, V1_MPI);
    clean(spec, V1_ANY);
    clean(spec, V1_TRAINING);
    clean(run, V1_TRAINING);
    clean(run, BETA);
    clean(both, ALPHA);
    clean(both, V1_MPI);
    clean(both, V1_ANY);
    clean(both, V1_TRAINING);
    clean(both, BETA);
    clean(JOB("\"activeDeadlineSeconds\":36000", RUNNING), ALPHA);
    clean(JOB("\"activeDeadlineSeconds\":36000", RUNNING), CCI);
    clean(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":36000,\"backoffLimit\":0,\"ttlSecondsAfterFinished\":0}",
              RUNNING),
          BETA);
    clean(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":36000,\"backoffLimit\":3,\"ttlSecondsAfterFinished\":9}",
              RUNNING),
          V1_TRAINING);
}

static void a_wrong_type_is_healed_where_the_value_is_evident(void **state)
{
    (void)state;
    check(JOB("\"activeDeadlineSeconds\":\"36000\"", RUNNING), ALPHA, "wrong-type spec.activeDeadlineSeconds safe",
          JOB("\"activeDeadlineSeconds\":36000", RUNNING));
    check(JOB("\"activeDeadlineSeconds\":\"36000\"", RUNNING), CCI, "wrong-type spec.activeDeadlineSeconds safe",
          JOB("\"activeDeadlineSeconds\":36000", RUNNING));
    check(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":\"36000\"}", ENDED("Failed")), V1_MPI,
          "wrong-type spec.runPolicy.activeDeadlineSeconds safe",
          JOB("\"runPolicy\":{\"activeDeadlineSeconds\":36000}", ENDED("Failed")));
    check(JOB("\"runPolicy\":{\"backoffLimit\":\"3\",\"suspend\":\"false\"}", RUNNING), BETA,
          "wrong-type spec.runPolicy.backoffLimit safe; wrong-type spec.runPolicy.suspend safe",
          JOB("\"runPolicy\":{\"backoffLimit\":3,\"suspend\":false}", RUNNING));
    says(JOB("\"activeDeadlineSeconds\":\"36000\"", RUNNING), ALPHA, "ANY MPIJob of the cluster",
         "36000, without quotes");
    says(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":\"36000\"}", RUNNING), V1_ANY, "under mpi-operator", "36000");
    says(JOB("\"activeDeadlineSeconds\":\"36000\"", RUNNING), CCI, "could not be tried", "36000");
    says(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":\"36000\"}", RUNNING), BETA, "422", "36000");
    /* the value would be a guess */
    static const char *const guesses[] = {"\"2h\"", "\"\"",   "3.5",   "[]",      "{}",
                                          "true",   "\"-5\"", "\"0\"", "\"007\"", "1e30"};
    for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
        char text[600];
        snprintf(text, sizeof text, "{" M ",\"spec\":{\"activeDeadlineSeconds\":%s}}", guesses[i]);
        check(text, ALPHA, "wrong-type spec.activeDeadlineSeconds", NULL);
    }
    check(JOB("\"runPolicy\":[]", ""), V1_MPI, "wrong-type spec.runPolicy", NULL);
    check(JOB("\"cleanPodPolicy\":5", ""), ALPHA, "wrong-type spec.cleanPodPolicy", NULL);
    check(JOB("\"cleanPodPolicy\":true", ""), V1_ANY, "wrong-type spec.cleanPodPolicy", NULL);
    /* not among what the controller decodes: no harm */
    clean(JOB("\"runPolicy\":{\"suspend\":\"x\",\"managedBy\":3}", ""), ALPHA);
    clean(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":\"x\"}", ""), CCI);
    clean(JOB("\"activeDeadlineSeconds\":3600.0", ""), ALPHA); /* the server writes it as 3600 */
    /* CCI lets backoffLimit not be replaced */
    check(JOB("\"backoffLimit\":\"3\"", ""), CCI, "wrong-type spec.backoffLimit", NULL);
    /* a deadline that has passed ends the job when it can be read again */
    check(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":\"60\"}", RUNNING), V1_TRAINING,
          "wrong-type spec.runPolicy.activeDeadlineSeconds", NULL);
    check(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":\"60\"}", RUNNING), V1_ANY,
          "wrong-type spec.runPolicy.activeDeadlineSeconds", NULL);
}

static void an_object_where_a_list_belongs(void **state)
{
    (void)state;
#define POD(role, text) "\"mpiReplicaSpecs\":{\"" role "\":{\"template\":{\"spec\":{" text "}}}}"
    for (size_t i = 1; i < EVERY; i++) {
        check(JOB(POD("Worker", "\"containers\":[{},{\"args\":{},\"env\":[]}]"), ""), every[i],
              "object-for-list spec.mpiReplicaSpecs.Worker.template.spec.containers.1.args safe",
              JOB(POD("Worker", "\"containers\":[{},{\"args\":[],\"env\":[]}]"), ""));
        check(JOB(POD("Launcher", "\"volumes\":{},\"initContainers\":{\"a\":1}"), ""), every[i],
              "object-for-list spec.mpiReplicaSpecs.Launcher.template.spec.volumes safe; "
              "object-for-list spec.mpiReplicaSpecs.Launcher.template.spec.initContainers",
              JOB(POD("Launcher", "\"volumes\":[],\"initContainers\":{\"a\":1}"), ""));
    }
    check(JOB(POD("Worker", "\"containers\":[{\"args\":{}}]"), ""), CCI,
          "object-for-list spec.mpiReplicaSpecs.Worker.template.spec.containers.0.args", NULL);
    /* its edit is one more event, at which training-operator would see that the deadline has passed */
    check(JOB(POD("Worker", "\"containers\":[{\"args\":{}}]") ",\"runPolicy\":{\"activeDeadlineSeconds\":60}", RUNNING),
          V1_TRAINING,
          "object-for-list spec.mpiReplicaSpecs.Worker.template.spec.containers.0.args; "
          "dead-deadline spec.runPolicy.activeDeadlineSeconds",
          NULL);
    check(JOB(POD("Worker", "\"containers\":[{\"command\":\"sh\"}]"), ""), ALPHA,
          "wrong-type spec.mpiReplicaSpecs.Worker.template.spec.containers.0.command", NULL);
}

static void a_policy_that_is_none(void **state)
{
    (void)state;
    check(JOB("\"cleanPodPolicy\":\"running\"", RUNNING), ALPHA, "bad-policy spec.cleanPodPolicy safe",
          JOB("\"cleanPodPolicy\":\"Running\"", RUNNING));
    check(JOB("\"runPolicy\":{\"cleanPodPolicy\":\"ALL\"}", RUNNING), BETA,
          "bad-policy spec.runPolicy.cleanPodPolicy safe", JOB("\"runPolicy\":{\"cleanPodPolicy\":\"All\"}", RUNNING));
    check(JOB("\"cleanPodPolicy\":\"all\"", RUNNING), V1_TRAINING, "bad-policy spec.cleanPodPolicy safe",
          JOB("\"cleanPodPolicy\":\"All\"", RUNNING));
    check(JOB("\"cleanPodPolicy\":\"Al\"", RUNNING), V1_MPI, "bad-policy spec.cleanPodPolicy", NULL);
    check(JOB("\"cleanPodPolicy\":\"Sometimes\"", RUNNING), CCI, "bad-policy spec.cleanPodPolicy", NULL);
    check(JOB("\"cleanPodPolicy\":\"\"", RUNNING), ALPHA, "bad-policy spec.cleanPodPolicy", NULL);
    check(JOB("\"cleanPodPolicy\":\"all\",\"runPolicy\":{\"cleanPodPolicy\":\"none\"}", RUNNING), V1_ANY,
          "bad-policy spec.runPolicy.cleanPodPolicy safe; bad-policy spec.cleanPodPolicy safe",
          JOB("\"cleanPodPolicy\":\"All\",\"runPolicy\":{\"cleanPodPolicy\":\"None\"}", RUNNING));
    says(JOB("\"cleanPodPolicy\":\"Al\"", ""), ALPHA, "for None", "to All");
    says(JOB("\"cleanPodPolicy\":\"Al\"", ""), V1_TRAINING, "for All", "to All");
    says(JOB("\"cleanPodPolicy\":\"Al\"", ""), V1_ANY, "training-operator takes it for All", "to All");
    says(JOB("\"runPolicy\":{\"cleanPodPolicy\":\"x\"}", ""), BETA, "ValidationError", "None, Running or All");
    /* a job whose controller is elsewhere is not for us to heal */
    check(JOB("\"runPolicy\":{\"cleanPodPolicy\":\"ALL\",\"managedBy\":\"example.com/x\"}", RUNNING), BETA,
          "bad-policy spec.runPolicy.cleanPodPolicy; other-manager spec.runPolicy.managedBy", NULL);
}

static void a_negative_deadline(void **state)
{
    (void)state;
    check(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":-1}", ENDED("Failed")), BETA,
          "negative-deadline spec.runPolicy.activeDeadlineSeconds", NULL);
    check(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":-1}", RUNNING), V1_TRAINING,
          "negative-deadline spec.runPolicy.activeDeadlineSeconds", NULL);
    check(JOB("\"activeDeadlineSeconds\":-1", RUNNING), ALPHA, "negative-deadline spec.activeDeadlineSeconds", NULL);
    check(JOB("\"activeDeadlineSeconds\":5,\"runPolicy\":{\"activeDeadlineSeconds\":-1}", RUNNING), ALPHA,
          "negative-deadline spec.runPolicy.activeDeadlineSeconds", NULL);
    clean(JOB("\"activeDeadlineSeconds\":-1", ENDED("Failed")), ALPHA);
    clean(JOB("\"activeDeadlineSeconds\":-1", RUNNING), CCI);
    says(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":-1}", RUNNING), V1_ANY, "mpi-operator ignores", "remove");
}

static void a_policy_in_the_wrong_place(void **state)
{
    (void)state;
    const char *run = JOB("\"runPolicy\":{\"cleanPodPolicy\":\"All\"}", RUNNING);
    const char *both = JOB("\"runPolicy\":{\"cleanPodPolicy\":\"All\"},\"cleanPodPolicy\":\"All\"", RUNNING);
    const char *unlike = JOB("\"runPolicy\":{\"cleanPodPolicy\":\"All\"},\"cleanPodPolicy\":\"None\"", RUNNING);
    check(run, ALPHA, "wrong-place spec.runPolicy.cleanPodPolicy safe", both);
    check(run, CCI, "wrong-place spec.runPolicy.cleanPodPolicy safe", both);
    check(run, V1_MPI, "wrong-place spec.runPolicy.cleanPodPolicy safe", both);
    check(run, V1_ANY, "paths-differ spec.runPolicy.cleanPodPolicy safe", both);
    clean(run, V1_TRAINING);
    clean(run, BETA);
    check(unlike, ALPHA, "wrong-place spec.runPolicy.cleanPodPolicy", NULL);
    check(unlike, V1_MPI, "wrong-place spec.runPolicy.cleanPodPolicy", NULL);
    check(unlike, V1_ANY, "paths-differ spec.runPolicy.cleanPodPolicy", NULL);
    check(unlike, V1_TRAINING, "paths-differ spec.cleanPodPolicy safe", both);
    check(unlike, BETA, "wrong-place spec.cleanPodPolicy", NULL);
    check(JOB("\"cleanPodPolicy\":\"All\"", RUNNING), BETA, "wrong-place spec.cleanPodPolicy safe",
          JOB("\"cleanPodPolicy\":\"All\",\"runPolicy\":{\"cleanPodPolicy\":\"All\"}", RUNNING));
    clean(JOB("\"cleanPodPolicy\":\"None\"", RUNNING), BETA); /* what is in force without it, too */
    clean(JOB("\"runPolicy\":{\"cleanPodPolicy\":\"None\"}", RUNNING), ALPHA);
    clean(JOB("\"cleanPodPolicy\":\"Running\"", RUNNING), V1_TRAINING);
    says(run, ALPHA, "ignored", "spec.cleanPodPolicy");
    says(run, V1_ANY, "which of them", "spec.cleanPodPolicy");
}

static void a_number_in_the_wrong_place(void **state)
{
    (void)state;
    check(JOB("\"activeDeadlineSeconds\":36000", RUNNING), BETA, "wrong-place spec.activeDeadlineSeconds safe",
          JOB("\"activeDeadlineSeconds\":36000,\"runPolicy\":{\"activeDeadlineSeconds\":36000}", RUNNING));
    check(JOB("\"activeDeadlineSeconds\":60", RUNNING), V1_TRAINING, "wrong-place spec.activeDeadlineSeconds", NULL);
    check(JOB("\"activeDeadlineSeconds\":36000", RUNNING), V1_TRAINING, "wrong-place spec.activeDeadlineSeconds safe",
          JOB("\"activeDeadlineSeconds\":36000,\"runPolicy\":{\"activeDeadlineSeconds\":36000}", RUNNING));
    check(JOB("\"activeDeadlineSeconds\":36000", RUNNING), V1_MPI, "wrong-place spec.activeDeadlineSeconds", NULL);
    check(JOB("\"ttlSecondsAfterFinished\":60", RUNNING), V1_TRAINING, "wrong-place spec.ttlSecondsAfterFinished",
          NULL);
    check(JOB("\"ttlSecondsAfterFinished\":60", ENDED("Failed")), BETA, "wrong-place spec.ttlSecondsAfterFinished",
          NULL);
    clean(JOB("\"activeDeadlineSeconds\":60", ENDED("Failed")), BETA);
    clean(JOB("\"activeDeadlineSeconds\":1,\"runPolicy\":{\"activeDeadlineSeconds\":36000}", RUNNING), BETA);
    clean(JOB("\"activeDeadlineSeconds\":36000,\"backoffLimit\":2", RUNNING), ALPHA);
}

static void a_misspelt_field(void **state)
{
    (void)state;
    check(JOB("\"activeDeadlineSecond\":36000", RUNNING), ALPHA, "misspelt-field spec.activeDeadlineSecond safe",
          JOB("\"activeDeadlineSeconds\":36000", RUNNING));
    check(JOB("\"activeDeadlineSecond\":36000", RUNNING), CCI, "misspelt-field spec.activeDeadlineSecond", NULL);
    check(JOB("\"activeDeadlineSecond\":36000", RUNNING), V1_MPI, "misspelt-field spec.activeDeadlineSecond", NULL);
    check(JOB("\"activeDeadlineSecond\":36000", RUNNING), BETA, "misspelt-field spec.activeDeadlineSecond safe",
          JOB("\"runPolicy\":{\"activeDeadlineSeconds\":36000}", RUNNING));
    check(JOB("\"runPolicy\":{\"activeDeadlineSecond\":60}", RUNNING), V1_TRAINING,
          "misspelt-field spec.runPolicy.activeDeadlineSecond", NULL);
    check(JOB("\"cleanpodpolicy\":\"All\"", RUNNING), V1_MPI, "misspelt-field spec.cleanpodpolicy safe",
          JOB("\"cleanPodPolicy\":\"All\"", RUNNING));
    check(JOB("\"cleanPodPolice\":\"All\"", RUNNING), ALPHA, "misspelt-field spec.cleanPodPolice", NULL);
    clean(JOB("\"activeDeadlineSecond\":1,\"activeDeadlineSeconds\":36000", RUNNING), ALPHA);
    clean(JOB("\"activeDeadlineSecond\":1", ENDED("Failed")), ALPHA);
    clean(JOB("\"slotsPerWorker\":1,\"mainContainer\":\"x\",\"gpus\":8,\"replicas\":2,\"sshAuthMountPath\":\"/x\","
              "\"launcherOnMaster\":true,\"processingUnits\":1,\"mpiImplementation\":\"OpenMPI\",\"template\":{},"
              "\"launcherCreationPolicy\":\"AtStartup\",\"runLauncherAsWorker\":true,\"gpusPerNode\":8",
              RUNNING),
          ALPHA);
    says(JOB("\"activeDeadlineSecond\":36000", RUNNING), CCI, "both spellings", "36000");
}

static void what_was_applied_and_thrown_away(void **state)
{
    (void)state;
#define APPLIED(applied, spec, status)                                                                                 \
    "{\"metadata\":{\"name\":\"a\",\"annotations\":{\"kubectl.kubernetes.io/"                                          \
    "last-applied-configuration\":\"{\\\"spec\\\":{" applied "}}\"}},\"spec\":{" spec "},\"status\":{" status "}}"
    const char *policy = APPLIED("\\\"cleanPodPolicy\\\":\\\"All\\\"", "", RUNNING);
    check(policy, BETA, "dropped-field spec.cleanPodPolicy safe",
          APPLIED("\\\"cleanPodPolicy\\\":\\\"All\\\"", "\"runPolicy\":{\"cleanPodPolicy\":\"All\"}", RUNNING));
    clean(policy, V1_TRAINING);
    clean(policy, V1_ANY);
    clean(policy, ALPHA);
    clean(APPLIED("\\\"cleanPodPolicy\\\":\\\"None\\\"", "", RUNNING), BETA);
    clean(APPLIED("\\\"runPolicy\\\":{\\\"activeDeadlineSeconds\\\":5}", "", RUNNING), BETA);
    const char *deadline = APPLIED("\\\"activeDeadlineSeconds\\\":5", "", RUNNING);
    check(deadline, V1_TRAINING, "dropped-field spec.activeDeadlineSeconds", NULL);
    clean(APPLIED("\\\"activeDeadlineSeconds\\\":5", "\"runPolicy\":{\"activeDeadlineSeconds\":36000}", RUNNING), BETA);
    clean(APPLIED("\\\"activeDeadlineSeconds\\\":5", "", ENDED("Failed")), BETA);
    clean(
        "{\"metadata\":{\"name\":\"a\",\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"{\"}}}",
        BETA);
    clean("{\"metadata\":{\"name\":\"a\",\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"\"}}}",
          BETA);
}

static void a_field_that_is_never_read(void **state)
{
    (void)state;
    const char *all = JOB("\"runPolicy\":{\"activeDeadlineSeconds\":60,\"backoffLimit\":2,\"suspend\":true}", RUNNING);
    check(all, V1_MPI,
          "ignored-field spec.runPolicy.activeDeadlineSeconds; ignored-field spec.runPolicy.backoffLimit; "
          "ignored-field spec.runPolicy.suspend",
          NULL);
    check(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":36000,\"suspend\":true}", RUNNING), ALPHA,
          "ignored-field spec.runPolicy.suspend", NULL);
    clean(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":60,\"suspend\":true}", ENDED("Failed")), V1_MPI);
    clean(JOB("\"runPolicy\":{\"suspend\":false}", RUNNING), V1_MPI);
    clean(JOB("\"runPolicy\":{\"suspend\":true}", ""), BETA);
    clean(JOB("\"runPolicy\":{\"suspend\":true}", ""), V1_ANY);
    says(all, V1_MPI, "never reads a job's deadline", "Pod a-launcher");
}

static void a_deadline_that_can_no_longer_act(void **state)
{
    (void)state;
    check(JOB("\"activeDeadlineSeconds\":60", RUNNING), ALPHA, "dead-deadline spec.activeDeadlineSeconds", NULL);
    check(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":60}", RUNNING), BETA,
          "dead-deadline spec.runPolicy.activeDeadlineSeconds", NULL);
    check(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":60}", RUNNING), V1_TRAINING,
          "dead-deadline spec.runPolicy.activeDeadlineSeconds", NULL);
    check(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":60}", RUNNING), V1_ANY,
          "dead-deadline spec.runPolicy.activeDeadlineSeconds", NULL);
    clean(JOB("\"activeDeadlineSeconds\":60", RUNNING), CCI);
    clean(JOB("\"activeDeadlineSeconds\":17941", RUNNING), ALPHA); /* passed 59 s ago: the controller may be about it */
    clean(JOB("\"activeDeadlineSeconds\":60", CONDITION("Running", "")), ALPHA);                 /* no startTime */
    clean(JOB("\"activeDeadlineSeconds\":60", "\"startTime\":\"2026-11-23T15:00:00Z\""), ALPHA); /* pending */
    clean(JOB("\"activeDeadlineSeconds\":60", ENDED("Failed")), ALPHA);
    /* the workers took long: counted from when the launcher ran */
    clean(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":18000}",
              "\"startTime\":\"2026-11-23T10:00:00Z\"," CONDITION("Running", "")),
          BETA);
    check(JOB("\"runPolicy\":{\"activeDeadlineSeconds\":60,\"managedBy\":\"example.com/x\"}", RUNNING), BETA,
          "other-manager spec.runPolicy.managedBy", NULL);
    says(JOB("\"activeDeadlineSeconds\":60", RUNNING), ALPHA, "2026-11-23T15:01:00Z", "Job a-launcher");
}

static void a_ttl_that_never_fires(void **state)
{
    (void)state;
    const char *ended = JOB("\"runPolicy\":{\"ttlSecondsAfterFinished\":60}", ENDED("Failed"));
    const char *running = JOB("\"runPolicy\":{\"ttlSecondsAfterFinished\":60}", RUNNING);
    check(ended, ALPHA, "dead-ttl spec.runPolicy.ttlSecondsAfterFinished", NULL);
    check(running, ALPHA, "dead-ttl spec.runPolicy.ttlSecondsAfterFinished", NULL);
    check(ended, V1_MPI, "dead-ttl spec.runPolicy.ttlSecondsAfterFinished", NULL);
    check(ended, BETA, "dead-ttl spec.runPolicy.ttlSecondsAfterFinished", NULL);
    clean(running, BETA);
    clean(JOB("\"runPolicy\":{\"ttlSecondsAfterFinished\":86400}", ENDED("Failed")), BETA);
    clean(ended, V1_TRAINING);
    clean(ended, V1_ANY);
    clean(ended, CCI);
}

static void a_finished_job_that_holds_gpus(void **state)
{
    (void)state;
    const char *unset = JOB(WORKERS, ENDED("Succeeded") ACTIVE), *gone = JOB(WORKERS, ENDED("Succeeded") IDLE);
    const char *failed = JOB(WORKERS, ENDED("Failed") ACTIVE);
    const char *none = JOB(WORKERS ",\"cleanPodPolicy\":\"None\"", ENDED("Succeeded") ACTIVE);
    check(unset, ALPHA, "holds-gpus spec.cleanPodPolicy safe",
          JOB(WORKERS ",\"cleanPodPolicy\":\"Running\"", ENDED("Succeeded") ACTIVE));
    check(unset, V1_MPI, "holds-gpus spec.cleanPodPolicy safe",
          JOB(WORKERS ",\"cleanPodPolicy\":\"Running\"", ENDED("Succeeded") ACTIVE));
    check(unset, BETA, "holds-gpus spec.runPolicy.cleanPodPolicy safe",
          JOB(WORKERS ",\"runPolicy\":{\"cleanPodPolicy\":\"Running\"}", ENDED("Succeeded") ACTIVE));
    check(unset, V1_TRAINING, "holds-gpus spec.runPolicy.cleanPodPolicy safe",
          JOB(WORKERS ",\"runPolicy\":{\"cleanPodPolicy\":\"Running\"}", ENDED("Succeeded") ACTIVE));
    check(unset, CCI, "holds-gpus spec.cleanPodPolicy", NULL);
    clean(gone, ALPHA); /* v1alpha2's status tells */
    clean(gone, CCI);
    clean(JOB(WORKERS, ENDED("Succeeded")), CCI); /* its default is Running */
    check(JOB(WORKERS, ENDED("Succeeded")), ALPHA, "holds-gpus spec.cleanPodPolicy safe",
          JOB(WORKERS ",\"cleanPodPolicy\":\"Running\"", ENDED("Succeeded")));
    says(gone, BETA, "may still keep the 8 GPUs", "Running");
    says(unset, ALPHA, "keep 8 GPUs", "Running");
    /* a person may look at a failed job, and an explicit None was a person's wish */
    check(failed, BETA, "holds-gpus spec.runPolicy.cleanPodPolicy", NULL);
    check(none, ALPHA, "holds-gpus spec.cleanPodPolicy", NULL);
    check(none, V1_ANY, "holds-gpus spec.cleanPodPolicy", NULL);
    clean(JOB(WORKERS ",\"cleanPodPolicy\":\"Running\"", ENDED("Failed") ACTIVE), ALPHA);
    /* a launcher has ended; what it asked for is free */
    clean(JOB("\"mpiReplicaSpecs\":{\"Launcher\":{\"template\":{\"spec\":{\"containers\":[{\"resources\":{\"limits\":{"
              "\"nvidia.com/gpu\":4}}}]}}}}",
              ENDED("Succeeded")),
          BETA);
    clean("{\"metadata\":{\"name\":\"a\",\"deletionTimestamp\":\"2026-11-23T15:00:00Z\"},\"spec\":{" WORKERS
          "},\"status\":{" ENDED("Succeeded") "}}",
          BETA);
}

/* Pods that were listed tell what the status does not, and what the policy would have one believe. */
static void pods_tell_what_is_held(void **state)
{
    (void)state;
#define WORKER_POD(phase)                                                                                              \
    "{\"metadata\":{\"namespace\":\"\",\"labels\":{\"training.kubeflow.org/"                                           \
    "job-name\":\"a\"}},\"spec\":{\"nodeName\":\"n\","                                                                 \
    "\"containers\":[{\"resources\":{\"limits\":{\"nvidia.com/gpu\":4}}}]},\"status\":{\"phase\":\"" phase "\"}}"
    static const struct {
        const char *policy, *pod, *says; /* says NULL: no finding */
        bool safe;
    } cases[] = {
        {"", NULL, NULL, false},
        {"", WORKER_POD("Succeeded"), NULL, false},
        {"", WORKER_POD("Running"), "keep 4 GPUs", true},
        {",\"runPolicy\":{\"cleanPodPolicy\":\"None\"}", WORKER_POD("Running"), "keep 4 GPUs", false},
        {",\"runPolicy\":{\"cleanPodPolicy\":\"Running\"}", WORKER_POD("Running"), "and yet its pods are there", false},
        {",\"runPolicy\":{\"cleanPodPolicy\":\"Running\"}", NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[2048];
        struct seen s = {0};
        struct error err;
        struct mpijob_pods *pods = mpijob_pods_new(NULL);
        snprintf(text, sizeof text, JOB(WORKERS "%s", ENDED("Succeeded")), cases[i].policy);
        struct mpijob_view view = viewed(text, BETA);
        if (cases[i].pod)
            assert_int_equal(mpijob_pods_add(pods, parsed(cases[i].pod), &err), 0);
        assert_int_equal(mpijob_inspect(&view, pods, NOON, see, &s, &err), 0);
        assert_int_equal(s.count, cases[i].says != NULL);
        if (s.count) {
            assert_int_equal(s.last.problem, PROBLEM_HOLDS_GPUS);
            assert_contains(s.last.means, cases[i].says);
            assert_int_equal(s.last.safe, cases[i].safe);
        }
        /* just ended: the controller is at it */
        struct seen soon = {0};
        assert_int_equal(mpijob_inspect(&view, pods, view.finished + 1, see, &soon, &err), 0);
        assert_int_equal(soon.count, s.count && !strstr(cases[i].says, "and yet"));
        forget(&s);
        forget(&soon);
        mpijob_pods_free(pods);
    }
}

static void an_evicted_job(void **state)
{
    (void)state;
#define EVICTED CONDITION("Failed", "\"reason\":\"MPIJobEvicted\",")
    const char *spec = JOB(WORKERS ",\"cleanPodPolicy\":\"All\"", EVICTED);
    const char *run = JOB(WORKERS ",\"runPolicy\":{\"cleanPodPolicy\":\"All\"}", EVICTED);
    check(run, BETA, "evicted status.conditions", NULL);
    check(spec, V1_MPI, "evicted status.conditions", NULL);
    check(spec, V1_ANY, "evicted status.conditions", NULL);
    clean(spec, ALPHA); /* no experiment tells */
    clean(run, V1_TRAINING);
    clean(spec, CCI);
    clean(JOB(WORKERS ",\"runPolicy\":{\"cleanPodPolicy\":\"All\"}",
              "\"completionTime\":\"2026-11-23T15:00:00Z\"," EVICTED),
          BETA);
    clean(JOB("\"runPolicy\":{\"cleanPodPolicy\":\"All\",\"suspend\":true}", EVICTED), BETA);
    says(run, BETA, "launcher Job has ended", "suspend to true");
    says(spec, V1_MPI, "never cleans up", "delete");
}

static void a_job_that_another_manager_owns(void **state)
{
    (void)state;
    const char *kueue = JOB("\"runPolicy\":{\"managedBy\":\"kueue.x-k8s.io/multikueue\"}", RUNNING);
    const char *other = JOB("\"runPolicy\":{\"managedBy\":\"example.com/other\"}", RUNNING);
    check(kueue, BETA, "other-manager spec.runPolicy.managedBy", NULL);
    check(other, V1_TRAINING, "other-manager spec.runPolicy.managedBy", NULL);
    clean(other, ALPHA);
    clean(other, V1_MPI);
    clean(JOB("\"runPolicy\":{\"managedBy\":\"kubeflow.org/mpi-operator\"}", RUNNING), BETA);
    clean(JOB("\"runPolicy\":{\"managedBy\":\"kubeflow.org/training-operator\"}", RUNNING), V1_TRAINING);
    struct seen s = look(kueue, BETA);
    assert_int_equal(s.last.severity, SEVERITY_INFO);
    forget(&s);
    s = look(other, BETA);
    assert_int_equal(s.last.severity, SEVERITY_WARNING);
    forget(&s);
}

static void names_are_read_back(void **state)
{
    (void)state;
    unsigned bits;
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        const char *name = mpijob_problem_name((enum mpijob_problem)i);
        assert_string_equal(name, mpijob_problem_names()[i]);
        assert_true(mpijob_problem_parse(str_of(name), &bits));
        assert_int_equal(bits, 1U << i);
        assert_int_not_equal(*mpijob_problem_about((enum mpijob_problem)i), 0);
    }
    assert_true(mpijob_problem_parse(str_of("any"), &bits));
    assert_int_equal(bits, PROBLEM_ANY);
    assert_false(mpijob_problem_parse(str_of("wrong"), &bits));
    assert_string_equal(mpijob_severity_name(SEVERITY_ERROR), "error");
}

/* ---- match = { problem = ... } ---- */

static bool matches(const char *problem, const char *text, struct mpijob_target target, int64_t *due)
{
    struct mpijob_match *m = mpijob_match_new();
    struct mpijob_view view = viewed(text, target);
    struct error err = {0};
    assert_int_equal(mpijob_match_problem(m, problem, &err), 0);
    bool is = mpijob_match_eval(m, &view, NOON, due);
    mpijob_match_free(m);
    return is;
}

static void policies_match_by_problem(void **state)
{
    (void)state;
    int64_t due;
    const char *poison = JOB("\"activeDeadlineSeconds\":\"5\"", RUNNING), *well = JOB("", RUNNING);
    assert_true(matches("wrong-type", poison, ALPHA, &due));
    assert_int_equal(due, NOON);
    assert_true(matches("any", poison, ALPHA, NULL));
    assert_false(matches("bad-policy", poison, ALPHA, &due));
    assert_int_equal(due, INT64_MAX);
    assert_false(matches("any", well, ALPHA, &due));
    assert_int_equal(due, INT64_MAX);
    /* time alone will make it one: the deadline, and a minute's grace */
    assert_false(matches("dead-deadline", JOB("\"activeDeadlineSeconds\":18060", RUNNING), ALPHA, &due));
    assert_int_equal(due, NOON + 120 * CLOCK_SECOND);
    assert_false(
        matches("dead-ttl", JOB("\"runPolicy\":{\"ttlSecondsAfterFinished\":18060}", ENDED("Failed")), BETA, &due));
    assert_int_equal(due, NOON + 120 * CLOCK_SECOND);
    assert_false(matches("holds-gpus", JOB("\"activeDeadlineSeconds\":18060", RUNNING), ALPHA, &due));
    assert_int_equal(due, INT64_MAX);
    struct mpijob_match *m = mpijob_match_new();
    struct error err = {0};
    assert_int_equal(mpijob_match_problem(m, "wrong-typ", &err), ERR_INVALID);
    assert_contains(err.message, "did you mean wrong-type?");
    mpijob_match_free(m);
}

static void out_of_memory_is_said(void **state)
{
    (void)state;
    struct mpijob_view view =
        viewed(APPLIED("\\\"cleanPodPolicy\\\":\\\"All\\\"", "\"activeDeadlineSecond\":5", ""), BETA);
    struct error err = {0};
    unsigned bits = 0;
    bool failed = true;
    for (long n = 1; failed; n++) {
        alloc_fail_at(n);
        int rc = mpijob_problems(&view, NOON, PROBLEM_ANY, &bits, NULL, &err);
        failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(rc, failed ? ERR_NOMEM : 0);
    }
    assert_int_equal(bits, 1U << PROBLEM_MISSPELT_FIELD | 1U << PROBLEM_DROPPED_FIELD);
}

#define AMOUNTS(list) "\"mpiReplicaSpecs\":{\"Worker\":{\"template\":{\"spec\":{" list "}}}}"

/* What the decoder of quantities refuses counts as no GPU, and must not do so in silence. */
static void amounts_that_cannot_be_read(void **state)
{
    (void)state;
    const char *wrong =
        JOB(AMOUNTS("\"containers\":[{},{\"resources\":{\"limits\":{\"nvidia.com/gpu\":\"8x\",\"cpu\":\"4\","
                    "\"memory\":\"16GB\"},\"requests\":{\"cpu\":true}}}],"
                    "\"initContainers\":[{\"resources\":{\"requests\":{\"cpu\":\"\"}}}]"),
            "");
    for (size_t i = 0; i < EVERY; i++) {
        check(wrong, every[i],
              "wrong-type spec.mpiReplicaSpecs.Worker.template.spec.containers.1.resources.limits.nvidia.com/gpu; "
              "wrong-type spec.mpiReplicaSpecs.Worker.template.spec.containers.1.resources.limits.memory; "
              "wrong-type spec.mpiReplicaSpecs.Worker.template.spec.containers.1.resources.requests.cpu; "
              "wrong-type spec.mpiReplicaSpecs.Worker.template.spec.initContainers.0.resources.requests.cpu",
              NULL);
        clean(JOB(AMOUNTS("\"containers\":[{\"resources\":{\"limits\":{\"nvidia.com/gpu\":\"8.0\",\"cpu\":\"1e1\","
                          "\"memory\":\"16Gi\",\"a\":0.5,\"b\":null},\"requests\":null}}]"),
                  ""),
              every[i]);
    }
    says(wrong, ALPHA, "a text that is no quantity stands where a quantity belongs", "it counts as 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_that_cannot_be_read),
        cmocka_unit_test(jobs_that_are_well_are_left_alone),
        cmocka_unit_test(a_wrong_type_is_healed_where_the_value_is_evident),
        cmocka_unit_test(an_object_where_a_list_belongs),
        cmocka_unit_test(a_policy_that_is_none),
        cmocka_unit_test(a_negative_deadline),
        cmocka_unit_test(a_policy_in_the_wrong_place),
        cmocka_unit_test(a_number_in_the_wrong_place),
        cmocka_unit_test(a_misspelt_field),
        cmocka_unit_test(what_was_applied_and_thrown_away),
        cmocka_unit_test(a_field_that_is_never_read),
        cmocka_unit_test(a_deadline_that_can_no_longer_act),
        cmocka_unit_test(a_ttl_that_never_fires),
        cmocka_unit_test(a_finished_job_that_holds_gpus),
        cmocka_unit_test(pods_tell_what_is_held),
        cmocka_unit_test(an_evicted_job),
        cmocka_unit_test(a_job_that_another_manager_owns),
        cmocka_unit_test(names_are_read_back),
        cmocka_unit_test(policies_match_by_problem),
        cmocka_unit_test(out_of_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
