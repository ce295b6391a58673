/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications as data: their types, their rows, their bodies. */
#include "outside/notice.h"

#include <string.h>

#include "outside/mail_address.h"
#include "outside/secrets.h"
#include "json/member.h"
#include "json/write.h"

static const struct {
    const char *name;
    size_t text_max;
    enum notice_part needs[4]; /* ends at PART_URL twice: NOTICE_PARTS fills the rest */
} types[NOTICE_TYPES] = {
    [NOTICE_WEBHOOK] = {"webhook", NOTICE_TEXT_MAX, {PART_URL, NOTICE_PARTS}},
    [NOTICE_SLACK] = {"slack", 30000, {PART_URL, PART_TEXT, NOTICE_PARTS}},
    [NOTICE_TEAMS] = {"teams", 20000, {PART_URL, PART_TEXT, NOTICE_PARTS}},
    [NOTICE_DISCORD] = {"discord", 2000, {PART_URL, PART_TEXT, NOTICE_PARTS}},
    [NOTICE_TELEGRAM] = {"telegram", 4000, {PART_TOKEN, PART_CHAT, PART_TEXT, NOTICE_PARTS}},
    [NOTICE_WEBEX] = {"webex", 7000, {PART_TOKEN, PART_ROOM, PART_TEXT, NOTICE_PARTS}},
    [NOTICE_EMAIL] = {"email", NOTICE_TEXT_MAX, {PART_SERVER, PART_FROM, PART_TO, PART_TEXT}},
};

static const char *const part_names[NOTICE_PARTS] = {"url",  "token", "chat", "room",     "server",
                                                     "from", "to",    "user", "password", "subject",
                                                     "text", "body",  "sink", "policy",   "cluster"};

const char *notice_type_name(enum notice_type type)
{
    return types[type].name;
}

bool notice_type_parse(struct str name, enum notice_type *type)
{
    for (int i = 0; i < NOTICE_TYPES; i++) {
        if (str_is(name, types[i].name)) {
            *type = (enum notice_type)i;
            return true;
        }
    }
    return false;
}

const char *notice_part_name(enum notice_part part)
{
    return part_names[part];
}

size_t notice_text_max(enum notice_type type)
{
    return types[type].text_max;
}

void notice_free(struct notice *n)
{
    for (int i = 0; i < NOTICE_PARTS; i++)
        buf_free(&n->parts[i]);
}

int notice_fill(struct notice *n, const struct notice *sink, struct error *err)
{
    for (int i = 0; i <= PART_SUBJECT; i++) {
        if (!n->parts[i].len)
            buf_add_str(&n->parts[i], buf_str(&sink->parts[i]));
        if (n->parts[i].failed)
            return error_nomem(err);
    }
    return 0;
}

int notice_check(const struct notice *n, struct error *err)
{
    for (int i = 0; i < 4 && types[n->type].needs[i] != NOTICE_PARTS; i++) {
        enum notice_part part = types[n->type].needs[i];
        if (!n->parts[part].len)
            return error_set(err, ERR_INVALID, "%s needs %s", types[n->type].name, part_names[part]);
    }
    if (n->type == NOTICE_WEBHOOK && !n->parts[PART_TEXT].len && !n->parts[PART_BODY].len)
        return error_set(err, ERR_INVALID, "webhook needs body or text");
    int rc = 0;
    for (enum notice_part part = PART_FROM; n->type == NOTICE_EMAIL && part <= PART_TO && !rc; part++) {
        if (!secret_veiled(buf_str(&n->parts[part]))) /* else it is looked at when it is sent */
            rc = mail_addresses_check(n->parts[part].ptr, part == PART_FROM, part_names[part], err);
    }
    return rc;
}

void notice_destination(const struct notice *n, struct buf *out)
{
    buf_printf(out, "%s\n", types[n->type].name);
    if (n->parts[PART_SINK].len) {
        buf_add_str(out, buf_str(&n->parts[PART_SINK]));
        return;
    }
    for (int i = 0; i <= PART_TO; i++) {
        buf_add_str(out, buf_str(&n->parts[i]));
        buf_putc(out, '\n');
    }
}

