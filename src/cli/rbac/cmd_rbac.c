/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd rbac: the least that the policies have to be allowed, as roles and bindings. */
#include <stdio.h>
#include <string.h>

#include "cli/rbac/cmd_rbac.h"
#include "cli/rbac/rbac_parts.h"
#include "cli/session/policies.h"
#include "yaml/convert.h"
#include "json/write.h"

#define NAME "mpijobd"
#define DEFINITION_ROLE "mpijobd-definition"
#define OPTIONAL                                                                                                       \
    "# Optional: lets mpijobd find out by itself which controller acts on v1 jobs. Without it, set\n"                  \
    "# cluster.controller in mpijobd.yaml where jobs of version v1 are served.\n"

/* ---- one object ---- */

void rbac_pair(struct json_writer *w, const char *key, const char *value)
{
    json_write_key(w, key);
    json_write_string(w, value);
}

void rbac_list_of(struct json_writer *w, const char *key, const char *value)
{
    json_write_key(w, key);
    json_write_array(w);
    json_write_string(w, value);
    json_write_end(w);
}

void rbac_begin(struct json_writer *w, const char *kind, const char *name, const char *name_space)
{
    json_write_object(w);
    rbac_pair(w, "apiVersion", RBAC "/v1");
    rbac_pair(w, "kind", kind);
    json_write_key(w, "metadata");
    json_write_object(w);
    rbac_pair(w, "name", name);
    if (name_space)
        rbac_pair(w, "namespace", name_space);
    json_write_end(w);
}

static void definition_rule(struct json_writer *w)
{
    json_write_object(w);
    rbac_list_of(w, "apiGroups", "apiextensions.k8s.io");
    rbac_list_of(w, "resources", "customresourcedefinitions");
    rbac_list_of(w, "resourceNames", "mpijobs.kubeflow.org");
    rbac_list_of(w, "verbs", "get");
    json_write_end(w);
}

/* How many of the places from the first one on are one namespace: they are the rules of one role. */
static size_t together(const struct needs *needs, size_t from)
{
    size_t n = 1;
    while (from + n < needs->count && needs_same_place(&needs->places[from], &needs->places[from + n]))
        n++;
    return n;
}

static void role(struct json_writer *w, const struct needs *needs, const struct needs_place *place, size_t count)
{
    rbac_begin(w, place->name_space ? "Role" : "ClusterRole", NAME, place->name_space);
    json_write_key(w, "rules");
    rbac_rules(w, needs, place, count);
    json_write_end(w);
}

void rbac_binding(const struct rbac *r, struct json_writer *w, const char *name, const char *name_space)
{
    rbac_begin(w, name_space ? "RoleBinding" : "ClusterRoleBinding", name, name_space);
    json_write_key(w, "roleRef");
    json_write_object(w);
    rbac_pair(w, "apiGroup", RBAC);
    rbac_pair(w, "kind", name_space ? "Role" : "ClusterRole");
    rbac_pair(w, "name", name);
    json_write_end(w);
    json_write_key(w, "subjects");
    json_write_array(w);
    json_write_object(w);
    rbac_pair(w, "kind", "ServiceAccount");
    rbac_pair(w, "name", r->account);
    rbac_pair(w, "namespace", r->account_namespace);
    json_write_end(w);
    json_write_end(w);
    json_write_end(w);
}

/* ---- YAML ---- */

/* Empties json. Each line begins with `before`. */
int rbac_print_yaml(struct buf *json, const char *before, struct error *err)
{
    struct buf yaml = BUF_INIT;
    struct json root;
    int rc = buf_result(json, "a role", err);
    if (!rc)
        rc = json_parse(buf_str(json), "a role", &root, err);
    if (!rc)
        rc = json_to_yaml(root, &yaml, err);
    if (!rc)
        rc = buf_result(&yaml, "a role", err);
    for (const char *line = rc ? NULL : yaml.ptr; line && *line;) {
        size_t n = strcspn(line, "\n");
        printf("%s%.*s\n", before, (int)n, line);
        line += n + (line[n] == '\n');
    }
    buf_free(&yaml);
    buf_free(json);
    return rc;
}

/* The definition says which controller acts on MPIJobs; policies about TrainJobs alone do not ask. */
static bool asks_definition(const struct needs *needs)
{
    for (size_t i = 0; i < needs->count; i++) {
        if (strcmp(needs->places[i].kind->group, MPIJOB_GROUP) == 0)
            return true;
    }
    return false;
}

