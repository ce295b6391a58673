/* SPDX-License-Identifier: Apache-2.0 */
/* What is said about answers, what follows from them, and the small pure parts: paths, versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "alloc.h"
#include "kube/kube_parts.h"
#include "kube/resource_version.h"
#include "kube/retry.h"
#include "kube/status/status.h"

#define URL "https://10.0.0.1:6443/apis/kubeflow.org/v1/namespaces/ns/mpijobs/a"

static struct error say(int status, const char *body)
{
    struct kube_reply reply = {.method = "PUT",
                               .url = URL,
                               .status = status,
                               .credentials = "~/.kube/config, context dev",
                               .body = str_of(body)};
    struct error err;
    int rc = kube_status_error(&reply, &err);
    assert_int_equal(rc, err.code);
    assert_int_equal(err.status, status);
    return err;
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
}

static void a_status_speaks_for_itself(void **state)
{
    (void)state;
    struct error e =
        say(404, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":"
                 "\"mpijobs.kubeflow.org \\\"x\\\" not "
                 "found\",\"reason\":\"NotFound\",\"details\":{\"name\":\"x\"},\"code\":404}\n");
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_string_equal(e.reason, "NotFound");
    assert_string_equal(e.message, "mpijobs.kubeflow.org \"x\" not found");
    assert_false(e.retryable);
    e = say(409, "{\"kind\":\"Status\",\"message\":\"Operation cannot be fulfilled on mpijobs.kubeflow.org \\\"x\\\": "
                 "the object has been "
                 "modified; please apply your changes to the latest version and try "
                 "again\",\"reason\":\"Conflict\",\"code\":409}");
    assert_int_equal(e.code, ERR_CONFLICT);
    e = say(409, "{\"kind\":\"Status\",\"message\":\"already exists\",\"reason\":\"AlreadyExists\"}");
    assert_string_equal(e.reason, "AlreadyExists");
    e = say(410, "{\"kind\":\"Status\",\"message\":\"too old\",\"reason\":\"Expired\"}");
    assert_int_equal(e.code, ERR_HTTP);
    assert_string_equal(e.reason, "Expired");
}

/* A path that is not served, and an object that is not there: two kinds of 404. */
static void the_path_or_the_object(void **state)
{
    (void)state;
    assert_true(say(404, "404 page not found\n").no_path);
    assert_true(say(404, "{\"kind\":\"Status\",\"message\":\"the server could not find the requested "
                         "resource\",\"reason\":\"NotFound\",\"details\":{},\"code\":404}")
                    .no_path);
    assert_false(say(404, "{\"kind\":\"Status\",\"message\":\"mpijobs.kubeflow.org \\\"x\\\" not found\",\"reason\":"
                          "\"NotFound\",\"details\":{\"name\":\"x\",\"kind\":\"mpijobs\"},\"code\":404}")
                     .no_path);
    assert_false(say(409, "{}").no_path);
    assert_false(say(500, "404 page not found").no_path);
}

#define INVALID(message)                                                                                               \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"" message                                               \
    "\",\"reason\":\"Invalid\",\"details\":{\"causes\":["                                                              \
    "{\"reason\":\"FieldValueNotSupported\",\"message\":\"Unsupported value: "                                         \
    "\\\"Al\\\"\",\"field\":\"spec.cleanPodPolicy\"},"                                                                 \
    "{\"reason\":\"FieldValueInvalid\",\"message\":\"Invalid value: "                                                  \
    "-1\",\"field\":\"spec.activeDeadlineSeconds\"},{}]},\"code\":422}"

static void causes_are_listed_once(void **state)
{
    (void)state;
    struct error e = say(422, INVALID("MPIJob is invalid"));
    assert_string_equal(e.reason, "Invalid");
    assert_string_equal(e.message, "MPIJob is invalid; spec.cleanPodPolicy: Unsupported value: \"Al\"; "
                                   "spec.activeDeadlineSeconds: Invalid value: -1");
    e = say(422, INVALID("MPIJob is invalid: [spec.cleanPodPolicy: Unsupported value: \\\"Al\\\", "
                         "spec.activeDeadlineSeconds: Invalid value: -1]"));
    assert_null(strchr(e.message, ';'));
}

