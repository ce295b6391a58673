/* SPDX-License-Identifier: Apache-2.0 */
/* Kubeconfig files as kubectl reads them, a pod's own configuration, and what is said about broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc.h"
#include "kube/config/kube_config.h"

#define FIXTURES TEST_SOURCE_DIR "/tests/fixtures/kubeconfig/"

static char folder[] = TEST_BINARY_DIR "/kubeconfig-XXXXXX";

/* The environment that a test gives: name, value pairs. */
static const char *environment[16];

static const char *get_environment(const char *name)
{
    for (size_t i = 0; environment[i]; i += 2) {
        if (strcmp(environment[i], name) == 0)
            return environment[i + 1];
    }
    return NULL;
}

static void set_environment(const char *name, const char *value)
{
    size_t i = 0;
    while (environment[i] && strcmp(environment[i], name) != 0)
        i += 2;
    environment[i] = name;
    environment[i + 1] = value;
}

static int setup(void **state)
{
    (void)state;
    memset(environment, 0, sizeof environment);
    return 0;
}

/* A path in the test's folder; the last four stay valid. */
static const char *path_of(const char *name)
{
    static char paths[4][512];
    static unsigned at;
    char *path = paths[at++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static const char *write_file(const char *name, const char *text)
{
    const char *path = path_of(name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static struct kube_config load(const char *kubeconfig, const char *context)
{
    struct kube_config_source source = {.kubeconfig = kubeconfig, .context = context, .getenv = get_environment};
    struct kube_config config;
    struct error err;
    if (kube_config_load(&source, &config, &err))
        fail_msg("%s", err.message);
    return config;
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
}

/* Loading fails with this code, and the message says this; never a secret. */
static void refused(const char *kubeconfig, const char *context, int code, const char *says)
{
    struct kube_config_source source = {.kubeconfig = kubeconfig, .context = context, .getenv = get_environment};
    struct kube_config config;
    struct error err;
    int rc = kube_config_load(&source, &config, &err);
    if (rc != code)
        fail_msg("%d instead of %d: %s", rc, code, rc ? err.message : "success");
    contains(err.message, says);
    assert_null(strstr(err.message, "canary"));
    assert_null(config.server);
}

/* A kubeconfig of one cluster and user, with what they are. */
static const char *simple(const char *cluster, const char *user)
{
    struct buf text = BUF_INIT;
    buf_printf(&text,
               "apiVersion: v1\nkind: Config\ncurrent-context: dev\n"
               "contexts:\n- name: dev\n  context: {cluster: c, user: u}\n"
               "clusters:\n- name: c\n  cluster: {%s}\nusers:\n- name: u\n  user: {%s}\n",
               cluster, user);
    const char *path = write_file("simple", text.ptr);
    buf_free(&text);
    return path;
}

#define HTTPS "server: \"https://h:1\""

/* ---- what the tools write ---- */

static void clusters_with_certificates_in_them(void **state)
{
    (void)state;
    static const struct {
        const char *file, *server, *context;
    } files[] = {
        {FIXTURES "kind.yaml", "https://127.0.0.1:38279", "kind-dev"},
        {FIXTURES "k3s.yaml", "https://127.0.0.1:6443", "default"},
        {FIXTURES "cce.json", "https://192.168.0.9:5443", "internal"},
    };
    for (size_t i = 0; i < 3; i++) {
        struct kube_config c = load(files[i].file, NULL);
        assert_string_equal(c.server, files[i].server);
        assert_string_equal(c.context, files[i].context);
        assert_string_equal(c.name_space, "default");
        contains(c.origin, files[i].file);
        contains(c.origin, files[i].context);
        contains(c.ca.ptr, "-----BEGIN CERTIFICATE-----\n");
        contains(c.certificate.ptr, "-----BEGIN CERTIFICATE-----\n");
        contains(c.key.ptr, "-----BEGIN RSA PRIVATE KEY-----\n");
        assert_true(c.ca.secret && c.certificate.secret && c.key.secret && c.token.secret && c.password.secret);
        assert_false(c.insecure);
        assert_int_equal(c.token.len, 0);
        assert_null(c.ca_file);
        kube_config_free(&c);
    }
}

static void minikube_names_files_beside_it(void **state)
{
    (void)state;
    struct kube_config c = load(FIXTURES "minikube.yaml", NULL);
    assert_string_equal(c.server, "https://192.168.49.2:8443");
    assert_string_equal(c.ca_file, FIXTURES "minikube/ca.crt");
    assert_string_equal(c.certificate_file, FIXTURES "minikube/profiles/minikube/client.crt");
    assert_string_equal(c.key_file, FIXTURES "minikube/profiles/minikube/client.key");
    assert_int_equal(c.ca.len, 0);
    kube_config_free(&c);
}

static void relative_paths_start_at_the_file(void **state)
{
    (void)state;
    assert_int_equal(chdir(FIXTURES "minikube"), 0);
    struct kube_config c = load("../minikube.yaml", NULL);
    assert_string_equal(c.ca_file, FIXTURES "minikube/ca.crt");
    kube_config_free(&c);
    assert_int_equal(chdir(FIXTURES), 0);
    c = load("minikube.yaml", NULL);
    assert_string_equal(c.ca_file, FIXTURES "minikube/ca.crt");
    kube_config_free(&c);
}

static void aks_has_a_token_beside_the_certificate(void **state)
{
    (void)state;
    struct kube_config c = load(FIXTURES "aks.yaml", NULL);
    assert_string_equal(c.token.ptr, "canary-token-aks");
    assert_true(c.certificate.len && c.key.len);
    kube_config_free(&c);
}

static void other_forms_of_the_clouds(void **state)
{
    (void)state;
    struct kube_config c = load(FIXTURES "aks-kubelogin.yaml", NULL);
    assert_string_equal(c.exec->command, "kubelogin");
    assert_string_equal(c.exec->args[10], "azurecli");
    assert_null(c.exec->env[0]);
    assert_false(c.exec->cluster_info);
    assert_non_null(strstr(c.exec->install_hint, "https://aka.ms/aks/kubelogin"));
    kube_config_free(&c);
    c = load(FIXTURES "eks-eksctl.yaml", NULL);
    assert_string_equal(c.exec->command, "aws-iam-authenticator");
    assert_string_equal(c.exec->env[0], "AWS_STS_REGIONAL_ENDPOINTS=regional");
    assert_string_equal(c.exec->env[1], "AWS_DEFAULT_REGION=eu-central-1");
    kube_config_free(&c);
    c = load(FIXTURES "openshift-installer.yaml", NULL);
    assert_non_null(strstr(strstr(c.ca.ptr, "END CERTIFICATE") + 1, "END CERTIFICATE")); /* two */
    assert_true(c.certificate.len && c.key.len);
    kube_config_free(&c);
    c = load(FIXTURES "cci.yaml", NULL);
    assert_string_equal(c.server, "https://cci.cn-north-4.myhuaweicloud.com");
    assert_string_equal(c.exec->command, "cci-iam-authenticator");
    assert_string_equal(c.exec->args[5], "--sk=canary-sk-cci");
    kube_config_free(&c);
}

static void openshift_has_contexts_with_slashes(void **state)
{
    (void)state;
    struct kube_config c = load(FIXTURES "openshift.yaml", NULL);
    assert_string_equal(c.name_space, "research");
    assert_string_equal(c.token.ptr, "sha256~canary-token-openshift-developer");
    assert_true(c.insecure);
    kube_config_free(&c);
    c = load(FIXTURES "openshift.yaml", "default/api-crc-testing:6443/kubeadmin");
    assert_string_equal(c.token.ptr, "sha256~canary-token-openshift-kubeadmin");
    kube_config_free(&c);
    c = load(FIXTURES "cce.json", "external");
    assert_string_equal(c.server, "https://198.51.100.4:5443");
    kube_config_free(&c);
}

static void eks_and_gke_have_plugins(void **state)
{
    (void)state;
    struct kube_config c = load(FIXTURES "eks.yaml", NULL);
    assert_non_null(c.exec);
    assert_string_equal(c.exec->command, "aws");
    assert_string_equal(c.exec->api_version, "client.authentication.k8s.io/v1beta1");
    assert_string_equal(c.exec->args[0], "--region");
    assert_string_equal(c.exec->args[7], "json");
    assert_null(c.exec->args[8]);
    assert_null(c.exec->env[0]);
    assert_false(c.exec->cluster_info);
    assert_null(c.exec->install_hint);
    kube_config_free(&c);
    c = load(FIXTURES "gke.yaml", NULL);
    assert_string_equal(c.exec->command, "gke-gcloud-auth-plugin");
    assert_true(c.exec->cluster_info);
    assert_non_null(strstr(c.exec->install_hint, "Install gke-gcloud-auth-plugin for use with kubectl by following "
                                                 "https://"));
    assert_non_null(strstr(c.exec->origin, "gke.yaml:19: user \"gke_project-1_europe-west3-a_training\""));
    kube_config_free(&c);
    refused(FIXTURES "gke-legacy.yaml", NULL, ERR_INVALID, "auth-provider, which is not supported");
}

#define V1 "apiVersion: client.authentication.k8s.io/v1, "

static void a_plugin_with_everything(void **state)
{
    (void)state;
    struct kube_config c = load(
        simple(HTTPS ", extensions: [{name: other, extension: 1}, {name: client.authentication.k8s.io/exec, extension: "
                     "{audience: a, m: 3, s: \"3\", list: [true, ~]}}]",
               "exec: {" V1
               "command: bin/get, args: [a, \"\"], env: [{name: A, value: canary}, {name: B, value: \"\"}], "
               "interactiveMode: Never, provideClusterInfo: true}"),
        NULL);
    assert_string_equal(c.exec->command, path_of("bin/get"));
    assert_string_equal(c.exec->args[0], "a");
    assert_string_equal(c.exec->args[1], "");
    assert_string_equal(c.exec->env[0], "A=canary");
    assert_string_equal(c.exec->env[1], "B=");
    assert_string_equal(c.exec->cluster_extra, "{\"audience\":\"a\",\"m\":3,\"s\":\"3\",\"list\":[true,null]}");
    kube_config_free(&c);
    /* What stands there wins, as in kubectl. */
    c = load(simple(HTTPS, "token: t, exec: {" V1 "command: x}"), NULL);
    assert_null(c.exec);
    kube_config_free(&c);
}

static void plugins_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        const char *user, *says;
    } bad[] = {
        {"exec: x", "simple:12: exec must hold command, args and apiVersion"},
        {"exec: {command: x}", "apiVersion is missing"},
        {"exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}", "is gone since Kubernetes 1.24"},
        {"exec: {command: x, apiVersion: v1}", "apiVersion must be client.authentication.k8s.io/v1 or"},
        {"exec: {" V1 "args: []}", "command is missing"},
        {"exec: {" V1 "command: [x]}", "command must be text"},
        {"exec: {" V1 "command: x, args: y}", "args must be a list"},
        {"exec: {" V1 "command: x, args: [[y]]}", "args must be a list"},
        {"exec: {" V1 "command: x, env: {a: canary}}", "env must be a list"},
        {"exec: {" V1 "command: x, env: [canary]}", "env must be a list"},
        {"exec: {" V1 "command: x, env: [{value: canary}]}", "an entry of env has no name"},
        {"exec: {" V1 "command: x, env: [{name: a=b}]}", "an entry of env has no name"},
        {"exec: {" V1 "command: x, interactiveMode: Always}", "mpijobd has none"},
        {"exec: {" V1 "command: x, interactiveMode: Some}", "must be Never, IfAvailable or Always"},
        {"exec: {" V1 "command: x, provideClusterInfo: 7}", "provideClusterInfo must be true or false"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(simple(HTTPS, bad[i].user), NULL, ERR_INVALID, bad[i].says);
}

/* Aliases of aliases: reading it comes to an end. */
static void an_extension_that_grows_without_end(void **state)
{
    (void)state;
    struct buf extension = BUF_INIT;
    buf_puts(&extension,
             HTTPS ", extensions: [{name: client.authentication.k8s.io/exec, extension: {a0: &a0 [x, x, x, x]");
    for (int i = 1; i < 30; i++)
        buf_printf(&extension, ", a%d: &a%d [*a%d, *a%d, *a%d, *a%d]", i, i, i - 1, i - 1, i - 1, i - 1);
    buf_puts(&extension, "}}]");
    refused(simple(extension.ptr, "exec: {" V1 "command: x, provideClusterInfo: true}"), NULL, ERR_LIMIT,
            "the cluster's extension for exec plugins is larger than the limit");
    buf_free(&extension);
}

static void an_access_key_by_hand(void **state)
{
    (void)state;
    struct kube_config c;
    struct error err;
    struct kube_config_source source = {.server = "https://cci.example.com",
                                        .access_key_file = write_file("ak", "a"),
                                        .secret_key_file = write_file("sk", "canary"),
                                        .getenv = get_environment};
    assert_int_equal(kube_config_load(&source, &c, &err), 0);
    assert_string_equal(c.secret_key_file, path_of("sk"));
    assert_null(c.security_token_file);
    kube_config_free(&c);
    source.security_token_file = path_of("none");
    assert_int_equal(kube_config_load(&source, &c, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "the security token of the cluster: cannot read "));
    source.security_token_file = source.secret_key_file = NULL;
    assert_int_equal(kube_config_load(&source, &c, &err), ERR_INVALID);
}

static void an_iam_by_hand(void **state)
{
    (void)state;
    struct kube_config c;
    struct error err;
    struct kube_iam iam = {.domain = (char[]){"d"}, .user = (char[]){"u"}, .project = (char[]){"p"}};
    char password[512], ca[512];
    snprintf(password, sizeof password, "%s", write_file("pw", "canary"));
    snprintf(ca, sizeof ca, "%s", write_file("ca", "x"));
    iam.password_file = password;
    struct kube_config_source source = {
        .server = "https://cci.example.com", .ca_file = ca, .iam = &iam, .getenv = get_environment};
    static const struct {
        const char *endpoint, *becomes; /* NULL: refused */
    } cases[] = {{"https://iam.example.com", "https://iam.example.com"},
                 {" https://iam.example.com:8443/v3/ ", "https://iam.example.com:8443"},
                 {"https://iam.example.com/", "https://iam.example.com"},
                 {"http://127.0.0.1:1", "http://127.0.0.1:1"},
                 {"http://[::1]:1", "http://[::1]:1"},
                 {"http://iam.example.com", NULL},
                 {"iam.example.com", NULL},
                 {"https://", NULL},
                 {"https://user:canary@iam.example.com", NULL},
                 {"https://iam.example.com?canary", NULL},
                 {"https://iam example.com", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char endpoint[64];
        snprintf(endpoint, sizeof endpoint, "%s", cases[i].endpoint);
        iam.endpoint = endpoint;
        int rc = kube_config_load(&source, &c, &err);
        if (!cases[i].becomes) {
            assert_int_equal(rc, ERR_INVALID);
            assert_non_null(strstr(err.message, "cluster.auth.endpoint"));
            assert_null(strstr(err.message, "canary"));
            continue;
        }
        assert_int_equal(rc, 0);
        assert_string_equal(c.iam->endpoint, cases[i].becomes);
        assert_string_equal(c.iam->ca_file, ca); /* the cluster's, where it has none of its own */
        kube_config_free(&c);
    }
    iam.endpoint = (char[]){"https://iam.example.com"};
    iam.password_file = (char[]){"/none/such"};
    assert_int_equal(kube_config_load(&source, &c, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "the password of the cluster's IAM user: cannot read /none/such"));
}

static void somebody_else_by_the_command_line(void **state)
{
    (void)state;
    struct kube_config c;
    struct error err;
    static const char *const groups[] = {"g", NULL};
    struct kube_config_source source = {
        .kubeconfig = simple(HTTPS, "as: a, as-uid: b, as-groups: [c, d]"), .as_user = "x", .getenv = get_environment};
    assert_int_equal(kube_config_load(&source, &c, &err), 0);
    assert_string_equal(c.as_user, "x");
    assert_null(c.as_uid);
    assert_null(c.as_groups);
    kube_config_free(&c);
    source.as_uid = "y";
    source.as_groups = groups;
    assert_int_equal(kube_config_load(&source, &c, &err), 0);
    assert_string_equal(c.as_uid, "y");
    assert_string_equal(c.as_groups[0], "g");
    assert_null(c.as_groups[1]);
    kube_config_free(&c);
    source.as_user = NULL;
    assert_int_equal(kube_config_load(&source, &c, &err), ERR_INVALID);
}

/* ---- where it is looked for ---- */

#define CLUSTER(name, port) "- name: " name "\n  cluster: {server: \"https://h:" port "\"}\n"
#define CONTEXT(name, cluster) "- name: " name "\n  context: {cluster: " cluster "}\n"

static void a_list_of_files_is_merged(void **state)
{
    (void)state;
    char list[2048];
    write_file("one", "contexts:\n" CONTEXT("a", "shared") "clusters:\n" CLUSTER("shared", "1"));
    write_file("two", "current-context: b\ncontexts:\n" CONTEXT("a", "other")
                          CONTEXT("b", "shared") "clusters:\n" CLUSTER("shared", "2") CLUSTER("other", "3"));
    write_file("three", "current-context: a\n"); /* and nothing else */
    write_file("blank", "# nothing here\n");
    snprintf(list, sizeof list, ":%s/missing:%s/one:%s/blank:%s/three::%s/two", folder, folder, folder, folder, folder);
    set_environment("KUBECONFIG", list);
    struct kube_config c = load(NULL, NULL);
    assert_string_equal(c.context, "a");          /* the first that names one */
    assert_string_equal(c.server, "https://h:1"); /* the first that has the entry */
    kube_config_free(&c);
    c = load(NULL, "a");
    assert_string_equal(c.server, "https://h:1");
    kube_config_free(&c);
    refused(NULL, "prod", ERR_NOT_FOUND, "no context \"prod\" in ");
    refused(NULL, "prod", ERR_NOT_FOUND, "it has a, b");
}

static void at_home(void **state)
{
    (void)state;
    char kube[600];
    snprintf(kube, sizeof kube, "%s/.kube", folder);
    mkdir(kube, 0700);
    write_file(".kube/config", "current-context: a\ncontexts:\n" CONTEXT("a", "c") "clusters:\n" CLUSTER("c", "7"));
    set_environment("HOME", folder);
    struct kube_config c = load(NULL, NULL);
    assert_string_equal(c.server, "https://h:7");
    kube_config_free(&c);
    c = load("~/.kube/config", NULL);
    assert_string_equal(c.server, "https://h:7");
    kube_config_free(&c);
    set_environment("KUBECONFIG", "");
    c = load(NULL, NULL);
    assert_string_equal(c.server, "https://h:7");
    kube_config_free(&c);
}

static void nowhere(void **state)
{
    (void)state;
    set_environment("HOME", "/nonexistent");
    refused(NULL, NULL, ERR_NOT_FOUND, "KUBECONFIG is not set, /nonexistent/.kube/config is missing or empty");
    set_environment("KUBECONFIG", "/nonexistent/a:/nonexistent/b");
    refused(NULL, NULL, ERR_NOT_FOUND, "no kubeconfig: /nonexistent/a, /nonexistent/b is missing or empty");
    refused("/nonexistent/c", NULL, ERR_NOT_FOUND, "no kubeconfig at /nonexistent/c");
    refused(folder, NULL, ERR_IO, folder);
}

/* ---- a pod ---- */

static struct kube_config pod(const char *account)
{
    struct kube_config_source source = {.getenv = get_environment, .service_account = account};
    struct kube_config config;
    struct error err;
    if (kube_config_load(&source, &config, &err))
        fail_msg("%s", err.message);
    return config;
}

static void in_cluster(void **state)
{
    (void)state;
    write_file("token", "canary-token-pod\n");
    write_file("ca.crt", "-----BEGIN CERTIFICATE-----\n");
    write_file("namespace", "research\n");
    set_environment("HOME", "/nonexistent");
    set_environment("KUBERNETES_SERVICE_HOST", "10.96.0.1");
    set_environment("KUBERNETES_SERVICE_PORT", "443");
    struct kube_config c = pod(folder);
    assert_string_equal(c.server, "https://10.96.0.1:443");
    assert_string_equal(c.origin, "in-cluster");
    assert_string_equal(c.context, "");
    assert_string_equal(c.name_space, "research");
    assert_string_equal(c.token_file, path_of("token"));
    assert_string_equal(c.ca_file, path_of("ca.crt"));
    kube_config_free(&c);
    set_environment("KUBERNETES_SERVICE_HOST", "fd00::1");
    set_environment("POD_NAMESPACE", "other");
    unlink(path_of("ca.crt"));
    c = pod(folder);
    assert_string_equal(c.server, "https://[fd00::1]:443");
    assert_string_equal(c.name_space, "other");
    assert_null(c.ca_file);
    kube_config_free(&c);
    set_environment("KUBERNETES_SERVICE_HOST", "[fd00::1]");
    c = pod(folder);
    assert_string_equal(c.server, "https://[fd00::1]:443");
    kube_config_free(&c);
    refused(NULL, "dev", ERR_NOT_FOUND, "a service account has no contexts");
    unlink(path_of("token"));
    struct kube_config_source source = {.getenv = get_environment, .service_account = folder};
    struct error err;
    assert_int_equal(kube_config_load(&source, &c, &err), ERR_NOT_FOUND);
    contains(err.message, "this is no pod with a service account");
}

static void by_hand(void **state)
{
    (void)state;
    struct kube_config c;
    struct error err;
    const char *token = write_file("token", "x"), *ca = write_file("ca", "-----BEGIN ");
    struct kube_config_source source = {
        .server = "https://cci.example/", .token_file = token, .ca_file = ca, .getenv = get_environment};
    assert_int_equal(kube_config_load(&source, &c, &err), 0);
    assert_string_equal(c.server, "https://cci.example");
    assert_string_equal(c.token_file, token);
    assert_string_equal(c.ca_file, ca);
    assert_string_equal(c.name_space, "default");
    kube_config_free(&c);
    source.ca_file = "/nonexistent/ca.pem";
    assert_int_equal(kube_config_load(&source, &c, &err), ERR_NOT_FOUND);
    contains(err.message, "/nonexistent/ca.pem");
    source.ca_file = NULL;
    source.server = "ftp://x";
    assert_int_equal(kube_config_load(&source, &c, &err), ERR_INVALID);
    contains(err.message, "must begin with https:// or http://");
    /* Files beside a kubeconfig replace its own. */
    source = (struct kube_config_source){
        .kubeconfig = FIXTURES "openshift.yaml", .token_file = token, .ca_file = ca, .getenv = get_environment};
    assert_int_equal(kube_config_load(&source, &c, &err), 0);
    assert_int_equal(c.token.len, 0);
    assert_string_equal(c.token_file, token);
    assert_false(c.insecure);
    kube_config_free(&c);
}

/* ---- what stands in it ---- */

static void every_member(void **state)
{
    (void)state;
    write_file("tok", "x");
    struct kube_config c = load(simple(HTTPS ", tls-server-name: api.example, proxy-url: "
                                             "\"socks5://canary:canary@p:1\", insecure-skip-tls-verify: true, "
                                             "disable-compression: true, unknown: {a: [1]}",
                                       "token: 12345678901234567890, tokenFile: tok, as: system:admin, as-uid: 7, "
                                       "as-groups: [g1, g2], unknown: ~"),
                                NULL);
    assert_string_equal(c.tls_server_name, "api.example");
    assert_string_equal(c.proxy_url, "socks5://canary:canary@p:1");
    assert_true(c.insecure);
    assert_string_equal(c.token.ptr, "12345678901234567890"); /* no number was made of it */
    assert_string_equal(c.token_file, path_of("tok"));
    assert_string_equal(c.as_user, "system:admin");
    assert_string_equal(c.as_uid, "7");
    assert_string_equal(c.as_groups[0], "g1");
    assert_string_equal(c.as_groups[1], "g2");
    assert_null(c.as_groups[2]);
    kube_config_free(&c);
    c = load(simple(HTTPS, "username: on, password: 007"), NULL);
    assert_string_equal(c.username, "on");
    assert_string_equal(c.password.ptr, "007");
    kube_config_free(&c);
}

static void data_wins_over_files(void **state)
{
    (void)state;
    struct kube_config c =
        load(simple(HTTPS ", certificate-authority: missing, certificate-authority-data: LS0tLS1CRUdJTiA=",
                    "client-certificate: missing, client-certificate-data: LS0tLS1CRUdJTiA=, client-key: missing, "
                    "client-key-data: "
                    "LS0tLS1CRUdJTiA="),
             NULL);
    assert_string_equal(c.ca.ptr, "-----BEGIN ");
    assert_null(c.ca_file);
    assert_null(c.certificate_file);
    assert_null(c.key_file);
    kube_config_free(&c);
}

static void servers(void **state)
{
    (void)state;
    static const struct {
        const char *text, *server;
    } good[] = {
        {"server: \"https://h:1/\"", "https://h:1"},
        {"server: https://rancher.example/k8s/clusters/c-1//", "https://rancher.example/k8s/clusters/c-1"},
        {"server: \"h:8080\"", "http://h:8080"},
        {"server: \"h:6443\", insecure-skip-tls-verify: yes", "https://h:6443"},
        {"server: \"https://[fd00::1]:6443\"", "https://[fd00::1]:6443"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct kube_config c = load(simple(good[i].text, ""), NULL);
        assert_string_equal(c.server, good[i].server);
        kube_config_free(&c);
    }
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"server: ", "simple:9: cluster \"c\" has no server"},
        {"server: \"unix:///run/x\"", "simple:9: server must begin with https://"},
        {"server: \"https://\"", "simple:9: server is no URL; it reads like"},
        {"server: \"https://a b\"", "has a character that does not belong there"},
        {"server: \"https://a?b\"", "has a character that does not belong there"},
        {"server: \"https://me:canary@h\"", "has a user name in its URL; use the user's username and password"},
        {"server: [1]", "simple:9: server must be text"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(simple(bad[i].text, ""), NULL, ERR_INVALID, bad[i].says);
}

static void anchors_and_merge_keys(void **state)
{
    (void)state;
    struct kube_config c = load(
        write_file(
            "anchors",
            "base: &base {server: \"https://h:1\", tls-server-name: a}\n"
            "clusters: [{name: &n c, cluster: {<<: *base, tls-server-name: b}}, {name: d, cluster: {<<: [*base]}}]\n"
            "contexts: [{name: x, context: {cluster: *n}}, {name: y, context: {cluster: d}}]\n"
            "current-context: x\n"),
        NULL);
    assert_string_equal(c.server, "https://h:1");
    assert_string_equal(c.tls_server_name, "b");
    kube_config_free(&c);
    c = load(path_of("anchors"), "y");
    assert_string_equal(c.tls_server_name, "a");
    kube_config_free(&c);
    /* A mapping merged into itself, and many into many: an end all the same. */
    refused(write_file("loop", "kind: Config\nclusters: &a [{<<: *a}]\nx: &m {<<: [*m, *m, *m, *m]}\ncontexts: "
                               "[*m]\ncurrent-context: a\n"),
            NULL, ERR_NOT_FOUND, "no context \"a\"");
}

static void of_a_key_that_stands_twice_the_last_counts(void **state)
{
    (void)state;
    struct kube_config c = load(simple("server: \"https://h:1\", server: \"https://h:2\"", ""), NULL);
    assert_string_equal(c.server, "https://h:2");
    kube_config_free(&c);
}

/* ---- what is wrong with it ---- */

static void files_that_are_none(void **state)
{
    (void)state;
    refused(write_file("f", ""), NULL, ERR_INVALID, "/f is empty: a kubeconfig has clusters");
    refused(write_file("f", " \n# only this\n"), NULL, ERR_INVALID, "/f is empty");
    refused(write_file("f", "apiVersion: v1\nclusters: []\n"), NULL, ERR_INVALID, "/f is empty");
    refused(write_file("f", "hello\n"), NULL, ERR_INVALID, "/f:1: this is no kubeconfig");
    refused(write_file("f", "kind: Config\ntoken: \"canary\nusers: [\n"), NULL, ERR_SYNTAX, "/f:");
    refused(write_file("f", "a: b\n c: canary\n"), NULL, ERR_SYNTAX,
            "/f:2: this is not YAML: mapping values are not allowed");
    refused(write_file("f", "a: \xc3\x28\n"), NULL, ERR_SYNTAX, "is not YAML: invalid");
    refused(write_file("f", "apiVersion: apps/v1\nkind: Deployment\n"), NULL, ERR_INVALID,
            "/f:2: this is no kubeconfig: its kind is not Config");
    refused(write_file("f", "kind: Config\nclusters: {a: b}\n"), NULL, ERR_INVALID, "/f:2: clusters must be a list");
    write_file("f", "kind: Config\n");
    chmod(path_of("f"), 0);
    if (geteuid() != 0)
        refused(path_of("f"), NULL, ERR_IO, "Permission denied");
    chmod(path_of("f"), 0600);
}

/* What kubectl config view prints where there is nothing. In a pod it must not hide the service account. */
static void an_empty_one_is_passed_over(void **state)
{
    (void)state;
    const char *path = write_file("nothing", "apiVersion: v1\nclusters: null\ncontexts: null\ncurrent-context: \"\"\n"
                                             "kind: Config\npreferences: {}\nusers: null\n");
    refused(path, NULL, ERR_INVALID, "/nothing is empty");
    set_environment("KUBECONFIG", path);
    refused(NULL, NULL, ERR_NOT_FOUND, "/nothing is missing or empty");
    set_environment("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    set_environment("KUBERNETES_SERVICE_PORT", "443");
    write_file("token", "x");
    struct kube_config c = pod(folder);
    assert_string_equal(c.origin, "in-cluster");
    kube_config_free(&c);
}

static void names_that_lead_nowhere(void **state)
{
    (void)state;
#define USERS "users:\n- name: u\n  user: {token: canary}\n"
    refused(write_file("f", "contexts:\n" CONTEXT("dev", "c") CONTEXT("test", "c")), NULL, ERR_INVALID,
            "names no current-context; choose one with --context: dev, test");
    refused(write_file("f", "current-context: prod\ncontexts:\n" CONTEXT("dev", "c") CONTEXT("test", "c")), NULL,
            ERR_NOT_FOUND, "/f; it has dev, test");
    refused(path_of("f"), "", ERR_NOT_FOUND, "no context \"prod\"");
    refused(path_of("f"), "dev", ERR_NOT_FOUND, "no cluster \"c\" in ");
    refused(path_of("f"), "dev", ERR_NOT_FOUND, "it has none");
    refused(write_file("f", USERS
                       "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: v}}]\nclusters:\n" CLUSTER(
                           "c", "1")),
            NULL, ERR_NOT_FOUND, "no user \"v\" in ");
    refused(write_file("f", "current-context: a\ncontexts: [{name: a}]\n"), NULL, ERR_INVALID,
            "context \"a\" names no cluster");
    refused(write_file("f", "current-context: a\ncontexts: [7, {name: a, context: {cluster: c}}]\nclusters:\n" CLUSTER(
                                "c", "1") CLUSTER("c", "2")),
            NULL, ERR_INVALID, "/f:6: \"c\" stands twice in clusters, first in line 4");
}

static void members_that_are_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *cluster, *user, *says;
        int code;
    } bad[] = {
        {HTTPS ", certificate-authority-data: c3_!", "", "simple:9: certificate-authority-data is no valid base64",
         ERR_INVALID},
        {HTTPS ", certificate-authority-data: aGVsbG8", "", "no valid base64", ERR_INVALID},
        {HTTPS ", certificate-authority-data: aGVsbG8=", "", "holds no PEM", ERR_INVALID},
        {HTTPS ", certificate-authority: nope.crt", "", "simple:9: certificate-authority: cannot read ", ERR_NOT_FOUND},
        {HTTPS ", certificate-authority: .", "", "it is a directory", ERR_IO},
        {HTTPS ", certificate-authority: simple, insecure-skip-tls-verify: true", "", "take one of them out",
         ERR_INVALID},
        {HTTPS ", insecure-skip-tls-verify: maybe", "", "simple:9: insecure-skip-tls-verify must be true or false",
         ERR_INVALID},
        {HTTPS ", proxy-url: \"me:canary@proxy:1\"", "", "simple:9: proxy-url must begin with", ERR_INVALID},
        {HTTPS, "client-certificate: simple", "simple:12: user \"u\" has a client-certificate, but neither",
         ERR_INVALID},
        {HTTPS, "token: canary, username: me", "has a token and a username", ERR_INVALID},
        {HTTPS, "token: {canary: canary}", "simple:12: token must be text", ERR_INVALID},
        {HTTPS, "token: \"canary\\0canary\"", "token has a NUL byte", ERR_INVALID},
        {HTTPS, "tokenFile: nope", "simple:12: tokenFile: cannot read ", ERR_NOT_FOUND},
        {HTTPS, "as-groups: [a]", "want `as`", ERR_INVALID},
        {HTTPS, "as: a, as-groups: [[a]]", "as-groups must be a list of names", ERR_INVALID},
        {HTTPS, "as: a, as-user-extra: {a: [b]}", "as-user-extra is not supported", ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(simple(bad[i].cluster, bad[i].user), NULL, bad[i].code, bad[i].says);
}

static long fail_each_allocation(const char *path)
{
    struct kube_config_source source = {.kubeconfig = path, .getenv = get_environment};
    long n = 1;
    for (;; n++) {
        struct kube_config c;
        struct error err;
        alloc_fail_at(n);
        int rc = kube_config_load(&source, &c, &err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (!rc)
            kube_config_free(&c);
        if (!failed)
            return n;
        if (rc && rc != ERR_NOMEM)
            fail_msg("allocation %ld: %s", n, err.message);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    write_file("tok", "x");
    assert_true(fail_each_allocation(simple(
                    HTTPS ", certificate-authority-data: LS0tLS1CRUdJTiA=, tls-server-name: a, proxy-url: \"http://p\"",
                    "tokenFile: tok, as: a, as-uid: b, as-groups: [a, b], client-certificate: tok, client-key: tok")) >
                15);
    assert_true(fail_each_allocation(
                    simple(HTTPS ", extensions: [{name: client.authentication.k8s.io/exec, extension: {a: [1]}}]",
                           "exec: {" V1 "command: ./x, args: [a, b], env: [{name: A, value: b}], installHint: x, "
                           "provideClusterInfo: true}")) > 15);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(clusters_with_certificates_in_them),
        TEST(minikube_names_files_beside_it),
        TEST(relative_paths_start_at_the_file),
        TEST(aks_has_a_token_beside_the_certificate),
        TEST(other_forms_of_the_clouds),
        TEST(openshift_has_contexts_with_slashes),
        TEST(eks_and_gke_have_plugins),
        TEST(a_plugin_with_everything),
        TEST(an_extension_that_grows_without_end),
        TEST(plugins_that_cannot_be),
        TEST(an_access_key_by_hand),
        TEST(an_iam_by_hand),
        TEST(somebody_else_by_the_command_line),
        TEST(a_list_of_files_is_merged),
        TEST(at_home),
        TEST(nowhere),
        TEST(in_cluster),
        TEST(by_hand),
        TEST(every_member),
        TEST(data_wins_over_files),
        TEST(servers),
        TEST(anchors_and_merge_keys),
        TEST(of_a_key_that_stands_twice_the_last_counts),
        TEST(files_that_are_none),
        TEST(an_empty_one_is_passed_over),
        TEST(names_that_lead_nowhere),
        TEST(members_that_are_wrong),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("kube_config", tests, make_folder, remove_folder);
}
