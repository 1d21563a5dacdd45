/* The packed table of compile options against the .proto that it is made of,
 * which is read here in another way: line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options/proto.h"

#define FILE_NAME "src/options/compile_options.proto"
#define MAX_TYPES 256

/* All types that can stand in the options. */
typedef struct type_list {
  const pjrt_proto_type *types[MAX_TYPES];
  size_t num;
} type_list;

static void add_types(type_list *list, const pjrt_proto_type *type) {
  for (size_t i = 0; i < list->num; i++) {
    if (list->types[i] == type) return;
  }
  assert_true(list->num < MAX_TYPES);
  list->types[list->num++] = type;
  for (size_t i = 0; type->kind == PJRT_PROTO_MESSAGE && i < type->num_fields;
       i++) {
    add_types(list, pjrt_proto_type_of(&pjrt_proto_fields(type)[i]));
  }
}

static bool has_name(const pjrt_proto_type *type, const char *name) {
  return strcmp(PJRT_PROTO_NAME(type), name) == 0;
}

/* "map<string, X> name = 7;" and the like: the type of the field in `kind`. */
static bool read_field(char *line, char **kind, char **name, unsigned *number) {
  char *equals = strstr(line, " = ");
  if (!equals || strchr(line, '"')) return false;
  *number = (unsigned)strtoul(equals + 3, NULL, 10);
  *equals = '\0';
  char *blank = strrchr(line, ' ');
  *name = blank + 1;
  *blank = '\0';
  *kind = line + strspn(line, " ");
  return true;
}

static void expect_form(const pjrt_proto_field *field, const char *kind) {
  assert_int_equal(pjrt_proto_is_map(field), strncmp(kind, "map<", 4) == 0);
  assert_int_equal(
      pjrt_proto_is_repeated(field),
      pjrt_proto_is_map(field) || strncmp(kind, "repeated ", 9) == 0);
  const char *last = strrchr(kind, ' ') ? strrchr(kind, ' ') + 1 : kind;
  if (pjrt_proto_is_map(field)) {
    field = pjrt_proto_entry_value(field);
    assert_int_equal(field->number, 2);
  }
  const char *dot = strrchr(last, '.');
  char name[PJRT_PROTO_NAME_SIZE];
  const size_t size = strcspn(dot ? dot + 1 : last, ">");
  assert_true(size < sizeof name);
  memcpy(name, dot ? dot + 1 : last, size);
  name[size] = '\0';
  assert_string_equal(PJRT_PROTO_TYPE_NAME(field), name);
}

static bool has_line(const pjrt_proto_type *type, const char *kind,
                     const char *name, unsigned number) {
  const pjrt_proto_field *field =
      pjrt_proto_field_named(type, name, PJRT_NUL_ENDED);
  if (!field || field->number != number) return false;
  assert_ptr_equal(pjrt_proto_field_numbered(type, number), field);
  assert_string_equal(PJRT_PROTO_NAME(field), name);
  if (*kind) expect_form(field, kind);
  return true;
}

/* Whether a type has the line's field, or value of an enum. Some types are not
 * used any more: no field that is left has them. */
static bool find_line(const type_list *list, const char *message,
                      const char *kind, const char *name, unsigned number) {
  size_t num_named = 0;
  for (size_t i = 0; i < list->num; i++) {
    if (!has_name(list->types[i], message)) continue;
    if (has_line(list->types[i], kind, name, number)) return true;
    num_named++;
  }
  if (num_named > 0) {
    fail_msg("%s: %s = %u is not in the table", message, name, number);
  }
  return false;
}

/* The lines of a file, which end a block, open one, or are a field. */
static size_t expect_lines(FILE *file, const type_list *list) {
  char line[256];
  char blocks[8][PJRT_PROTO_NAME_SIZE] = {""};
  size_t depth = 0;
  size_t found = 0;
  while (fgets(line, sizeof line, file)) {
    char word[16];
    char *kind;
    char *name;
    unsigned number;
    if (strchr(line, '}')) {
      depth--;
    } else if (strchr(line, '{')) {
      assert_true(++depth < 8);
      assert_int_equal(sscanf(line, "%15s %79s", word, blocks[depth]), 2);
      if (strcmp(word, "oneof") == 0) {
        memcpy(blocks[depth], blocks[depth - 1], sizeof *blocks);
      }
    } else if (read_field(line, &kind, &name, &number)) {
      found += find_line(list, blocks[depth], kind, name, number);
    }
  }
  return found;
}

static void the_table_is_the_file(void **state) {
  (void)state;
  const char *folder = getenv("PJRT_TEST_SOURCE_DIR");
  char path[1024];
  snprintf(path, sizeof path, "%s/" FILE_NAME, folder ? folder : ".");
  FILE *file = fopen(path, "r");
  if (!file) {
    print_message("skip: no %s\n", path);
    skip();
  }
  type_list list = {.num = 0};
  add_types(&list, pjrt_proto_options());
  const size_t found = expect_lines(file, &list);
  fclose(file);
  size_t expected = 0; /* but for maps' entries, which the file does not have */
  for (size_t i = 0; i < list.num; i++) {
    const char *name = PJRT_PROTO_NAME(list.types[i]);
    const bool is_entry = strlen(name) > 5 && strstr(name, "Entry");
    if (!is_entry) expected += list.types[i]->num_fields;
  }
  assert_int_equal(found, expected);
}

static void what_is_not_there(void **state) {
  (void)state;
  const pjrt_proto_type *options = pjrt_proto_options();
  assert_string_equal(PJRT_PROTO_NAME(options), "CompileOptionsProto");
  assert_null(pjrt_proto_field_named(options, "", 0));
  assert_null(pjrt_proto_field_named(options, "profile_versio", 14));
  assert_null(pjrt_proto_field_named(options, "profile_versions", 16));
  assert_null(pjrt_proto_field_numbered(options, 0));
  assert_null(pjrt_proto_field_numbered(options, 13));
  assert_null(pjrt_proto_field_numbered(options, 65536 + 5));
}

static void members_of_a_oneof(void **state) {
  (void)state;
  const pjrt_proto_field *map = pjrt_proto_field_named(
      pjrt_proto_options(), "env_option_overrides", PJRT_NUL_ENDED);
  assert_true(pjrt_proto_is_map(map));
  const pjrt_proto_type *type = pjrt_proto_type_of(pjrt_proto_entry_value(map));
  const pjrt_proto_field *fields = pjrt_proto_fields(type);
  assert_int_equal(type->num_fields, 4);
  assert_true(pjrt_proto_same_oneof(&fields[0], &fields[3]));
  assert_false(pjrt_proto_same_oneof(NULL, &fields[0]));
  assert_false(pjrt_proto_same_oneof(&fields[0], map));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_table_is_the_file),
      cmocka_unit_test(what_is_not_there),
      cmocka_unit_test(members_of_a_oneof),
  };
  return cmocka_run_group_tests_name("proto_table", tests, NULL, NULL);
}
