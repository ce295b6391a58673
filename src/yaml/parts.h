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

struct yaml_entry {
    uint32_t line;  /* from 1 */
    uint32_t at;    /* a scalar's first byte in the tree's text; a collection's first entry in its children */
    uint32_t count; /* of bytes, of items, of members: a member has two entries, key and value */
    uint8_t kind;   /* enum yaml_kind */
    bool plain;     /* a scalar without quotes */
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
/* yaml_tree_parse in other words, those of the command line. */
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
void yaml_write_scalar(struct json_writer *w, struct yaml_node scalar);
/* Quotes, or not, for a text that has to be read as a text. */
yaml_scalar_style_t yaml_text_style(struct str text);

#endif
