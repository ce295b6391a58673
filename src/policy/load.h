/* SPDX-License-Identifier: Apache-2.0 */
/* From policy files to policies: each file gets a Lua state of its own, and what is wrong in all files is reported at
 * once. */
#ifndef MPIJOBD_POLICY_LOAD_H
#define MPIJOBD_POLICY_LOAD_H

#include "guard/who.h"
#include "mpijob/kinds_added.h"
#include "plugin/plugin.h"
#include "policy/definition/definition.h"
#include "policy/source/zones.h"

struct alarms;
struct cluster;
struct defer_queue;
struct outside;
struct policy_set;
struct quarantine;
struct quarantine_mark;

/* What the configuration says about the jobs of a cluster to which there is no connection. */
struct policy_known {
    const char *cluster;
    struct mpijob_target target;
};

/* What policy files are loaded with, and what their scripts see while no run is under way. It outlives every set that
 * was loaded with it; nothing that it points to is owned. */
struct policy_env {
    uv_loop_t *loop;
    struct defer_queue *soon; /* calls for later in this turn of the loop */
    const struct clock *clock;
    const struct log *log;
    struct alarms *alarms;
    struct outside *outside;       /* what scripts reach beyond the cluster; NULL: nothing */
    int (*open)(lua_State *L);     /* registers the Lua modules in a new state; from the floor above */
    struct mpijob_kinds *kinds;    /* where kinds of plugins are added; NULL: policies cannot be about these */
    struct script_limits ceilings; /* no policy gets more; 0: no bound */
    const struct freezes *freezes; /* when no run may begin; NULL: never */
    const char *const *names;      /* clusters that policies may name, NULL-terminated; NULL: any */
    struct cluster **clusters;     /* where policies run (in_force.h) */
    size_t cluster_count;
    unsigned shards;                  /* daemons share the jobs, in so many parts; 0: they do not */
    const struct policy_known *known; /* without a connection */
    size_t known_count;
    const struct quarantine *quarantine; /* NULL: none */
    const struct plugin_place *plugins;  /* where policies find plugins */
    size_t plugin_count;
    const char *plugin_cure; /* "; name it...": where there is no such plugin. NULL: as the daemon finds them */
    const char *plugin_lock; /* the file; NULL: none is looked at */
    const char *config;      /* the file that all this is from; NULL: none */
    struct str config_text;  /* what stood there when it was read */
    /* Appends the keys that another text of it changes; NULL: that is not told. Called on another thread. */
    void (*config_tell)(struct str was, struct str is, struct buf *out);
    bool check;  /* unknown globals are errors, not warnings */
    bool trials; /* the states stay in which plugins were tried: what these gave can be called */
};

/* A file of the user's own that a policy file requires. */
struct policy_source_file {
    char *path;
    struct buf text;
};

struct policy_file { /* owned by its set */
    const struct policy_env *env;
    struct policy_set *set;
    char *path;
    struct buf text;
    char sha256[65];            /* of its text, in hexadecimal; "": unknown */
    const struct error *unread; /* why the text is missing; NULL: it is there */
    struct policy_zones zones;  /* that it and what it requires name */
    struct script *script;
    struct script_run *loading;
    struct policy *half; /* while a definition is read, or where a memory error has ended that; else NULL */
    size_t defined;      /* calls of policy{...} so far */
    struct policy_source_file *sources; /* what it has required, in the order of their ends */
    size_t source_count, source_bytes;
    struct policy_asked_file *asked; /* that it has required, also those that were not there: footprint.h */
    size_t asked_count;
    bool quarantined;              /* its own code hung or crashed the daemon: it was not loaded, and defines nothing */
    const struct plugins *plugins; /* that it may require; NULL: none. Not owned */
    bool typed;                    /* a person types it: each call may require plugins, and none a file */
    struct plugin *tries;          /* it is no policy file: it tries this plugin. NULL: a policy file */
    struct plugin *required[PLUGINS_MAX]; /* those that it has required, in their order */
    size_t required_count;
};

struct policy_entry {
    struct policy *policy;
    struct policy_file *file;
    bool quarantined; /* it hung or crashed the daemon, with this text: it does not run */
    bool paused;      /* by a person: it does not run. The engine's to say */
};
/* It takes no runs for now. */
static inline bool policy_entry_rests(const struct policy_entry *entry)
{
    return entry->quarantined || entry->paused;
}

