/* Records which PJRT functions a program calls on which plugin, and what they
 * answer. tools/run_tests.py puts this library into a test by LD_PRELOAD, and
 * neither the test nor the plugin needs to know.
 *
 * A client looks up GetPjrtApi by dlsym. It gets another one, which returns a
 * copy of the plugin's table, and of its chain of extensions, in which each
 * slot notes the answer and forwards. The args of a PJRT function do not say
 * whose they are, so a slot is not one function but a lane of them: the first
 * takes the first function that was found in that slot, the second the next
 * different one, and so on.
 *
 * The notes are bits in a shared mapping of a file, so they outlive a process
 * that is killed, and processes that it forks write into the same. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/generated/sizes.h"
#include "pjrt/abi.h"

enum {
  NUM_LANES = 24,
  MAX_PLUGINS = 16,
  MAX_PATH = 1008,
  SIZED_TABLE_MINOR = 57, /* older tables have more slots than they declare */
  REORDERED_MINOR = 56,
  SIZED_NODE_MINOR = 45, /* older extensions declare no size */
  MAX_NODES = 64,
  MAX_NODE_SIZE = 1024
};

/* The numbers of extensions' functions follow those of the table. */
enum {
#define PJRT_CALL_ROW(name, since, how) ID_##name,
#define PJRT_CALL_ROW_VOID(name, since, how) ID_##name,
#include "abi/generated/calls.inc"
#define PJRT_EXTENSION_SLOT_ROW(node, slot, args, returns, since) \
  ID_##node##_##slot,
#include "abi/generated/extensions.inc"
#undef PJRT_EXTENSION_SLOT_ROW
#define PJRT_EXTENSION_NESTED_ROW(table, slot, function, returns, since) \
  ID_##table##_##slot,
#include "abi/generated/extensions.inc"
  NUM_IDS
};

/* The answers of one function: bit 0 for success, bit N for the error code N,
 * and bit 31 for an error whose code was not asked for. */
static const uint32_t unknown_error = UINT32_C(1) << 31;

typedef struct plugin_record {
  char path[MAX_PATH];
  _Atomic uint32_t answers[NUM_IDS];
} plugin_record;

/* What the file holds; run_tests.py reads it. */
typedef struct record {
  uint32_t num_calls;
  _Atomic uint32_t lost; /* functions for which there was no lane */
  plugin_record plugins[MAX_PLUGINS];
} record;

typedef PJRT_Error *any_call(void *args);
typedef void any_void_call(void *args);
typedef const PJRT_Api *get_api(void);
typedef void *dlsym_function(void *library, const char *name);

/* A function of a plugin, in the form of a table's slot. */
typedef union slot {
  any_call *call;
  any_void_call *void_call;
  get_api *entry;
  void *address;
} slot;

typedef struct lane {
  slot next;
  int plugin;
} lane;

/* A table that was handed out, and what it was made from. The slots that are
 * too many are what a client finds that reads too far. */
typedef struct table {
  struct table *older;
  const PJRT_Api *source;
  PJRT_Api before;
  union {
    PJRT_Api api;
    slot slots[sizeof(PJRT_Api) / sizeof(slot) + 8];
  } copy;
} table;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static record *notes; /* NULL when nothing is to be recorded */
static table *tables;
static lane lanes[NUM_IDS][NUM_LANES];
static lane entries[NUM_LANES];
/* How to ask an error of a plugin for its code; NULL where it is not asked. */
static any_call *get_code[MAX_PLUGINS];

/* ---- noting -------------------------------------------------------------- */

static void note(int plugin, int id, uint32_t answer) {
  _Atomic uint32_t *answers = &notes->plugins[plugin].answers[id];
  if (!(atomic_load_explicit(answers, memory_order_relaxed) & answer)) {
    atomic_fetch_or_explicit(answers, answer, memory_order_relaxed);
  }
}

static uint32_t answer_of(int plugin, PJRT_Error *error) {
  PJRT_Error_GetCode_Args args = {
      .struct_size = PJRT_Error_GetCode_Args_STRUCT_SIZE, .error = error};
  if (!error) return 1;
  if (!get_code[plugin] || get_code[plugin](&args)) return unknown_error;
  return args.code > 0 && args.code < 31 ? UINT32_C(1) << args.code
                                         : unknown_error;
}

static PJRT_Error *forward(int id, int n, void *args) {
  const lane *used = &lanes[id][n];
  PJRT_Error *error = used->next.call(args);
  note(used->plugin, id, answer_of(used->plugin, error));
  return error;
}

