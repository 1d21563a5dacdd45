#include "interp/partition.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* --- Memory --------------------------------------------------------------- */

/* A program is many small things that go together. */
struct sim_chunk {
  struct sim_chunk *next;
  size_t used;
  size_t size;
  _Alignas(16) char data[];
};
enum { CHUNK_SIZE = 16 * 1024, UNIT = 16 };

static pjrt_error *add_chunk(sim_program *program, size_t size) {
  void *memory;
  size_t total;
  if (size < CHUNK_SIZE) size = CHUNK_SIZE;
  if (!pjrt_size_add(size, sizeof(struct sim_chunk), &total)) total = SIZE_MAX;
  PJRT_TRY(pjrt_alloc(1, total, &memory));
  struct sim_chunk *chunk = memory;
  chunk->size = size;
  chunk->next = program->arena;
  program->arena = chunk;
  return NULL;
}

pjrt_error *sim_program_alloc(sim_program *program, size_t num, size_t size,
                              void **out) {
  size_t bytes;
  *out = NULL;
  if (!pjrt_size_mul(num, size, &bytes) || bytes > PTRDIFF_MAX) {
    return pjrt_error_out_of_memory();
  }
  bytes = (bytes + UNIT - 1) / UNIT * UNIT;
  if (!program->arena || program->arena->size - program->arena->used < bytes) {
    PJRT_TRY(add_chunk(program, bytes));
  }
  *out = program->arena->data + program->arena->used;
  program->arena->used += bytes;
  return NULL;
}

/* --- Types ---------------------------------------------------------------- */

static pjrt_error *unsupported_type(const pjrt_mlir_type *type,
                                    pjrt_mlir_place place) {
  char text[PJRT_MLIR_TYPE_TEXT_SIZE];
  return pjrt_error_format(
      PJRT_UNIMPLEMENTED, "%u:%u: values of type %s are not supported",
      place.line, place.column, pjrt_mlir_type_text(type, text, sizeof text));
}

static pjrt_error *make_type(sim_program *program, const pjrt_mlir_type *from,
                             pjrt_mlir_place place, sim_type *out);

static pjrt_error *make_tuple_type(sim_program *program,
                                   const pjrt_mlir_type *from,
                                   pjrt_mlir_place place, sim_type *out) {
  void *memory;
  PJRT_TRY(sim_program_alloc(program, from->num_inputs, sizeof *out, &memory));
  sim_type *parts = memory;
  for (size_t i = 0; i < from->num_inputs; i++) {
    PJRT_TRY(make_type(program, from->inputs[i], place, &parts[i]));
    if (parts[i].dynamic_dims) return unsupported_type(from, place);
  }
  out->num_dims = from->num_inputs;
  out->parts = parts;
  return NULL;
}

/* Dynamic dimensions have a bound, which stands for them. */
static pjrt_error *make_dims(sim_program *program, const pjrt_mlir_type *from,
                             pjrt_mlir_place place, sim_type *out) {
  void *memory;
  PJRT_TRY(
      sim_program_alloc(program, from->num_dims, sizeof(int64_t), &memory));
  int64_t *dims = memory;
  for (size_t i = 0; i < from->num_dims; i++) {
    dims[i] = from->dims[i];
    if (dims[i] >= 0) continue;
    dims[i] = from->bounds ? from->bounds[i] : PJRT_MLIR_DYNAMIC;
    if (dims[i] < 0) return unsupported_type(from, place);
    out->dynamic_dims |= UINT32_C(1) << i;
  }
  out->dims = dims;
  return NULL;
}

static pjrt_error *make_type(sim_program *program, const pjrt_mlir_type *from,
                             pjrt_mlir_place place, sim_type *out) {
  memset(out, 0, sizeof *out);
  if (from->kind == PJRT_MLIR_TYPE_TUPLE) {
    return make_tuple_type(program, from, place, out);
  }
  if (from->kind == PJRT_MLIR_TYPE_TOKEN) {
    out->dtype = PJRT_TOKEN;
    return NULL;
  }
  if (from->kind != PJRT_MLIR_TYPE_TENSOR || from->encoding ||
      !pjrt_dtype_host_size(from->dtype) || from->num_dims > SIM_MAX_RANK) {
    return unsupported_type(from, place);
  }
  out->dtype = from->dtype;
  out->num_dims = from->num_dims;
  PJRT_TRY(make_dims(program, from, place, out));
  return pjrt_dims_num_elements(out->dims, out->num_dims,
                                pjrt_dtype_host_size(from->dtype),
                                &out->num_elements);
}

