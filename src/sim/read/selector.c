/* SPDX-License-Identifier: Apache-2.0 */
/* Selectors: read from the query as the API server reads them, and matched against stored texts. */
#include "sim/read/selector.h"

#include "sim/server/object.h"
#include "sim/server/status.h"
#include "sim/store/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- labels: a small language of Kubernetes, read token by token */

struct lexer {
    const char *at;
    char token[512];
    bool symbol; /* the token is punctuation; an empty token that is not a symbol is the end */
};

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static void next(struct lexer *l)
{
    while (*l->at == ' ' || *l->at == '\t' || *l->at == '\r' || *l->at == '\n')
        l->at++;
    size_t n = strcspn(l->at, " \t\r\n=!(),<>");
    l->symbol = n == 0 && *l->at;
    if (l->symbol)
        n = (l->at[0] == '=' || l->at[0] == '!') && l->at[1] == '=' ? 2 : 1;
    size_t keep = n < sizeof l->token ? n : sizeof l->token - 1;
    memcpy(l->token, l->at, keep);
    l->token[keep] = 0;
    l->at += n;
}

static void add_value(struct requirement *r, const char *value)
{
    r->value = sim_realloc(r->value, (r->values + 1) * sizeof *r->value);
    r->value[r->values++] = sim_strdup(value);
}

/* As Go's ParseInt reads it: all of it, and within 64 bits. The byte after text must not be a digit. */
static bool whole_number(const char *text, size_t len, long long *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return len && end == text + len && errno == 0;
}

static char *check_requirement(const struct requirement *r)
{
    long long number;
    char *problem = qualified_name_problem(r->key);
    if (problem) {
        char *text = sim_format("key: Invalid value: \"%s\": %s", r->key, problem);
        free(problem);
        return text;
    }
    if ((r->op == OP_GREATER || r->op == OP_LESS) && !whole_number(r->value[0], strlen(r->value[0]), &number))
        return sim_format("values[0]: Invalid value: \"%s\": for 'Gt', 'Lt' operators, the value must be an integer",
                          r->value[0]);
    for (size_t i = 0; i < r->values; i++)
        if (!label_value_valid(r->value[i]))
            return sim_format(
                "values[%zu][%s]: Invalid value: \"%s\": a valid label must be an empty string or consist of "
                "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
                i, r->key, r->value[i]);
    return NULL;
}

static char *read_set(struct lexer *l, struct requirement *r)
{
    next(l);
    if (!is(l->token, "("))
        return sim_format("found '%s' expected: '('", l->token);
    bool value_came = false, doubled = false; /* doubled: after a second comma in a row, where ')' is refused */
    for (next(l);; next(l)) {
        if (doubled && is(l->token, ")"))
            return sim_format("found '%s', expected: ',', or identifier", l->token);
        doubled = !value_came && r->values && !doubled && is(l->token, ",");
        if (!l->symbol && *l->token) {
            if (value_came)
                return sim_format("found '%s', expected: ',' or ')'", l->token);
            add_value(r, l->token);
            value_came = true;
        } else if (is(l->token, ",") || is(l->token, ")")) {
            if (!value_came)
                add_value(r, "");
            value_came = false;
            if (*l->token == ')')
                break;
        } else {
            return sim_format("found '%s', expected: ',', or ')'", l->token);
        }
    }
    next(l);
    return NULL;
}

static char *read_operator(struct lexer *l, struct requirement *r)
{
    if (!*l->token || is(l->token, ",")) {
        r->op = OP_EXISTS;
        return NULL;
    }
    if (!l->symbol && (is(l->token, "in") || is(l->token, "notin"))) {
        r->op = l->token[0] == 'i' ? OP_IN : OP_NOT_IN;
        return read_set(l, r);
    }
    static const struct {
        const char *text;
        enum selector_op op;
    } operators[] = {{"=", OP_EQUALS}, {"==", OP_EQUALS}, {"!=", OP_DIFFERS}, {">", OP_GREATER}, {"<", OP_LESS}};
    for (size_t i = 0; l->symbol && i < sizeof operators / sizeof operators[0]; i++) {
        if (!is(l->token, operators[i].text))
            continue;
        r->op = operators[i].op;
        next(l);
        if (l->symbol && !is(l->token, ","))
            return sim_format("found '%s', expected: identifier", l->token);
        add_value(r, l->symbol ? "" : l->token);
        if (!l->symbol)
            next(l);
        return NULL;
    }
    return sim_format("found '%s', expected: in, notin, =, ==, !=, gt, lt", l->token);
}