/* What kind of mistake it is, for programs: `mpijobd check -o json` has a code for each. */
enum policy_mistake {
    MISTAKE_FILE,   /* it cannot be read, or Lua cannot run it */
    MISTAKE_POLICY, /* in what policy { ... } says */
    MISTAKE_GLOBAL, /* a name that nothing makes */
    MISTAKE_PLUGIN, /* in what plugin { ... } says */
};

struct policy_error {
    enum policy_mistake mistake;
    const char *file;
    int line;            /* 0: unknown */
    size_t at;           /* bytes into the file, where that is known */
    const char *message; /* without file and line */
    char *texts;         /* the block that holds both */
    size_t first, came;  /* for their order: the first one of the same file, and its own number */
};

struct policy_set { /* owns everything in it; freed with the last reference */
    struct plugins plugins;
    struct policy_set *lender; /* a reference: its files may require the plugins of that set; NULL: of this one */
    struct policy_file **files;
    size_t file_count;
    struct policy_entry *entries; /* in the order of files and definitions */
    size_t count, cap;
    struct policy_error *errors;
    size_t error_count, error_cap;
    const char *config_changed; /* the configuration's file, where it has another text by now; NULL: not. Not owned */
    struct buf config_keys;     /* and what of it is another: env.config_tell */
    struct buf read;            /* what was read: policy/footprint.h */
    int refs;
};

/* Called once. set: a reference, which becomes the receiver's; NULL: the load was cancelled. */
typedef void (*policy_loaded)(void *data, struct policy_set *set);
struct policy_load;
/* paths: files and folders, NULL-terminated; of a folder its *.lua in the order of their names, without *_spec.lua.
 * They are read on another thread; paths stay until done is called. 0 or ERR_NOMEM, and then done is not called. */
int policy_load_start(const struct policy_env *env, const char *const *paths, policy_loaded done, void *data,
                      struct policy_load **load, struct error *err);
void policy_load_cancel(struct policy_load *load); /* done comes soon, without a set */

/* Frees what was read for the file beside its text: sources, files that it asked for, zones. */
void policy_file_free_read(struct policy_file *file);

struct policy_set *policy_set_new(void); /* an empty one, with one reference; NULL: out of memory */
void policy_set_hold(struct policy_set *set);
void policy_set_release(struct policy_set *set);

#define POLICIES_MAX 1000 /* of one file */

/* policy{...} was called in `file` with the table at index: adds the policy to the set. False: something was wrong, and
 * was reported. */
bool policy_file_define(struct policy_file *file, lua_State *L, int index, int line);
#define POLICY_SOURCES_MAX 256                         /* files that one policy file may require */
#define POLICY_SOURCES_BYTES ((size_t)4 * 1024 * 1024) /* in all */
/* The file has required another one: its text, which is kept with the policies. 0, ERR_LIMIT or ERR_NOMEM. */
int policy_file_add_source(struct policy_file *file, const char *path, struct str text, struct error *err);
/* The file has required a plugin, for the first time or not. */
void policy_file_add_plugin(struct policy_file *file, struct plugin *plugin);
/* The path of the policy file, or of one that it has required, that Lua's messages call so; NULL: of another. */
const char *policy_file_source(const struct policy_file *file, const char *name, size_t len);
/* The text of the policy file, or of one that it has required; empty: the path is another's. */
struct str policy_file_text(const struct policy_file *file, const char *path);

/* The mark of the policy of that name ("": of the file's own code) in the quarantine; NULL: it is not there. */
const struct quarantine_mark *policy_quarantine_mark(const struct policy_file *file, const char *policy);
/* Who is to blame for what is done for that policy outside of its script. Valid as long as both. */
struct guard_who policy_who(const struct policy_file *file, const struct policy *policy);
/* When the file's text is there: is it left out? When it is loaded: marks its policies. */
bool policy_quarantine_file(struct policy_file *file);
void policy_quarantine_policies(struct policy_file *file);

/* Is the file's own code running, as opposed to a run of its policies? */
bool policy_file_loading(const struct policy_file *file);
/* May its code that runs have plugins loaded now? Else only those that are loaded already. */
static inline bool policy_file_takes_plugins(const struct policy_file *file)
{
    return file->typed || policy_file_loading(file);
}

#endif
