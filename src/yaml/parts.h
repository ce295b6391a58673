/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this floor share: what a tree is made of. */
#ifndef MPIJOBD_YAML_PARTS_H
#define MPIJOBD_YAML_PARTS_H

#include <yaml.h>

#include "base/buf.h"
#include "yaml/tree.h"
#include "json/write.h"

/* How a syntax error is told. */
enum yaml_words {
    YAML_WORDS_FILE,    /* "FILE:2: this is not YAML: did not find expected key while parsing a block mapping" */
    YAML_WORDS_COMMAND, /* "FILE:2: while parsing a block mapping, did not find expected key" */
};

/* What stands before a node: !!str, !!int. */
enum yaml_tag {
    YAML_TAG_NONE,
    YAML_TAG_STR,
    YAML_TAG_BOOL,
    YAML_TAG_INT,
    YAML_TAG_FLOAT,
    YAML_TAG_NULL,
    YAML_TAG_TIMESTAMP,
    YAML_TAG_BINARY,
    YAML_TAG_MERGE,
    YAML_TAG_OTHER
};

struct yaml_entry {
    uint32_t line;  /* from 1 */
    uint32_t at;    /* a scalar's first byte in the tree's text; a collection's first entry in its children */
    uint32_t count; /* of bytes, of items, of members: a member has two entries, key and value */
    uint8_t kind;   /* enum yaml_kind */
    uint8_t tag;    /* enum yaml_tag, of a scalar */
    bool plain;     /* a scalar without quotes and without a tag */
};

struct yaml_tree {
    char *file;
    enum yaml_words words;
    yaml_parser_t parser;
    struct buf text;     /* of all scalars, each followed by a NUL */
    struct buf entries;  /* struct yaml_entry; a node's id is its place, from 1 */
    struct buf children; /* uint32_t: ids */
    uint32_t root;       /* 0: no document */
};

/* --- tree_read.c --- */
/* As yaml_tree_parse, in other words, those of the command line. */
int yaml_tree_parse_in(enum yaml_words words, struct str text, const char *file, struct yaml_tree **tree,
                       struct error *err);

/* --- tree.c --- */
const struct yaml_entry *yaml_entry_of(struct yaml_node node); /* NULL: absent */

/* --- names.c --- */
struct name {
    struct str text; /* the caller's; stays as long as the table is used */
    uint32_t number; /* 0: this slot is free */
};
struct names { /* begins as {0} */
    struct name *slots;
    size_t room, count; /* room: a power of two, or 0 */
};
uint32_t names_find(const struct names *names, struct str text); /* 0: it is not there */
/* A text that is not there; number is not 0. 0 or ERR_NOMEM. */
int names_add(struct names *names, struct str text, uint32_t number);
void names_free(struct names *names);

/* --- scalar.c --- */
enum yaml_sense {
    YAML_SENSE_TEXT,
    YAML_SENSE_BYTES, /* of !!binary */
    YAML_SENSE_NULL,
    YAML_SENSE_TRUE,
    YAML_SENSE_FALSE,
    YAML_SENSE_INTEGER,
    YAML_SENSE_FLOAT,
    YAML_SENSE_ENDLESS, /* .inf, .nan: no value in JSON */
};
/* spelt: gets a number as JSON writes it, and decoded bytes; spelt->failed where memory is out. False: the scalar is
 * not what its tag says. */
bool yaml_sense(struct yaml_node scalar, enum yaml_sense *sense, struct buf *spelt);
/* Quotes, or not, for a text that has to be read as a text. */
yaml_scalar_style_t yaml_text_style(struct str text);

/* --- scalar_number.c --- */
/* Appends the number that the text writes; YAML_SENSE_TEXT: it writes no number. */
enum yaml_sense yaml_number(struct str text, struct buf *json);

/* --- members.c --- */
struct yaml_member {
    struct str name;
    struct yaml_node value;
    bool merged; /* it came by a merge key */
    char *own;   /* the name, where it is no text of the tree */
};

/* What a map has, its merge keys followed. To begin with, all but steps_left and err is zero. */
struct yaml_members {
    struct buf list;     /* struct yaml_member, in the file's order */
    struct names places; /* in the list, from 1 */
    struct buf spelt;    /* the key that is being read, where it is no text of the tree */
    size_t *steps_left;  /* members that may be merged in the whole text: merges of merges make much of little */
    struct error *err;
};

/* ERR_SYNTAX, ERR_NOMEM; to be freed in either case. */
int yaml_members_read(struct yaml_members *members, struct yaml_node map);
size_t yaml_members_count(const struct yaml_members *members);
struct yaml_member *yaml_member_at(const struct yaml_members *members, size_t i);
void yaml_members_free(struct yaml_members *members);

#endif