static char *read_requirement(struct lexer *l, struct requirement *r)
{
    bool not = is(l->token, "!");
    if (not )
        next(l);
    if (l->symbol || !*l->token)
        return sim_format("found '%s', expected: !, identifier, or 'end of string'", l->token);
    r->key = sim_strdup(l->token);
    next(l);
    if (not ) {
        r->op = OP_ABSENT;
        return NULL;
    }
    return read_operator(l, r);
}

static char *read_labels(struct selector *s, const char *text)
{
    struct lexer l = {.at = text};
    char *problem = NULL;
    next(&l);
    if (!*l.token)
        return NULL;
    for (;;) {
        s->label = sim_realloc(s->label, (s->labels + 1) * sizeof *s->label);
        struct requirement *r = &s->label[s->labels++];
        *r = (struct requirement){0};
        problem = read_requirement(&l, r);
        if (!problem)
            problem = check_requirement(r);
        if (!problem && *l.token && !is(l.token, ","))
            problem = sim_format("found '%s', expected: ',' or 'end of string'", l.token);
        if (problem || !*l.token)
            return problem;
        next(&l);
        if (!*l.token || is(l.token, ","))
            return sim_format("found '%s', expected: identifier after ','", l.token);
    }
}

/* ---- fields */

static bool field_known(const struct exchange *x, const char *key)
{
    static const struct {
        enum kind kind;
        const char *fields;
    } more[] = {
        {K_POD,
         " status.phase spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName status.podIP "},
        {K_JOB, " status.successful "},
        {K_NAMESPACE, " status.phase "},
        {K_SECRET, " type "},
        {K_EVENT, " involvedObject.kind involvedObject.namespace involvedObject.name involvedObject.uid "
                  "involvedObject.apiVersion regarding.kind regarding.namespace regarding.name regarding.uid "
                  "reason reportingComponent reportingController type "},
    };
    if (is(key, "metadata.name") || is(key, "metadata.namespace"))
        return true;
    char *word = sim_format(" %s ", key);
    bool known = false;
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        known |= more[i].kind == x->res->kind && strstr(more[i].fields, word);
    free(word);
    return known;
}

static const char *stored_field(const char *key) /* events are stored as core/v1 has them */
{
    return is(key, "regarding.kind")        ? "involvedObject.kind"
           : is(key, "regarding.namespace") ? "involvedObject.namespace"
           : is(key, "regarding.name")      ? "involvedObject.name"
           : is(key, "regarding.uid")       ? "involvedObject.uid"
           : is(key, "reportingController") ? "reportingComponent"
                                            : key;
}

static int read_fields(struct exchange *x, struct selector *s, const char *text)
{
    char *copy = sim_strdup(text), *save = NULL;
    int result = 0;
    for (char *term = strtok_r(copy, ",", &save); term && !result; term = strtok_r(NULL, ",", &save)) {
        char *eq = strchr(term, '=');
        if (!eq) {
            result = fail_bad_request(x, "invalid selector: '%s'; can't understand '%s'", text, term);
            break;
        }
        bool differs = eq > term && eq[-1] == '!';
        eq[differs ? -1 : 0] = 0;
        const char *value = eq + (eq[1] == '=' ? 2 : 1);
        if (!field_known(x, term)) {
            result = fail_bad_request(x, "field label not supported: %s", term);
            break;
        }
        s->field = sim_realloc(s->field, (s->fields + 1) * sizeof *s->field);
        struct requirement *r = &s->field[s->fields++];
        *r = (struct requirement){.key = sim_strdup(stored_field(term)), .op = differs ? OP_DIFFERS : OP_EQUALS};
        add_value(r, value);
    }
    free(copy);
    return result;
}