/* Beside a ClusterRole it is a rule of that one; Roles cannot allow it, so it gets a role of its own. */
static int print_definition(struct rbac *r, bool cluster_role)
{
    struct buf json = BUF_INIT;
    struct json_writer w;
    int rc;
    json_writer_init(&w, &json);
    if (cluster_role) {
        fputs(OPTIONAL, stdout);
        json_write_array(&w);
        definition_rule(&w);
        json_write_end(&w);
        return rbac_print_yaml(&json, "# ", &r->s.error);
    }
    puts("---");
    fputs(OPTIONAL, stdout);
    rbac_begin(&w, "ClusterRole", DEFINITION_ROLE, NULL);
    json_write_key(&w, "rules");
    json_write_array(&w);
    definition_rule(&w);
    json_write_end(&w);
    json_write_end(&w);
    rc = rbac_print_yaml(&json, "# ", &r->s.error);
    if (rc)
        return rc;
    puts("# ---");
    json_writer_init(&w, &json);
    rbac_binding(r, &w, DEFINITION_ROLE, NULL);
    return rbac_print_yaml(&json, "# ", &r->s.error);
}

static bool tells(const struct needs *needs)
{
    for (size_t i = 0; i < needs->count; i++) {
        if (needs->places[i].verbs & MAY_TELL)
            return true;
    }
    return false;
}

/* It may also see what their controller does with a change; of kinds that their rows describe nobody knows a sign, but
 * of a change that goes through a child. */
static bool shows_effects(const struct needs_place *place)
{
    return (place->verbs & MAY_CHANGE) && (!mpijob_kind_described(place->kind) || (place->verbs & MAY_PATCH_JOB));
}

/* A comment that names the kinds, each once. */
static void print_effects(const struct needs *needs)
{
    const char *said = "# Optional: list and watch on pods, and watch on ";
    bool any = false;
    for (size_t i = 0; i < needs->count; i++) {
        bool again = !shows_effects(&needs->places[i]);
        for (size_t j = 0; j < i; j++)
            again = again || (shows_effects(&needs->places[j]) && needs->places[j].kind == needs->places[i].kind);
        if (again)
            continue;
        printf("%s%s", said, needs->places[i].kind->plural);
        said = ", ";
        any = true;
    }
    if (any)
        puts(", let it note in the journal which effects came (--effects).");
}

static void print_head(const struct rbac *r)
{
    const struct policy_set *set = engine_policies(r->s.engine);
    fputs("# The least that is needed for the policies", stdout);
    for (size_t i = 0; i < set->count; i++)
        printf("%s %s", i ? "," : "", set->entries[i].policy->name);
    puts(".");
    if (r->needs.others)
        puts("# One of them uses the kube module: add what it does to other kinds of object.");
    if (!r->s.options.effects)
        print_effects(&r->needs);
    if (tells(&r->needs))
        puts("# Optional: create and patch on events let kubectl describe show what was changed, and why.");
    if (!r->needs.count && !r->s.config.lead.on)
        puts("# They use no jobs here: no role is needed.");
}

static int print_places(struct rbac *r)
{
    const struct needs *needs = &r->needs;
    int rc = 0;
    print_head(r);
    for (size_t i = 0, n; i < needs->count && !rc; i += n) {
        const struct needs_place *place = &needs->places[i];
        n = together(needs, i);
        struct buf json = BUF_INIT;
        struct json_writer w;
        if (i)
            puts("---");
        json_writer_init(&w, &json);
        role(&w, needs, place, n);
        rc = rbac_print_yaml(&json, "", &r->s.error);
        if (!rc && (place->verbs & MAY_PATCH_JOB) && (place->verbs & MAY_PATCH_POD))
            puts("# jobs are the launchers of v1alpha2 and v2beta1, pods those of v1: one of the two may be left out.");
        if (!rc && !place->name_space && asks_definition(needs))
            rc = print_definition(r, true);
        if (rc)
            return rc;
        puts("---");
        json_writer_init(&w, &json);
        rbac_binding(r, &w, NAME, place->name_space);
        rc = rbac_print_yaml(&json, "", &r->s.error);
    }
    if (!rc && needs->count && needs->places[0].name_space && asks_definition(needs))
        rc = print_definition(r, false);
    return rc ? rc : rbac_print_lead(r);
}

/* ---- JSON ---- */

