/* SPDX-License-Identifier: Apache-2.0 */
/* Which plugins and policy files there are, and their texts. */
#include "policy/load_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "policy/footprint.h"
#include "policy/load_errors.h"

#define CONFIG_MOST ((size_t)16 * 1024 * 1024) /* bytes of the configuration that are read */

static int add_file(struct policy_set *set, const struct policy_env *env, const char *path)
{
    struct policy_file **files = realloc(set->files, (set->file_count + 1) * sizeof(struct policy_file *));
    if (!files)
        return ERR_NOMEM;
    set->files = files;
    struct policy_file *f = calloc(1, sizeof *f);
    if (!f)
        return ERR_NOMEM;
    f->env = env;
    f->set = set;
    f->plugins = &set->plugins;
    f->path = str_dup(str_of(path));
    if (!f->path) {
        free(f);
        return ERR_NOMEM;
    }
    set->files[set->file_count++] = f;
    return 0;
}

static int is_policy(const struct dirent *entry)
{
    struct str name = str_of(entry->d_name);
    return str_ends(name, ".lua") && !str_ends(name, "_spec.lua") && name.ptr[0] != '.';
}

static bool is_plugin(const struct policy_set *set, const char *folder)
{
    for (size_t i = 0; i < set->plugins.count; i++) {
        if (strcmp(set->plugins.items[i]->path, folder) == 0)
            return true;
    }
    return false;
}

static int add_folder(struct policy_set *set, const struct policy_env *env, const char *path)
{
    struct dirent **found = NULL;
    int n = scandir(path, &found, is_policy, alphasort), rc = n < 0 ? ERR_IO : 0;
    if (n < 0)
        policy_set_add_error(set, path, 0, strerror(errno));
    bool plugin = is_plugin(set, path);
    if (n == 0)
        policy_set_add_error(set, path, 0, "there is no policy in this folder (files that end in .lua)");
    for (int i = 0; i < n; i++) {
        char file[4096];
        if (plugin && strcmp(found[i]->d_name, PLUGIN_FILE) == 0) { /* it is tried as one */
            free(found[i]);
            continue;
        }
        size_t len = strlen(path);
        snprintf(file, sizeof file, "%s%s%s", path, len && path[len - 1] == '/' ? "" : "/", found[i]->d_name);
        if (rc == 0)
            rc = add_file(set, env, file);
        free(found[i]);
    }
    free(found);
    return rc == ERR_NOMEM ? rc : 0;
}

static int collect(struct policy_set *set, const struct policy_env *env, const char *const *paths)
{
    for (; *paths; paths++) {
        struct stat st;
        int rc = 0;
        if (stat(*paths, &st))
            policy_set_add_error(set, *paths, 0, strerror(errno));
        else if (S_ISDIR(st.st_mode))
            rc = add_folder(set, env, *paths);
        else
            rc = add_file(set, env, *paths);
        if (rc)
            return rc;
    }
    return 0;
}

static void plugin_wrong(void *data, const char *file, int line, const char *message)
{
    load_error_add(data, MISTAKE_PLUGIN, file, line, 0, message);
}

/* A file for each plugin, before all others, which requires it and nothing else: so each is tried once, in a sandbox of
 * its own, whether a policy uses it or not. */
static int add_plugins(struct policy_set *set, const struct policy_env *env)
{
    char path[4096];
    int rc = plugins_read(&set->plugins, env->plugins, env->plugin_count, plugin_wrong, set);
    if (!rc && env->plugin_lock)
        plugin_lock_check(&set->plugins, env->plugin_lock, plugin_wrong, set);
    for (size_t i = 0; i < set->plugins.count && !rc; i++) {
        struct plugin *p = set->plugins.items[i];
        p->tried = p->refused;
        if (p->refused)
            continue;
        snprintf(path, sizeof path, "%s/%s", p->path, PLUGIN_FILE);
        rc = add_file(set, env, path);
        if (rc)
            return rc;
        struct policy_file *f = set->files[set->file_count - 1];
        f->tries = p;
        buf_printf(&f->text, "require \"%s\" -- %s\n", p->name,
                   p->sha256); /* another text where the plugin is another */
        rc = f->text.failed ? ERR_NOMEM : 0;
    }
    return rc;
}

/* A load does not read the configuration; it says that its file is another by now. */
static void read_config(struct policy_set *set, const struct policy_env *env)
{
    struct buf text = BUF_INIT;
    struct error err;
    if (!env->config || !file_differs(env->config, env->config_text))
        return;
    set->config_changed = env->config;
    if (env->config_tell && buf_read_file(&text, env->config, CONFIG_MOST, &err) == 0)
        env->config_tell(env->config_text, buf_str(&text), &set->config_keys);
    buf_free(&text);
}

void policy_files_read(struct policy_set *set, const struct policy_env *env, const char *const *paths)
{
    if (add_plugins(set, env) || collect(set, env, paths))
        policy_set_add_error(set, *paths ? *paths : "plugins", 0, "out of memory");
    read_config(set, env);
    for (size_t i = 0; i < set->file_count; i++) {
        struct policy_file *f = set->files[i];
        struct error err;
        if (!f->tries && buf_read_file(&f->text, f->path, SCRIPT_SOURCE_MAX, &err))
            error_keep(&f->unread, &err);
        else
            policy_zones_read(&f->zones, buf_str(&f->text));
        if (!f->unread && !f->tries && plugin_sum_text(buf_str(&f->text), f->sha256))
            *f->sha256 = '\0';
    }
    policy_footprint_note(set);
}