int selector_read(struct exchange *x, struct selector *s)
{
    *s = (struct selector){0};
    const char *labels = param(x, "labelSelector"), *fields = param(x, "fieldSelector");
    if (labels) {
        char *problem = read_labels(s, labels);
        if (problem) {
            fail_bad_request(x, "unable to parse requirement: %s", problem);
            free(problem);
            selector_clear(s);
            return -1;
        }
    }
    if (fields && read_fields(x, s, fields)) {
        selector_clear(s);
        return -1;
    }
    return 0;
}

static void free_requirements(struct requirement *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < r[i].values; j++)
            free(r[i].value[j]);
        free(r[i].value);
        free(r[i].key);
    }
    free(r);
}

void selector_clear(struct selector *s)
{
    free_requirements(s->label, s->labels);
    free_requirements(s->field, s->fields);
    *s = (struct selector){0};
}

bool selector_empty(const struct selector *s)
{
    return !s->labels && !s->fields;
}

/* ---- matching, on the bytes of the stored text: keys and values of labels have no characters that JSON escapes */

static bool find_label(const struct revision *rev, const char *key, const char **value, size_t *len)
{
    const char *at = rev->text + rev->marks.labels, *end = at + rev->marks.labels_len;
    size_t n = strlen(key);
    while (at + 1 < end) {
        const char *k = at + 2; /* after the brace or the comma, and the quote */
        const char *close = memchr(k, '"', (size_t)(end - k));
        if (!close)
            return false;
        const char *v = close + 3;
        const char *stop = v < end ? memchr(v, '"', (size_t)(end - v)) : NULL;
        if (!stop)
            return false;
        if ((size_t)(close - k) == n && memcmp(k, key, n) == 0) {
            *value = v;
            *len = (size_t)(stop - v);
            return true;
        }
        at = stop + 1;
    }
    return false;
}

static bool among(const struct requirement *r, const char *value, size_t len)
{
    for (size_t i = 0; i < r->values; i++)
        if (strlen(r->value[i]) == len && memcmp(r->value[i], value, len) == 0)
            return true;
    return false;
}

static bool label_matches(const struct requirement *r, const struct revision *rev)
{
    const char *value = "";
    size_t len = 0;
    bool there = find_label(rev, r->key, &value, &len);
    switch (r->op) {
    case OP_EQUALS:
    case OP_IN:
        return there && among(r, value, len);
    case OP_DIFFERS:
    case OP_NOT_IN:
        return !there || !among(r, value, len);
    case OP_EXISTS:
        return there;
    case OP_ABSENT:
        return !there;
    case OP_GREATER:
    case OP_LESS:
        break;
    }
    long long number, limit = strtoll(r->value[0], NULL, 10);
    if (!there || !whole_number(value, len, &number))
        return false;
    return r->op == OP_GREATER ? number > limit : number < limit;
}

static bool stored_value_is(json_object *doc, const char *path, const char *wanted)
{
    json_object *at = doc;
    char *copy = sim_strdup(path), *save = NULL;
    for (char *p = strtok_r(copy, ".", &save); p; p = strtok_r(NULL, ".", &save))
        at = doc_get(at, p);
    free(copy);
    return is(at ? json_object_get_string(at) : "", wanted);
}

/* *doc: NULL until the revision has to be read; then its document. */
static bool field_matches(const struct requirement *r, const struct revision *rev, json_object **doc)
{
    bool same;
    char ns[64];
    if (is(r->key, "metadata.name")) {
        same = is(entry_name(rev->entry), r->value[0]);
    } else if (is(r->key, "metadata.namespace")) {
        same = is(entry_namespace(rev->entry, ns), r->value[0]);
    } else {
        if (!*doc)
            *doc = object_parse(rev);
        same = stored_value_is(*doc, r->key, r->value[0]);
    }
    return same == (r->op == OP_EQUALS);
}

bool selector_matches(const struct selector *s, const struct revision *rev)
{
    json_object *doc = NULL;
    bool all = true;
    for (size_t i = 0; i < s->labels && all; i++)
        all = label_matches(&s->label[i], rev);
    for (size_t i = 0; i < s->fields && all; i++)
        all = field_matches(&s->field[i], rev, &doc);
    json_object_put(doc);
    return all;
}
