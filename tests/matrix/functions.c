/* The functions that plugins have, as the matrix numbers them: those of the
 * table, and behind them those of the extensions. */
#include <dlfcn.h>

#include "matrix.h"

/* ---- what extensions have ------------------------------------------------ */

/* An extension, or one of the slots of the extension before it. */
typedef struct row {
  const char *args; /* "PJRT_FFI_Register_Handler_Args"; NULL: an extension */
  int type;
  int since; /* 0: with the extension */
  size_t offset;
  bool is_nested; /* in the table that the node points to */
} row;

static const row rows[] = {
#define PJRT_EXTENSION_ROW(type, name, node, since, kind) \
  {NULL, type, since, 0, false},
#define PJRT_EXTENSION_SLOT_ROW(node, slot, args, returns, since) \
  {#args, -1, since, offsetof(node, slot), false},
#define PJRT_EXTENSION_NESTED_ROW(table, slot, function, returns, since) \
  {#function "_Args", -1, since, offsetof(table, slot), true},
#include "abi/generated/extensions.inc"
#undef PJRT_EXTENSION_NESTED_ROW
#undef PJRT_EXTENSION_SLOT_ROW
#undef PJRT_EXTENSION_ROW
};

typedef struct extension_function {
  char name[80];
  int type;
  int since;
  size_t offset;
  bool is_nested;
} extension_function;

static extension_function *list_functions(size_t *out_num) {
  static extension_function list[MATRIX_MAX_FUNCTIONS];
  static size_t num;
  const row *owner = rows;
  for (size_t i = 0; num == 0 || i > 0; i++) {
    if (i == sizeof rows / sizeof *rows) break;
    if (!rows[i].args) {
      owner = &rows[i];
      continue;
    }
    extension_function *f = &list[num];
    const size_t size = strlen(rows[i].args) - strlen("_Args");
    /* Two functions that share their args share their name: it stands for
     * both, of which the last may be behind a short node's end. */
    if (num && !strncmp(f[-1].name, rows[i].args, size) && !f[-1].name[size]) {
      f[-1].offset = rows[i].offset;
      continue;
    }
    memcpy(f->name, rows[i].args, size);
    f->type = owner->type;
    f->since = rows[i].since ? rows[i].since : owner->since;
    f->offset = rows[i].offset;
    f->is_nested = rows[i].is_nested;
    num++;
  }
  *out_num = num;
  return list;
}

static const extension_function *extension_function_at(size_t i) {
  size_t num;
  const extension_function *list = list_functions(&num);
  i -= pjrt_num_functions();
  return i < num ? &list[i] : NULL;
}

/* ---- all ----------------------------------------------------------------- */

size_t matrix_num_functions(void) {
  size_t num;
  list_functions(&num);
  return pjrt_num_functions() + num;
}

const char *matrix_function_name(size_t i) {
  if (i < pjrt_num_functions()) return pjrt_function_name(i);
  return extension_function_at(i)->name;
}

int matrix_function_since(size_t i) {
  if (i < pjrt_num_functions()) return pjrt_function_since(i);
  return extension_function_at(i)->since;
}

const char *matrix_function_extension(size_t i) {
  if (i < pjrt_num_functions()) return NULL;
  return pjrt_extension_name(extension_function_at(i)->type);
}

size_t matrix_index(const char *function) {
  size_t i = 0;
  while (i < matrix_num_functions() &&
         strcmp(matrix_function_name(i), function))
    i++;
  return i;
}

/* ---- what a plugin has of extensions ------------------------------------- */

enum { FIRST_MINOR_WITH_NODE_SIZE = 45, LONGEST_CHAIN = 64 };

/* A node as it was before. */
typedef struct old_node {
  int type;
  PJRT_Extension_Base *next;
} old_node;

/* FFI's first node had one slot, for user data, where types are now. */
static bool is_first_ffi(const PJRT_Extension_Base *node, int minor) {
  return minor == 53 && node->type == PJRT_Extension_Type_FFI;
}

/* A pointer at this offset of the node; NULL where that ends before. */
static void *pointer_in_node(const PJRT_Extension_Base *node, int minor,
                             size_t offset) {
  void *pointer = NULL;
  const char *at = (const char *)node + offset;
  if (minor < FIRST_MINOR_WITH_NODE_SIZE) {
    at -= sizeof *node - sizeof(old_node);
  } else if (node->struct_size < offset + sizeof pointer) {
    return NULL;
  }
  memcpy(&pointer, at, sizeof pointer);
  return pointer;
}

static bool has_slot(const PJRT_Extension_Base *node, int minor,
                     const extension_function *f) {
  void *slot = NULL;
  if (is_first_ffi(node, minor)) {
    return f->offset == offsetof(PJRT_FFI_Extension, user_data_add);
  }
  if (!f->is_nested) {
    return (minor >= FIRST_MINOR_WITH_NODE_SIZE || f->since <= minor) &&
           pointer_in_node(node, minor, f->offset);
  }
  const char *table = pointer_in_node(
      node, minor, offsetof(PJRT_Profiler_Extension, profiler_api));
  if (!table ||
      ((const PLUGIN_Profiler_Api *)(const void *)table)->struct_size <
          f->offset + sizeof slot)
    return false;
  memcpy(&slot, table + f->offset, sizeof slot);
  return slot != NULL;
}

static bool has_function(const PJRT_Api *api, const extension_function *f) {
  const int minor = api->pjrt_api_version.minor_version;
  const PJRT_Extension_Base *node = api->extension_start;
  for (int i = 0; node && i < LONGEST_CHAIN; i++) {
    const bool is_old = minor < FIRST_MINOR_WITH_NODE_SIZE;
    const old_node *old = (const old_node *)(const void *)node;
    if ((is_old ? old->type : (int)node->type) == f->type)
      return has_slot(node, minor, f);
    node = is_old ? old->next : node->next;
  }
  return false;
}

void matrix_note_extensions(bool *missing) {
  const PJRT_Api *(*get_api)(void);
  void *library = dlopen(sim_path(), RTLD_NOW | RTLD_LOCAL);
  void *symbol = library ? dlsym(library, "GetPjrtApi") : NULL;
  assert_non_null(symbol);
  memcpy(&get_api, &symbol, sizeof get_api);
  const PJRT_Api *api = get_api();
  for (size_t i = pjrt_num_functions(); i < matrix_num_functions(); i++)
    missing[i] = !api || !has_function(api, extension_function_at(i));
}