/* --- Functions ------------------------------------------------------------ */

/* What is known while a function is prepared. */
typedef struct walk {
  sim_program *program;
  sim_func *func;
  /* Of each value the depth of the block that defines it, and the operation of
   * that block that uses it last. */
  size_t *depths;
  sim_op **last_uses;
  /* Of each block around here the operation that is being prepared. */
  sim_op *path[PJRT_MLIR_MAX_NESTING + 1];
} walk;

static pjrt_error *prepare_func(sim_program *program, sim_func *func);

static pjrt_error *prepare_block(walk *w, const pjrt_mlir_block *source,
                                 size_t depth, sim_block *out);

static void note_uses(walk *w, sim_op *op, size_t depth) {
  const pjrt_mlir_op *source = op->source;
  w->path[depth] = op;
  for (size_t i = 0; i < source->num_operands; i++) {
    pjrt_mlir_value value = source->operands[i];
    w->last_uses[value] = w->path[w->depths[value]];
  }
  for (size_t i = 0; i < source->num_results; i++) {
    w->func->definitions[source->first_result + i] = source;
    w->depths[source->first_result + i] = depth;
    w->last_uses[source->first_result + i] = op;
  }
}

static pjrt_error *prepare_regions(walk *w, sim_op *op, size_t depth) {
  void *memory;
  PJRT_TRY(sim_program_alloc(w->program, op->source->num_regions,
                             sizeof *op->regions, &memory));
  op->regions = memory;
  for (size_t i = 0; i < op->source->num_regions; i++) {
    PJRT_TRY(
        prepare_block(w, &op->source->regions[i], depth + 1, &op->regions[i]));
  }
  return NULL;
}

static pjrt_error *prepare_callee(walk *w, sim_op *op) {
  const pjrt_mlir_func *callee = op->source->callee;
  if (!callee) return NULL;
  sim_func *func = &w->program->funcs[callee - w->program->module->funcs];
  op->callee = func;
  return func->prepared ? NULL : prepare_func(w->program, func);
}

static pjrt_error *prepare_by_rule(walk *w, sim_op *op) {
  const pjrt_mlir_op *source = op->source;
  op->rule = sim_rule_of(source->id);
  if (!op->rule) {
    return pjrt_mlir_op_error(source, PJRT_UNIMPLEMENTED,
                              "this operation is not supported");
  }
  void *memory;
  PJRT_TRY(sim_program_alloc(w->program, source->num_operands,
                             sizeof(sim_type *), &memory));
  const sim_type **operands = memory;
  for (size_t i = 0; i < source->num_operands; i++) {
    operands[i] = &w->func->types[source->operands[i]];
  }
  op->results = w->func->types + source->first_result;
  sim_prep prep = {.program = w->program,
                   .op = op,
                   .func = w->func,
                   .operands = operands,
                   .num_operands = source->num_operands,
                   .results = op->results,
                   .num_results = source->num_results};
  w->program->has_collectives |= op->rule->is_collective;
  PJRT_TRY(sim_expect_dynamism(&prep));
  return op->rule->prepare(&prep, &op->plan);
}

static pjrt_error *prepare_ops(walk *w, sim_block *block, size_t depth) {
  const pjrt_mlir_block *source = block->source;
  for (size_t i = 0; i < source->num_ops; i++) {
    sim_op *op = &block->ops[i];
    op->source = &source->ops[i];
    op->first_last_use = SIM_NO_VALUE;
    note_uses(w, op, depth);
    if (i + 1 == source->num_ops) break; /* its users look at it */
    PJRT_TRY(prepare_callee(w, op));
    PJRT_TRY(prepare_regions(w, op, depth));
    PJRT_TRY(prepare_by_rule(w, op));
  }
  return NULL;
}

static pjrt_error *prepare_block(walk *w, const pjrt_mlir_block *source,
                                 size_t depth, sim_block *out) {
  if (depth > PJRT_MLIR_MAX_NESTING) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "regions nest too deeply");
  }
  void *memory;
  PJRT_TRY(
      sim_program_alloc(w->program, source->num_ops, sizeof(sim_op), &memory));
  out->source = source;
  out->ops = memory;
  for (size_t i = 0; i < source->num_arguments; i++) {
    w->depths[source->first_argument + i] = depth;
  }
  PJRT_TRY(sim_expect_depth(++w->program->depth));
  PJRT_TRY(prepare_ops(w, out, depth));
  w->program->depth--;
  return NULL;
}