static void forward_void(int id, int n, void *args) {
  const lane *used = &lanes[id][n];
  used->next.void_call(args);
  note(used->plugin, id, 1);
}

/* The errors of a nested table are of another kind. */
static void *forward_nested(int id, int n, void *args) {
  const lane *used = &lanes[id][n];
  void *error = used->next.call(args);
  note(used->plugin, id, error ? unknown_error : 1);
  return error;
}

static const PJRT_Api *enter(int n);

/* ---- the functions that stand in the copies ------------------------------ */

/* clang-format off */
#define LANES(X, name)                                                       \
  X(name, 0) X(name, 1) X(name, 2) X(name, 3) X(name, 4) X(name, 5)          \
  X(name, 6) X(name, 7) X(name, 8) X(name, 9) X(name, 10) X(name, 11)        \
  X(name, 12) X(name, 13) X(name, 14) X(name, 15) X(name, 16) X(name, 17)    \
  X(name, 18) X(name, 19) X(name, 20) X(name, 21) X(name, 22) X(name, 23)
/* clang-format on */

#define CALL(name, n)                         \
  static PJRT_Error *name##_##n(void *args) { \
    return forward(ID_##name, n, args);       \
  }
#define VOID_CALL(name, n) \
  static void name##_##n(void *args) { forward_void(ID_##name, n, args); }
#define CALL_ERROR(name, n) CALL(name, n)
#define CALL_VOID(name, n) VOID_CALL(name, n)
#define ENTRY(name, n) \
  static const PJRT_Api *name##_##n(void) { return enter(n); }
