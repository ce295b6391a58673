/* SPDX-License-Identifier: Apache-2.0 */
/* Which files and policies of a set are in quarantine. */
#include "guard/quarantine.h"
#include "policy/load.h"

const struct quarantine_mark *policy_quarantine_mark(const struct policy_file *f, const char *policy)
{
    char hash[GUARD_HASH_SIZE];
    if (*policy)
        return f->script ? quarantine_find(f->env->quarantine, policy, script_hash(f->script)) : NULL;
    guard_hash(buf_str(&f->text), hash);
    return quarantine_find(f->env->quarantine, policy, hash);
}

struct guard_who policy_who(const struct policy_file *f, const struct policy *policy)
{
    return (struct guard_who){.policy = policy->name, .file = f->path, .hash = script_hash(f->script)};
}

bool policy_quarantine_file(struct policy_file *f)
{
    f->quarantined = policy_quarantine_mark(f, "") != NULL;
    return f->quarantined;
}

void policy_quarantine_policies(struct policy_file *f)
{
    for (size_t i = 0; i < f->source_count; i++)
        script_hash_add(f->script, buf_str(&f->sources[i].text));
    for (size_t i = 0; i < f->set->count; i++) {
        struct policy_entry *e = &f->set->entries[i];
        if (e->file == f)
            e->quarantined = policy_quarantine_mark(f, e->policy->name) != NULL;
    }
}