static void link_last_uses(walk *w) {
  for (size_t i = w->func->source->num_values; i-- > 0;) {
    sim_op *op = w->last_uses[i];
    if (!op) continue;
    w->func->next_last_use[i] = op->first_last_use;
    op->first_last_use = (uint32_t)i;
  }
}

static pjrt_error *prepare_types(sim_program *program, sim_func *func) {
  const pjrt_mlir_func *source = func->source;
  void *memory;
  PJRT_TRY(sim_program_alloc(program, source->num_values, sizeof *func->types,
                             &memory));
  func->types = memory;
  for (size_t i = 0; i < source->num_values; i++) {
    PJRT_TRY(make_type(program, source->values[i].type, source->values[i].place,
                       &func->types[i]));
  }
  PJRT_TRY(sim_program_alloc(program, source->num_values,
                             sizeof *func->next_last_use, &memory));
  func->next_last_use = memory;
  PJRT_TRY(sim_program_alloc(program, source->num_values,
                             sizeof *func->definitions, &memory));
  func->definitions = memory;
  return NULL;
}

static pjrt_error *prepare_func(sim_program *program, sim_func *func) {
  const pjrt_mlir_func *source = func->source;
  if (source->is_declaration) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT, "%u:%u: function @%s is called and has no body",
        source->place.line, source->place.column, source->name);
  }
  PJRT_TRY(prepare_types(program, func));
  void *depths = NULL;
  void *last_uses = NULL;
  pjrt_error *error = pjrt_alloc(source->num_values, sizeof(size_t), &depths);
  if (!error) {
    error = pjrt_alloc(source->num_values, sizeof(sim_op *), &last_uses);
  }
  walk w = {.program = program,
            .func = func,
            .depths = depths,
            .last_uses = last_uses};
  if (!error) error = prepare_block(&w, &source->body, 0, &func->body);
  if (!error) link_last_uses(&w);
  free(depths);
  free(last_uses);
  func->prepared = !error;
  return error;
}

/* --- Programs ------------------------------------------------------------- */

static pjrt_error *prepare(sim_program *program, const char *entry) {
  const pjrt_mlir_module *module = program->module;
  const pjrt_mlir_func *func = pjrt_mlir_module_func(module, entry);
  if (!func) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the module has no function @%s", entry);
  }
  void *memory;
  PJRT_TRY(sim_program_alloc(program, module->num_funcs, sizeof *program->funcs,
                             &memory));
  program->funcs = memory;
  for (size_t i = 0; i < module->num_funcs; i++) {
    program->funcs[i].source = &module->funcs[i];
  }
  sim_func *prepared = &program->funcs[func - module->funcs];
  program->entry = prepared;
  PJRT_TRY(prepare_func(program, prepared));
  return sim_prepare_ports(program);
}

pjrt_error *sim_program_create(const pjrt_mlir_module *module,
                               const char *entry, const sim_program_opts *opts,
                               sim_program **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  sim_program *program = memory;
  program->module = module;
  if (opts) program->opts = *opts;
  if (!program->opts.num_replicas) program->opts.num_replicas = 1;
  if (!program->opts.num_partitions) program->opts.num_partitions = 1;
  pjrt_error *error = prepare(program, entry);
  if (error) {
    sim_program_free(program);
  } else {
    *out = program;
  }
  return error;
}

void sim_program_free(sim_program *program) {
  if (!program) return;
  while (program->arena) {
    struct sim_chunk *next = program->arena->next;
    free(program->arena);
    program->arena = next;
  }
  free(program);
}

size_t sim_program_num_parameters(const sim_program *program) {
  return program->entry->source->type->num_inputs;
}

const sim_type *sim_program_parameter(const sim_program *program, size_t i) {
  return &program->parameters[i].part;
}

size_t sim_program_num_results(const sim_program *program) {
  return program->entry->source->type->num_results;
}

const sim_type *sim_program_result(const sim_program *program, size_t i) {
  return &program->results[i].part;
}

size_t sim_program_num_devices(const sim_program *program) {
  return program->opts.num_replicas * program->opts.num_partitions;
}