static void text_html_or_nothing(void **state)
{
    (void)state;
    struct error e = say(404, "404 page not found\n");
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_string_equal(
        e.message,
        "PUT " URL ": 404 NotFound with the text \"404 page not found\": the server does not know this path; is the "
        "group or version spelt right, and its definition (CRD) installed?");
    e = say(429, "Too many requests, please try again later.\n");
    assert_string_equal(e.reason, "TooManyRequests");
    assert_true(e.retryable);
    e = say(502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body></html>");
    assert_string_equal(e.message, "PUT " URL ": 502 BadGateway with an HTML page titled \"502 Bad Gateway\"");
    e = say(503, "");
    assert_string_equal(e.message, "PUT " URL ": 503 ServiceUnavailable");
    e = say(500, "<!DOCTYPE html>");
    contains(e.message, "with an HTML page");
    e = say(500, "{\"kind\":\"Status\",\"mess");
    contains(e.message, "with the text \"{\"kind\":\"Status\",\"mess\"");
    e = say(418, "{\"kind\":\"Status\"}");
    assert_string_equal(e.reason, "HTTP");
    contains(e.message, "418 HTTP with the text");
    e = say(400, "<title>");
    contains(e.message, "HTML");
}

static void a_text_cannot_forge_lines_or_flood(void **state)
{
    (void)state;
    char flood[2000];
    memset(flood, 'x', sizeof flood - 1);
    flood[sizeof flood - 1] = '\0';
    struct error e = say(500, flood);
    assert_true(strlen(e.message) < 600);
    contains(e.message, "xxx...");
    e = say(500, "one\r\n\x1b[31m\ttwo");
    contains(e.message, "\"one [31m two\"");
}

static void credentials_and_permissions(void **state)
{
    (void)state;
    struct error e =
        say(401, "{\"kind\":\"Status\",\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}");
    assert_int_equal(e.code, ERR_HTTP);
    assert_string_equal(e.message,
                        "Unauthorized (PUT " URL
                        "); the server does not know our credentials (~/.kube/config, context dev): the token or "
                        "certificate may have expired or belong to another cluster");
    e = say(403, "{\"kind\":\"Status\",\"message\":\"mpijobs.kubeflow.org \\\"x\\\" is forbidden: User \\\"u\\\" "
                 "cannot update resource\","
                 "\"reason\":\"Forbidden\",\"code\":403}");
    contains(e.message,
             "cannot update resource; a Role or ClusterRole must allow it to the user of ~/.kube/config, context dev");
    e = say(401, "");
    contains(e.message, "401 Unauthorized; the server does not know");
}

static struct error refused(int status, const char *message)
{
    struct buf body = BUF_INIT;
    buf_puts(&body, "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"");
    for (const char *p = message; *p; p++)
        buf_printf(&body, *p == '"' ? "\\%c" : "%c", *p);
    buf_puts(&body, "\"}");
    struct error e = say(status, body.ptr);
    buf_free(&body);
    return e;
}

/* Each author of a 403 has a cure of its own; RBAC's is for RBAC's alone. */
static void a_cure_follows_the_words_of_the_refusal(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *message, *cure;
    } cases[] = {
        {403,
         "mpijobs.kubeflow.org is forbidden: User \"system:serviceaccount:ops:m\" cannot list resource \"mpijobs\" in "
         "API group \"kubeflow.org\" in the namespace \"train\"",
         "a Role or ClusterRole must allow it"},
        {403, "forbidden: User \"u\" cannot get path \"/apis\"", "a Role or ClusterRole must allow it"},
        {403, "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\"", "anonymous user"},
        {403,
         "mpijobs.kubeflow.org \"a\" is forbidden: exceeded quota: compute, requested: count/mpijobs.kubeflow.org=1, "
         "used: count/mpijobs.kubeflow.org=10, limited: count/mpijobs.kubeflow.org=10",
         "ResourceQuota is used up"},
        {403, "pods \"a\" is forbidden: failed quota: compute: must specify limits.cpu for: main",
         "asks for these amounts"},
        {403, "pods \"a\" is forbidden: insufficient quota to match these scopes: [{PriorityClass In [high]}]",
         "a ResourceQuota of the namespace covers it"},
        {403, "pods \"a\" is forbidden: status unknown for quota: q, resources: pods", "try again in a moment"},
        {403, "mpijobs.kubeflow.org \"a\" is forbidden: not yet ready to handle request", "try again in a moment"},
        {403,
         "admission webhook \"vmpijob.kb.io\" denied the request: metadata.labels[kueue.x-k8s.io/queue-name]: Invalid "
         "value: \"wide2\": field is immutable",
         "whoever runs this webhook"},
        {403, "admission webhook \"v\" denied the request: User \"u\" cannot do that", "whoever runs this webhook"},
        {400, "admission webhook \"v\" denied the request without explanation", "whoever runs this webhook"},
        {500, "Internal error occurred: failed calling webhook \"v\": Post \"https://v\": connect: connection refused",
         "nothing was written"},
        {422,
         "mpijobs.kubeflow.org \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
         "whoever made the policy"},
        {403, "pods \"a\" is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false",
         "Pod Security Standard"},
        {403,
         "mpijobs.kubeflow.org \"a\" is forbidden: unable to create new content in namespace n because it is being "
         "terminated",
         "wait until it is gone"},
        {403, "pods \"a\" is forbidden: [maximum memory usage per Container is 1Gi, but limit is 2Gi]", "LimitRange"},
        {403, "pods \"a\" is forbidden: error looking up service account n/x: serviceaccount \"x\" not found",
         "create it"},
        {403, "pods \"a\" is forbidden: no PriorityClass with name high was found", "create that PriorityClass"},
        {403,
         "jobs.batch \"a\" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you "
         "can't set finalizers on: , <nil>",
         "subresource finalizers"},
        {403, "pods \"a\" is forbidden: the moon is full", "the user of ~/.kube/config, context dev was refused"},
        {403, "mpijobs.kubeflow.org is forbidden: User \"exceeded quota\" cannot list resource \"mpijobs\"",
         "a Role or ClusterRole must allow it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = refused(cases[i].status, cases[i].message);
        contains(e.message, cases[i].cure);
        if (!strstr(cases[i].cure, "Role") && strstr(e.message, "a Role or ClusterRole must allow it to"))
            fail_msg("RBAC's cure: %s", e.message);
    }
    contains(say(403, "<html><title>Sign in</title></html>").message, "a proxy or gateway before the server");
    contains(say(403, "").message, "a proxy or gateway before the server");
    assert_null(strstr(refused(409, "admission is slow today").message, ";"));
}

static void redirects(void **state)
{
    (void)state;
    struct error e = say(301, "");
    assert_int_equal(e.code, ERR_PROTOCOL);
    assert_string_equal(e.reason, "Protocol");
    contains(e.message, "a redirect to nowhere");
}

static void bodies(void **state)
{
    (void)state;
    struct kube_reply reply = {.method = "GET", .url = URL, .status = 200, .body = str_of(" {\"a\":1}\n")};
    struct json root;
    struct error err;
    assert_int_equal(kube_status_body(&reply, &root, &err), 0);
    assert_true(json_exists(json_get(root, "a")));
    static const char *const bad[] = {"",       " \n", "7",   "null",       "[{}]",
                                      "<html>", "{",   "{}x", "{\"a\":1,}", "{\"a\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        reply.body = str_of(bad[i]);
        assert_int_equal(kube_status_body(&reply, &root, &err), ERR_PROTOCOL);
        assert_int_equal(err.status, 200);
        contains(err.message, "GET " URL ": 200 with ");
    }
}

static void verdicts(void **state)
{
    (void)state;
    static const struct {
        bool repeatable;
        int status, code;
        bool retryable, sent, hopeless;
        int64_t retry_after;
        enum kube_verdict verdict;
    } cases[] = {
        {false, 429, ERR_HTTP, true, true, false, -1, KUBE_AGAIN},
        {false, 503, ERR_HTTP, true, true, false, 0, KUBE_AGAIN},
        {false, 503, ERR_HTTP, true, true, false, -1, KUBE_LOST},
        {true, 503, ERR_HTTP, true, true, false, -1, KUBE_AGAIN},
        {false, 500, ERR_HTTP, true, true, false, -1, KUBE_LOST},
        {false, 500, ERR_HTTP, false, true, true, -1, KUBE_FINAL},
        {true, 504, ERR_HTTP, true, true, false, 3000, KUBE_AGAIN},
        {false, 504, ERR_HTTP, true, true, false, 3000, KUBE_LOST},
        {false, 409, ERR_CONFLICT, false, true, false, -1, KUBE_FINAL},
        {true, 404, ERR_NOT_FOUND, false, true, false, -1, KUBE_FINAL},
        {true, 200, ERR_PROTOCOL, false, true, false, -1, KUBE_FINAL},
        {false, 200, ERR_PROTOCOL, false, true, false, -1, KUBE_LOST},
        {false, 0, ERR_UNREACHABLE, true, false, false, -1, KUBE_AGAIN},
        {false, 0, ERR_UNREACHABLE, false, false, false, -1, KUBE_FINAL}, /* a certificate that is refused */
        {false, 0, ERR_UNREACHABLE, true, true, false, -1, KUBE_LOST},
        {true, 0, ERR_UNREACHABLE, true, true, false, -1, KUBE_AGAIN},
        {true, 0, ERR_TIMEOUT, true, true, false, -1, KUBE_AGAIN},
        {false, 0, ERR_TIMEOUT, true, true, false, -1, KUBE_LOST},
        {true, 0, ERR_LIMIT, false, true, false, -1, KUBE_FINAL},
        {false, 0, ERR_LIMIT, false, true, false, -1, KUBE_LOST},
        {true, 0, ERR_NOMEM, false, true, false, -1, KUBE_FINAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kube_outcome o = {.repeatable = cases[i].repeatable,
                                 .status = cases[i].status,
                                 .code = cases[i].code,
                                 .retryable = cases[i].retryable,
                                 .sent = cases[i].sent,
                                 .hopeless = cases[i].hopeless,
                                 .retry_after_ms = cases[i].retry_after};
        if (kube_judge(&o) != cases[i].verdict)
            fail_msg("case %zu: %d", i, (int)kube_judge(&o));
    }
}

static void paths(void **state)
{
    (void)state;
    struct kube_resource job = {"kubeflow.org", "v2beta1", "mpijobs"}, pod = {"", "v1", "pods"};
    struct buf b = BUF_INIT;
    kube_path(&b, &job, "a b", "ü/x", "status");
    assert_string_equal(b.ptr, "/apis/kubeflow.org/v2beta1/namespaces/a%20b/mpijobs/%C3%BC%2Fx/status");
    buf_reset(&b);
    kube_path(&b, &pod, NULL, NULL, NULL);
    assert_string_equal(b.ptr, "/api/v1/pods");
    buf_reset(&b);
    struct kube_query q = {.label_selector = "a=b",
                           .field_selector = "",
                           .resource_version = "0",
                           .continue_token = "t+/=",
                           .dry_run = "All",
                           .field_manager = "m",
                           .field_validation = "Strict",
                           .propagation_policy = "Orphan",
                           .limit = 5,
                           .pretty = true};
    kube_query_add(&b, &q);
    assert_string_equal(
        b.ptr,
        "?labelSelector=a%3Db&resourceVersion=0&continue=t%2B%2F%3D&dryRun=All&fieldManager=m&fieldValidation=Strict&"
        "propagationPolicy=Orphan&limit=5&pretty=true");
    buf_reset(&b);
    kube_query_add(&b, &(struct kube_query){.pretty = true});
    assert_string_equal(b.ptr, "?pretty=true");
    buf_free(&b);
}

static void out_of_memory(void **state)
{
    (void)state;
    struct kube_reply reply = {
        .method = "GET", .url = URL, .status = 422, .body = str_of(INVALID("MPIJob is invalid"))};
    for (long n = 1;; n++) {
        struct error err = {0};
        struct json root;
        alloc_fail_at(n);
        int rc = kube_status_error(&reply, &err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        assert_true(rc == ERR_HTTP || rc == ERR_NOMEM);
        if (!failed)
            break;
        struct kube_reply page = {.method = "GET", .url = URL, .status = 200, .body = str_of("<html>")};
        alloc_fail_at(n);
        rc = kube_status_body(&page, &root, &err);
        assert_true(rc == ERR_PROTOCOL || rc == ERR_NOMEM);
        alloc_fail_at(0);
    }
}

static uint64_t version(const char *text)
{
    return kube_version(str_of(text));
}

static void versions_are_ordered_where_they_are_numbers(void **state)
{
    (void)state;
    static const char *const words[] = {"", "a", "12a", "-1", "1.0", " 1", "1234567890123456789"};
    assert_int_equal(version("0"), 0);
    assert_int_equal(version("123456789012345678"), 123456789012345678);
    assert_true(kube_version_is_older(version("9"), version("10")));
    assert_false(kube_version_is_older(version("10"), version("10")));
    assert_false(kube_version_is_older(version("10"), version("9")));
    assert_false(kube_version_is_news(version("9"), version("10")));
    assert_false(kube_version_is_news(version("10"), version("10")));
    assert_true(kube_version_is_news(version("10"), version("9")));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        uint64_t word = version(words[i]);
        assert_true(word & KUBE_VERSION_HASH);
        assert_false(kube_version_is_older(word, version("10")) || kube_version_is_older(version("10"), word));
        assert_true(kube_version_is_news(word, version("10")) && kube_version_is_news(version("10"), word));
        for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
            assert_false(kube_version_is_older(word, version(words[k])));
            assert_int_equal(kube_version_is_news(word, version(words[k])), i != k);
        }
    }
    assert_int_equal(version("a"), UINT64_C(0xaf63dc4c8601ec8c)); /* rows of the store hold it */
}

static void a_pause_is_never_less_than_the_server_asks_for(void **state)
{
    (void)state;
    const struct backoff backoff = {.first_ms = 200, .most_ms = 10000, .jitter = BACKOFF_FULL};
    struct chance chance;
    uint64_t most = 0;
    chance_seed(&chance, 7);
    for (int round = 0; round < 2000; round++) {
        uint64_t told = kube_pause_ms(&backoff, 1, 3000, &chance), untold = kube_pause_ms(&backoff, 3, -1, &chance);
        assert_true(told >= 3000 && told <= 3200);
        assert_true(untold <= 800);
        most = untold > most ? untold : most;
    }
    assert_true(most > 720);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_ordered_where_they_are_numbers),
        cmocka_unit_test(a_pause_is_never_less_than_the_server_asks_for),
        cmocka_unit_test(a_status_speaks_for_itself),
        cmocka_unit_test(the_path_or_the_object),
        cmocka_unit_test(causes_are_listed_once),
        cmocka_unit_test(text_html_or_nothing),
        cmocka_unit_test(a_text_cannot_forge_lines_or_flood),
        cmocka_unit_test(credentials_and_permissions),
        cmocka_unit_test(a_cure_follows_the_words_of_the_refusal),
        cmocka_unit_test(redirects),
        cmocka_unit_test(bodies),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(paths),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("kube_status", tests, NULL, NULL);
}