#define PJRT_CALL_ROW(name, since, how) LANES(CALL, name)
#define PJRT_CALL_ROW_VOID(name, since, how) LANES(VOID_CALL, name)
#include "abi/generated/calls.inc"
#define PJRT_EXTENSION_SLOT_ROW(node, slot, args, returns, since) \
  LANES(CALL_##returns, node##_##slot)
#include "abi/generated/extensions.inc"
#undef PJRT_EXTENSION_SLOT_ROW
#define NESTED_ERROR(name, n)                  \
  static PJRT_Error *name##_##n(void *args) {  \
    return forward_nested(ID_##name, n, args); \
  }
#define NESTED_VOID(name, n) VOID_CALL(name, n)
#define PJRT_EXTENSION_NESTED_ROW(table, slot, function, returns, since) \
  LANES(NESTED_##returns, table##_##slot)
#include "abi/generated/extensions.inc"
LANES(ENTRY, entry)

#define CALL_SLOT(name, n) {.call = name##_##n},
#define VOID_SLOT(name, n) {.void_call = name##_##n},
#define ENTRY_SLOT(name, n) {.entry = name##_##n},
#define PJRT_CALL_ROW(name, since, how) {LANES(CALL_SLOT, name)},
#define PJRT_CALL_ROW_VOID(name, since, how) {LANES(VOID_SLOT, name)},
#define CALL_SLOT_ERROR CALL_SLOT
#define CALL_SLOT_VOID VOID_SLOT
#define PJRT_EXTENSION_SLOT_ROW(node, slot, args, returns, since) \
  {LANES(CALL_SLOT_##returns, node##_##slot)},
static const slot stand_ins[NUM_IDS][NUM_LANES] = {
#include "abi/generated/calls.inc"
#include "abi/generated/extensions.inc"
#define PJRT_EXTENSION_NESTED_ROW(table, slot, function, returns, since) \
  {LANES(CALL_SLOT_##returns, table##_##slot)},
#include "abi/generated/extensions.inc"
};
static const slot entry_stand_ins[NUM_LANES] = {LANES(ENTRY_SLOT, entry)};

/* The lane of a plugin's function; NUM_LANES when there are too many. */
static int find_lane(lane *all, slot next, int plugin) {
  int n = 0;
  while (n < NUM_LANES && all[n].next.address &&
         (all[n].next.address != next.address || all[n].plugin != plugin)) {
    n++;
  }
  if (n < NUM_LANES) {
    all[n] = (lane){next, plugin};
  } else {
    atomic_fetch_add(&notes->lost, 1);
  }
  return n;
}

/* ---- copying tables ------------------------------------------------------ */

static PJRT_Error *behind_the_table(void *args) {
  (void)args;
  fputs("recorder: a slot behind the end of the table was called\n", stderr);
  abort();
}

/* How much of a plugin's table is there and known to the registry; 0 when it
 * is not worth a look. */
static size_t usable_size(const PJRT_Api *api) {
  const size_t header = offsetof(PJRT_Api, PJRT_Error_Destroy);
  if (api->struct_size < header) return 0;
  const int minor = api->pjrt_api_version.minor_version;
  if (minor == REORDERED_MINOR) return 0;
  size_t size = api->struct_size;
  if (minor < SIZED_TABLE_MINOR) {
    size = header + (size_t)pjrt_api_functions_at(minor) * sizeof(slot);
  }
  return size < sizeof *api ? size : sizeof *api;
}

static void stand_in_slot(char *at, int id, int plugin) {
  slot next;
  memcpy(&next, at, sizeof next);
  if (!next.address) return;
  int n = find_lane(lanes[id], next, plugin);
  if (n < NUM_LANES) memcpy(at, &stand_ins[id][n], sizeof next);
}

static void stand_in(PJRT_Api *copy, size_t size, int plugin) {
  size_t at = offsetof(PJRT_Api, PJRT_Error_Destroy);
  for (int id = 0; at + sizeof(slot) <= size; id++, at += sizeof(slot)) {
    stand_in_slot((char *)copy + at, id, plugin);
  }
}

/* ---- copying extensions -------------------------------------------------- */

/* The slots of each extension, which comes before them, with no number. */
static const struct {
  int type;
  int id;
  size_t offset;
} extension_slots[] = {
#define PJRT_EXTENSION_ROW(type, name, node, since, kind) {type, -1, 0},
#define PJRT_EXTENSION_SLOT_ROW(node, slot, args, returns, since) \
  {-1, ID_##node##_##slot, offsetof(node, slot)},
#include "abi/generated/extensions.inc"
#undef PJRT_EXTENSION_SLOT_ROW
#undef PJRT_EXTENSION_ROW
};

static void stand_in_node(PJRT_Extension_Base *node, int plugin) {
  const size_t num = sizeof extension_slots / sizeof *extension_slots;
  size_t i = 0;
  while (i < num && extension_slots[i].type != (int)node->type) i++;
  while (++i < num && extension_slots[i].id >= 0) {
    const size_t at = extension_slots[i].offset;
    if (at + sizeof(slot) > node->struct_size) break;
    stand_in_slot((char *)node + at, extension_slots[i].id, plugin);
  }
}

static const struct {
  int id;
  size_t offset;
} nested_slots[] = {
#define PJRT_EXTENSION_NESTED_ROW(table, slot, function, returns, since) \
  {ID_##table##_##slot, offsetof(table, slot)},
#include "abi/generated/extensions.inc"
};

/* The table that the Profiler extension points to. */
static void stand_in_nested(PJRT_Profiler_Extension *node, int plugin) {
  const size_t end = offsetof(PJRT_Profiler_Extension, traceme_context_id);
  const PLUGIN_Profiler_Api *api = NULL;
  if (node->base.struct_size >= end) api = node->profiler_api;
  if (!api || api->struct_size > MAX_NODE_SIZE) return;
  PLUGIN_Profiler_Api *made = calloc(1, MAX_NODE_SIZE);
  if (!made) return;
  memcpy(made, api, api->struct_size);
  for (size_t i = 0; i < sizeof nested_slots / sizeof *nested_slots; i++) {
    const size_t at = nested_slots[i].offset;
    if (at + sizeof(slot) <= api->struct_size)
      stand_in_slot((char *)made + at, nested_slots[i].id, plugin);
  }
  node->profiler_api = made;
}

/* A node of no use is copied as well, for the sake of those behind it; whatever
 * follows its header is left alone, since it may declare more than it has. */
static bool is_known(const PJRT_Extension_Base *node) {
  const size_t num = sizeof extension_slots / sizeof *extension_slots;
  for (size_t i = 0; i < num; i++) {
    if (extension_slots[i].id < 0 && extension_slots[i].type == (int)node->type)
      return true;
  }
  return false;
}

/* Whether the chain ends, and declares sizes that can be. */
static bool is_sound(const PJRT_Extension_Base *node) {
  int i = 0;
  for (; node && i < MAX_NODES; i++, node = node->next) {
    if (is_known(node) && node->struct_size > MAX_NODE_SIZE) return false;
  }
  return !node;
}

static void copy_chain(PJRT_Api *copy, int plugin) {
  PJRT_Extension_Base **at = &copy->extension_start;
  if (copy->pjrt_api_version.minor_version < SIZED_NODE_MINOR || !is_sound(*at))
    return;
  for (; *at; at = &(*at)->next) {
    const size_t header = sizeof(PJRT_Extension_Base);
    const size_t size = is_known(*at) ? (*at)->struct_size : header;
    PJRT_Extension_Base *made = calloc(1, size < header ? header : size);
    if (!made) return;
    memcpy(made, *at, size < header ? header : size);
    stand_in_node(made, plugin);
    if (made->type == PJRT_Extension_Type_Profiler)
      stand_in_nested((PJRT_Profiler_Extension *)made, plugin);
    *at = made;
  }
}

/* ---- handing out tables -------------------------------------------------- */

/* What comes from a simulated plugin is not asked for its code: its tests count
 * the calls, and have them fail. */
static void learn_plugin(int plugin, const PJRT_Api *api, size_t size) {
  const char *path = notes->plugins[plugin].path;
  const char *file = strrchr(path, '/');
  bool simulated = file && !strncmp(file + 1, "libpjrt_sim", 11);
  if (!simulated && size > offsetof(PJRT_Api, PJRT_Error_GetCode)) {
    memcpy(&get_code[plugin], &api->PJRT_Error_GetCode, sizeof(slot));
  }
}

static const PJRT_Api *copy_of(const PJRT_Api *api, int plugin) {
  size_t size = usable_size(api);
  if (size == 0) return api;
  for (table *t = tables; t; t = t->older) {
    if (t->source == api && !memcmp(&t->before, api, size)) return &t->copy.api;
  }
  table *made = calloc(1, sizeof *made);
  if (!made) return api;
  for (size_t i = 0; i < sizeof made->copy / sizeof(slot); i++) {
    made->copy.slots[i].call = behind_the_table;
  }
  made->source = api;
  memcpy(&made->before, api, size);
  memcpy(&made->copy.api, api, size);
  learn_plugin(plugin, api, size);
  stand_in(&made->copy.api, size, plugin);
  copy_chain(&made->copy.api, plugin);
  made->older = tables;
  tables = made;
  return &made->copy.api;
}

static const PJRT_Api *enter(int n) {
  const PJRT_Api *api = entries[n].next.entry();
  if (!api) return NULL;
  pthread_mutex_lock(&mutex);
  api = copy_of(api, entries[n].plugin);
  pthread_mutex_unlock(&mutex);
  return api;
}

/* ---- finding plugins ----------------------------------------------------- */

/* Maps a new file in the folder that the environment names. */
static record *open_notes(void) {
  const char *folder = getenv("LIBPJRT_CALLS_DIR");
  char path[MAX_PATH];
  if (!folder) return NULL;
  int length = snprintf(path, sizeof path, "%s/XXXXXX", folder);
  if (length < 0 || (size_t)length >= sizeof path) return NULL;
  int file = mkostemp(path, O_CLOEXEC);
  if (file < 0) return NULL;
  void *mapped = MAP_FAILED;
  if (ftruncate(file, sizeof(record)) == 0) {
    mapped =
        mmap(NULL, sizeof(record), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  close(file);
  if (mapped == MAP_FAILED) return NULL;
  record *made = mapped;
  made->num_calls = NUM_IDS;
  return made;
}

/* The number of the plugin in this file; MAX_PLUGINS when there are more. */
static int find_plugin(const char *path) {
  int i = 0;
  while (i < MAX_PLUGINS && notes->plugins[i].path[0] &&
         strcmp(notes->plugins[i].path, path) != 0) {
    i++;
  }
  if (i < MAX_PLUGINS) {
    snprintf(notes->plugins[i].path, MAX_PATH, "%s", path);
  } else {
    atomic_fetch_add(&notes->lost, 1);
  }
  return i;
}

static void *entry_of(void *found) {
  Dl_info file;
  const slot next = {.address = found};
  if (!notes) notes = open_notes();
  if (!notes || !dladdr(found, &file)) return found;
  int plugin = find_plugin(file.dli_fname);
  if (plugin == MAX_PLUGINS) return found;
  int n = find_lane(entries, next, plugin);
  return n < NUM_LANES ? entry_stand_ins[n].address : found;
}

/* Stands before the C library's. Calls that are of no interest are passed on as
 * a tail call, since dlsym(RTLD_NEXT) asks who calls it. */
__attribute__((visibility("default"))) void *dlsym(void *library,
                                                   const char *name) {
  static _Atomic(dlsym_function *) known;
  dlsym_function *next = atomic_load(&known);
  if (!next) {
    void *symbol = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    if (!symbol) abort();
    memcpy(&next, &symbol, sizeof next);
    atomic_store(&known, next);
  }
  if (strcmp(name, "GetPjrtApi") != 0) return next(library, name);
  void *found = next(library, name);
  if (!found) return NULL;
  pthread_mutex_lock(&mutex);
  found = entry_of(found);
  pthread_mutex_unlock(&mutex);
  return found;
}
