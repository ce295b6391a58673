/* SPDX-License-Identifier: Apache-2.0 */
/* Each write of an undo asks the daemon for its turn. */
#include "cli/session/hand.h"
#include "cli/undo/undoing.h"
#include "control/asker.h"
#include "json/member.h"

static void answered(void *data, struct json result, const struct error *err)
{
    (void)result;
    undo_turn_came(data, !err);
}

static bool ask(void *data, struct undo_object *o)
{
    struct undoing *u = data;
    struct buf args = BUF_INIT;
    struct json_writer w;
    if (!u->asker)
        return false;
    json_writer_init(&w, &args);
    json_write_object(&w);
    json_write_key(&w, "run");
    json_write_int(&w, u->undo.number);
    json_member_text_if(&w, "policy", u->undo.untraced ? NULL : u->undo.origin);
    json_member_text(&w, "cluster", u->undo.cluster);
    json_write_end(&w);
    struct control_question q = {.verb = "undo_turn", .args = {buf_str(&args)}, .done = answered, .data = o};
    bool asked = !args.failed && control_ask(u->asker, &q, NULL) == 0;
    buf_free(&args);
    return asked;
}

void undo_turns_begin(struct undoing *u)
{
    char path[4096];
    const char *at = u->limits.told ? session_control_path(&u->s, path) : NULL;
    if (!at || control_connect(&u->s.loop, at, &u->asker, NULL))
        u->asker = NULL;
    u->undo.ask_turn = ask;
}

static void closed(void *data)
{
    ((struct session *)data)->flag = true;
}

void undo_turns_end(struct undoing *u)
{
    u->undo.ask_turn = NULL;
    if (!u->asker)
        return;
    u->s.flag = false;
    control_asker_close(u->asker, closed, &u->s);
    session_wait(&u->s);
    u->s.flag = false;
    u->asker = NULL;
}
