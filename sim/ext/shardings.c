/* Shardings: the mhlo.sharding of parameters and outputs, as OpSharding
 * protocol buffers. */
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"

/* OpSharding.Type, and the numbers of the fields. */
enum { REPLICATED = 0, MAXIMAL = 1, OTHER = 3, MANUAL = 4 };
enum {
  TYPE = 1,
  TILE_ASSIGNMENT_DIMENSIONS = 3,
  TILE_ASSIGNMENT_DEVICES = 4,
  REPLICATE_ON_LAST_TILE_DIM = 6,
  IOTA_RESHAPE_DIMS = 9,
  IOTA_TRANSPOSE_PERM = 10
};

/* ---- from text ----------------------------------------------------------- */

static bool accept(const char **text, const char *expected) {
  const size_t size = strlen(expected);
  while (**text == ' ') ++*text;
  if (strncmp(*text, expected, size) != 0) return false;
  *text += size;
  return true;
}

/* Numbers with commas between, as one packed field. */
static size_t read_numbers(const char **text, int field, sim_bytes *out) {
  sim_bytes packed = {0};
  size_t num = 0;
  do {
    char *end;
    const unsigned long long value = strtoull(*text, &end, 10);
    if (end == *text) break;
    *text = end;
    num++;
    sim_write_varint(&packed, value);
  } while (accept(text, ","));
  sim_write_bytes(out, field, packed.data, packed.size);
  free(packed.data);
  return num;
}

/* Without a transposition the dimensions keep their order. */
static void write_order(size_t num, sim_bytes *out) {
  sim_bytes packed = {0};
  for (size_t i = 0; i < num; i++) sim_write_varint(&packed, i);
  sim_write_bytes(out, IOTA_TRANSPOSE_PERM, packed.data, packed.size);
  free(packed.data);
}

/* "devices=[2,1]<=[2]" or "devices=[2,1]0,1", behind "devices=[". */
static bool read_tiles(const char **text, sim_bytes *out) {
  read_numbers(text, TILE_ASSIGNMENT_DIMENSIONS, out);
  if (!accept(text, "]")) return false;
  if (accept(text, "<=[")) {
    const size_t num = read_numbers(text, IOTA_RESHAPE_DIMS, out);
    if (!accept(text, "]")) return false;
    if (accept(text, "T(")) {
      read_numbers(text, IOTA_TRANSPOSE_PERM, out);
      if (!accept(text, ")")) return false;
    } else {
      write_order(num, out);
    }
  } else {
    read_numbers(text, TILE_ASSIGNMENT_DEVICES, out);
  }
  if (accept(text, "last_tile_dim_replicate"))
    sim_write_number(out, REPLICATE_ON_LAST_TILE_DIM, 1);
  return true;
}

/* Nothing for a text that is not known; a replicated one is all defaults. */
static void write_sharding(const char *text, sim_bytes *out) {
  bool is_whole = accept(&text, "{");
  if (accept(&text, "replicated")) {
    sim_write_number(out, TYPE, REPLICATED);
  } else if (accept(&text, "manual")) {
    sim_write_number(out, TYPE, MANUAL);
  } else if (accept(&text, "maximal device=")) {
    sim_write_number(out, TYPE, MAXIMAL);
    read_numbers(&text, TILE_ASSIGNMENT_DEVICES, out);
  } else if (accept(&text, "devices=[")) {
    sim_write_number(out, TYPE, OTHER);
    is_whole = read_tiles(&text, out) && is_whole;
  }
  if (!is_whole || !accept(&text, "}")) out->size = 0;
}

/* ---- of executables ------------------------------------------------------ */

typedef struct sharding_list {
  size_t num;
  const char **texts; /* NULL: not made yet, or nothing to tell */
  size_t *sizes;
} sharding_list;

static void list_release(void *data) {
  sharding_list *list = data;
  for (size_t i = 0; list->texts && i < list->num; i++)
    free((void *)(uintptr_t)list->texts[i]);
  free(list->texts);
  free(list->sizes);
}

static void fill(sharding_list *list, const pjrt_mlir_dict *attributes,
                 size_t num) {
  list->num = num;
  list->texts = sim_allocate(num * sizeof(*list->texts));
  list->sizes = sim_allocate(num * sizeof(*list->sizes));
  for (size_t i = 0; i < num; i++) {
    const pjrt_mlir_attr *attribute =
        pjrt_mlir_dict_find(&attributes[i], "mhlo.sharding");
    sim_bytes bytes = {0};
    if (attribute && attribute->kind == PJRT_MLIR_ATTR_STRING)
      write_sharding(attribute->text, &bytes);
    list->texts[i] = sim_text((const char *)bytes.data, bytes.size);
    list->sizes[i] = bytes.size;
    free(bytes.data);
  }
}

/* A program that is not partitioned has no shardings. */
static sharding_list list_of(sim_compiled *program, bool of_outputs) {
  const void *key = of_outputs ? (const void *)&program->signature.num_outputs
                               : &program->signature.num_parameters;
  if (program->options.num_partitions < 2 || !program->computation)
    return (sharding_list){0};
  const pjrt_mlir_func *func = pjrt_mlir_module_func(
      sim_computation_module(program->computation), "main");
  sharding_list *list =
      sim_attached(&program->attachments, key, sizeof(*list), list_release);
  sim_ext_lock();
  if (!list->texts)
    fill(list, of_outputs ? func->result_attributes : func->argument_attributes,
         of_outputs ? program->signature.num_outputs
                    : program->signature.num_parameters);
  sim_ext_unlock();
  return *list;
}

static PJRT_Error *parameter_shardings(
    PJRT_Shardings_PJRT_Executable_ParameterShardings_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Shardings_PJRT_Executable_ParameterShardings_Args,
                48);
  SIM_REQUIRE(args->executable, SIM_EXECUTABLE);
  const sharding_list list = list_of(args->executable->program, false);
  args->num_parameters = list.num;
  args->shardings = list.texts;
  args->sharding_sizes = list.sizes;
  return NULL;
}

static PJRT_Error *output_shardings(
    PJRT_Shardings_PJRT_Executable_OutputShardings_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Shardings_PJRT_Executable_OutputShardings_Args, 48);
  SIM_REQUIRE(args->executable, SIM_EXECUTABLE);
  const sharding_list list = list_of(args->executable->program, true);
  args->num_outputs = list.num;
  args->shardings = list.texts;
  args->sharding_sizes = list.sizes;
  return NULL;
}

static const PJRT_Shardings_Extension node = {
    .PJRT_Shardings_PJRT_Executable_ParameterShardings = parameter_shardings,
    .PJRT_Shardings_PJRT_Executable_OutputShardings = output_shardings,
};

const sim_extension sim_ext_shardings = {
    .type = PJRT_Extension_Type_Shardings,
    .name = "Shardings",
    .steps = {{91, 40}},
    .node = &node,
    .node_size = sizeof(node),
};