/* ---- rows ---- */

void notice_write(const struct notice *n, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    json_write_key(&w, "type");
    json_write_string(&w, types[n->type].name);
    json_write_key(&w, "run");
    json_write_int(&w, n->run);
    if (n->about) {
        json_write_key(&w, "about");
        json_write_int(&w, n->about);
    }
    json_write_key(&w, "created");
    json_write_int(&w, n->created);
    for (int i = 0; i < NOTICE_PARTS; i++) {
        if (!n->parts[i].len)
            continue;
        json_write_key(&w, part_names[i]);
        json_write_str(&w, buf_str(&n->parts[i]));
    }
    json_write_end(&w);
}

int notice_read(struct str row, struct notice *n, struct error *err)
{
    struct json root;
    char type[32];
    int rc = json_parse(row, "a notification in the state file", &root, err);
    *n = (struct notice){0};
    if (rc)
        return rc;
    json_string_at(root, "/type", type, sizeof type);
    if (!notice_type_parse(str_of(type), &n->type))
        return error_set(err, ERR_INVALID, "a notification in the state file has the unknown type \"%s\"", type);
    json_int64(json_get(root, "run"), &n->run);
    json_int64(json_get(root, "about"), &n->about);
    json_int64(json_get(root, "created"), &n->created);
    for (int i = 0; i < NOTICE_PARTS; i++) {
        json_decode(json_get(root, part_names[i]), &n->parts[i]);
        if (n->parts[i].failed) {
            notice_free(n);
            return error_nomem(err);
        }
    }
    return 0;
}

/* ---- bodies ---- */

static void member(struct json_writer *w, const char *key, const struct buf *text)
{
    json_write_key(w, key);
    json_write_str(w, buf_str(text));
}

/* What Teams' workflows take: a message with one adaptive card. */
static void card(struct json_writer *w, const struct buf *text)
{
    json_member_text(w, "type", "message");
    json_write_key(w, "attachments");
    json_write_array(w);
    json_write_object(w);
    json_member_text(w, "contentType", "application/vnd.microsoft.card.adaptive");
    json_write_key(w, "content");
    json_write_object(w);
    json_member_text(w, "type", "AdaptiveCard");
    json_member_text(w, "version", "1.4");
    json_write_key(w, "body");
    json_write_array(w);
    json_write_object(w);
    json_member_text(w, "type", "TextBlock");
    member(w, "text", text);
    json_write_key(w, "wrap");
    json_write_bool(w, true);
    json_write_end(w);
    json_write_end(w);
    json_write_end(w);
    json_write_end(w);
    json_write_end(w);
}

void notice_body(const struct notice *n, struct buf *out)
{
    const struct buf *text = &n->parts[PART_TEXT];
    struct json_writer w;
    if (n->type == NOTICE_WEBHOOK && n->parts[PART_BODY].len) {
        buf_add_str(out, buf_str(&n->parts[PART_BODY]));
        return;
    }
    json_writer_init(&w, out);
    json_write_object(&w);
    switch (n->type) {
    case NOTICE_TEAMS:
        card(&w, text);
        break;
    case NOTICE_DISCORD: /* a job's name calls nobody */
        member(&w, "content", text);
        json_write_key(&w, "allowed_mentions");
        json_write_object(&w);
        json_write_key(&w, "parse");
        json_write_array(&w);
        json_write_end(&w);
        json_write_end(&w);
        break;
    case NOTICE_TELEGRAM:
        member(&w, "chat_id", &n->parts[PART_CHAT]);
        member(&w, "text", text);
        break;
    case NOTICE_WEBEX:
        member(&w, "roomId", &n->parts[PART_ROOM]);
        member(&w, "text", text);
        break;
    default:
        member(&w, "text", text);
    }
    json_write_end(&w);
}
