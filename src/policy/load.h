/* Policy files to policies: each file in a Lua state of its own, all findings of all files at once. */
#ifndef MPIJOBD_POLICY_LOAD_H
#define MPIJOBD_POLICY_LOAD_H

#include "policy/definition.h"

struct engine;
struct policy_set;

struct policy_file {
    struct engine *engine;
    struct policy_set *set;
    char *path;
    struct buf text;
    struct script *script;
    struct script_run *loading;
    struct policy *half; /* its definition was ended by a memory error */
};

struct policy_entry {
    struct policy *policy;
    struct policy_file *file;
};

struct policy_error {
    char *file;
    int line;      /* 0: unknown */
    char *message; /* without file and line */
};

struct policy_set {
    struct policy_file **files;
    size_t file_count;
    struct policy_entry *entries; /* in the order of files and definitions */
    size_t count, cap;
    struct policy_error *errors;
    size_t error_count, error_cap;
    int refs;
};

typedef void (*policy_loaded)(void *data, struct policy_set *set); /* the receiver holds a reference */
struct policy_load;
/* paths: NULL-terminated files and folders (their *.lua in the order of names, without *_spec.lua). Blocks for reading
 * the files. */
int policy_load_start(struct engine *engine, const char *const *paths, policy_loaded done, void *data,
                      struct policy_load **load, struct error *err);
void policy_load_cancel(struct policy_load *load); /* done is not called */

void policy_set_hold(struct policy_set *set);
void policy_set_release(struct policy_set *set);

/* policy{...} was called in `file` with its table at index: adds it to the set. False: findings were reported. */
bool policy_file_define(struct policy_file *file, lua_State *L, int index, int line);
bool policy_file_loading(const struct policy_file *file);
void policy_set_error(struct policy_set *set, const char *file, int line, const char *message);

#endif
