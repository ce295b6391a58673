/* SPDX-License-Identifier: Apache-2.0 */
/* Which pod templates `inspect` finds fault with: reads a template a line, writes it with "taken" or "refused" before it. For
 * tests/apiserver/decode, whose `judge` does the same with Kubernetes' own decoder. */
#include <stdio.h>
#include <stdlib.h>

#include "mpijob/inspect/inspect.h"

static void found(void *data, const struct mpijob_finding *f)
{
    if (f->problem == PROBLEM_WRONG_TYPE || f->problem == PROBLEM_OBJECT_FOR_LIST)
        *(bool *)data = true;
}

static int judge(const char *line, size_t len)
{
    struct buf text = BUF_INIT;
    struct mpijob_view view;
    struct json root;
    struct error err;
    bool refused = false;
    buf_printf(&text, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"mpiReplicaSpecs\":{\"Worker\":{\"template\":%.*s}}}}",
               (int)len, line);
    struct mpijob_target target = {.version = MPIJOB_V1ALPHA2, .controller = CONTROLLER_MPI_OPERATOR};
    int rc = json_parse(buf_str(&text), "the line", &root, &err);
    if (!rc)
        rc = mpijob_view(root, target, &view, &err);
    if (!rc)
        rc = mpijob_inspect(&view, NULL, 0, found, &refused, &err);
    if (rc)
        fprintf(stderr, "%s: %.*s\n", err.message, (int)len, line);
    else
        printf("%s\t%.*s\n", refused ? "refused" : "taken", (int)len, line);
    buf_free(&text);
    return rc;
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    int rc = 0;
    while (!rc && (len = getline(&line, &size, stdin)) > 0)
        rc = judge(line, (size_t)len - (line[len - 1] == '\n'));
    free(line);
    return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