static int print_json(struct rbac *r)
{
    struct buf json = BUF_INIT, pretty = BUF_INIT;
    struct json_writer w;
    struct json root;
    json_writer_init(&w, &json);
    json_write_object(&w);
    rbac_pair(&w, "apiVersion", "v1");
    rbac_pair(&w, "kind", "List");
    json_write_key(&w, "items");
    json_write_array(&w);
    for (size_t i = 0, n; i < r->needs.count; i += n) {
        n = together(&r->needs, i);
        role(&w, &r->needs, &r->needs.places[i], n);
        rbac_binding(r, &w, NAME, r->needs.places[i].name_space);
    }
    rbac_write_lead(r, &w);
    json_write_end(&w);
    json_write_end(&w);
    int rc = buf_result(&json, "the roles", &r->s.error);
    if (!rc)
        rc = json_parse(buf_str(&json), "the roles", &root, &r->s.error);
    if (!rc) {
        json_pretty(&pretty, root);
        rc = buf_result(&pretty, "the roles", &r->s.error);
    }
    if (!rc)
        puts(pretty.ptr);
    buf_free(&json);
    buf_free(&pretty);
    return rc;
}

/* ---- the command ---- */

static bool is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool letter = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9');
        bool inside = i && i + 1 < len && (text[i] == '-' || text[i] == '.');
        if (!letter && !inside)
            return false;
    }
    return len > 0 && len < 64;
}

/* "namespace:name", as kubectl create rolebinding has it. */
static bool read_account(struct rbac *r, const char *text)
{
    const char *colon = strchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    if (!colon || !is_name(text, len) || memchr(text, '.', len) || !is_name(colon + 1, strlen(colon + 1)))
        return false;
    snprintf(r->account_namespace, sizeof r->account_namespace, "%.*s", (int)len, text);
    snprintf(r->account, sizeof r->account, "%s", colon + 1);
    return true;
}

static void add_effects(struct needs *needs)
{
    for (size_t i = 0; i < needs->count; i++) {
        if (shows_effects(&needs->places[i]))
            needs->places[i].verbs |= MAY_SEE_EFFECT;
    }
}

static int make(struct rbac *r)
{
    struct session *s = &r->s;
    struct engine_options e = {.once = true};
    session_scope(s, true);
    int code = policies_load(s, &e, s->options.arguments);
    if (code)
        return code;
    int rc = needs_of_policies(&r->needs, engine_policies(s->engine), s->config.events, s->options.cluster,
                               s->namespaces, &s->error);
    if (!rc && s->options.effects)
        add_effects(&r->needs);
    if (!rc)
        rc = s->options.output == OUTPUT_JSON ? print_json(r) : print_places(r);
    needs_free(&r->needs);
    return rc ? session_fail(s, &s->error) : EXIT_DONE;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct rbac r = {0};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes yaml or json here");
    if (o.selector)
        return command_usage(command, "roles cannot be limited to labels: leave out -l");
    if (o.name_space && !is_name(o.name_space, strlen(o.name_space)))
        return command_usage(command, "-n takes a namespace's name, not \"%s\"", o.name_space);
    if (!read_account(&r, o.service_account ? o.service_account : NAME ":" NAME))
        return command_usage(command, "--service-account takes NAMESPACE:NAME, not \"%s\"", o.service_account);
    code = session_open(&r.s, command->name, &o);
    if (code)
        return code;
    return session_close(&r.s, make(&r));
}

const struct command cmd_rbac = {
    "rbac",
    "PATH... [-n NAMESPACE] [--service-account NAMESPACE:NAME] [--effects]",
    "The least that the policies have to be allowed, as roles and bindings for kubectl apply",
    TAKES_ROLES | TAKES_SCOPE | TAKES_OUTPUT,
    run,
    "  mpijobd rbac policies/ | kubectl apply -f -\n"
    "  mpijobd rbac policies/ -n train --service-account ops:mpijobd\n"
    "\nA policy with `replace` gets get, list and update, and create and patch on events unless `events = false`; with "
    "`dry_run`, no update; with `on`, also watch; with "
    "`through_launcher`, also get "
    "and\n"
    "patch on the launchers; with `wait_effect`, also watch, and list and watch on pods. A `run` function gets the "
    "verbs "
    "of the\n"
    "functions of mpijob (tfjob, jobset...) that its file names (mpijob.list: list, get; mpijob.replace: get, "
    "update); a use under another "
    "name,\n"
    "as after `local m = mpijob` or `require`, counts as list, get and replace. Where all policies name their "
    "namespaces, or with "
    "-n or\n"
    "`namespaces:` in mpijobd.yaml, there is a Role for each namespace, else a ClusterRole. -o json leaves out the "
    "optional\n"
    "rule that stands in the YAML as a comment.\n"};
