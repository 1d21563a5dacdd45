#include "interp/sharding.h"

#include <string.h>

#include "base/error.h"
#include "interp/copy.h"
#include "interp/sharding_text.h"

static pjrt_error *unsupported(const char *text) {
  return pjrt_error_format(PJRT_UNIMPLEMENTED, "the sharding %s", text);
}

/* Splits the partition's tile into one coordinate per dimension. */
static void coordinates_of(const sim_sharding *sharding, size_t partition,
                           size_t *out) {
  size_t tile = sharding->tile_of[partition];
  for (size_t i = sharding->num_dims; i-- > 0;) {
    out[i] = tile % (size_t)sharding->tiles[i];
    tile /= (size_t)sharding->tiles[i];
  }
}

static pjrt_error *finish(const sim_type *type, const char *text,
                          sim_sharding *sharding, const sim_sharding **out) {
  bool is_whole = true;
  for (size_t i = 0; i < type->num_dims; i++) {
    is_whole &= sharding->tiles[i] == 1;
    if (type->dims[i] % sharding->tiles[i] == 0) continue;
    return pjrt_error_format(
        PJRT_UNIMPLEMENTED, "the sharding %s: %lld elements in %lld parts",
        text, (long long)type->dims[i], (long long)sharding->tiles[i]);
  }
  *out = is_whole ? NULL : sharding;
  if (is_whole || !type->dynamic_dims) return NULL;
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "the sharding %s of an array with dynamic "
                           "dimensions",
                           text);
}

static pjrt_error *make(sim_program *program, const sim_type *type,
                        sim_sharding **out, size_t **out_tiles) {
  void *memory;
  PJRT_TRY(sim_program_alloc(program, 1, sizeof **out, &memory));
  *out = memory;
  (*out)->num_dims = type->num_dims;
  for (size_t i = 0; i < SIM_MAX_RANK; i++) (*out)->tiles[i] = 1;
  PJRT_TRY(sim_program_alloc(program, program->opts.num_partitions,
                             sizeof(size_t), &memory));
  (*out)->tile_of = *out_tiles = memory;
  return NULL;
}

pjrt_error *sim_sharding_next(sim_program *program, const char **text,
                              const sim_type *type, const sim_sharding **out) {
  sim_sharding *sharding;
  size_t *tiles;
  const char *start = *text;
  *out = NULL;
  PJRT_TRY(make(program, type, &sharding, &tiles));
  if (!sim_read_mesh_sharding(program, text, sharding, tiles)) {
    return unsupported(start);
  }
  return finish(type, start, sharding, out);
}

pjrt_error *sim_sharding_find(sim_program *program,
                              const pjrt_mlir_dict *attributes,
                              const sim_type *type, const sim_sharding **out) {
  *out = NULL;
  if (program->opts.num_partitions == 1 || !sim_is_array(type)) return NULL;
  const pjrt_mlir_attr *attr = pjrt_mlir_dict_find(attributes, "sdy.sharding");
  if (attr && attr->text) {
    const char *text = attr->text;
    return sim_sharding_next(program, &text, type, out);
  }
  attr = pjrt_mlir_dict_find(attributes, "mhlo.sharding");
  if (!attr || !attr->text) return NULL;
  sim_sharding *sharding;
  size_t *tiles;
  PJRT_TRY(make(program, type, &sharding, &tiles));
  if (!sim_read_tile_sharding(program, attr->text, sharding, tiles)) {
    return unsupported(attr->text);
  }
  return finish(type, attr->text, sharding, out);
}

pjrt_error *sim_sharding_part(sim_program *program, const sim_type *whole,
                              const sim_sharding *sharding, sim_type *out) {
  void *memory;
  *out = *whole;
  if (!sharding) return NULL;
  PJRT_TRY(
      sim_program_alloc(program, whole->num_dims, sizeof(int64_t), &memory));
  int64_t *dims = memory;
  out->dims = dims;
  for (size_t i = 0; i < whole->num_dims; i++) {
    dims[i] = whole->dims[i] / sharding->tiles[i];
    out->num_elements /= (size_t)sharding->tiles[i];
  }
  return NULL;
}

/* Copies the partition's part out of the whole, or into it. */
static void copy_part(const sim_sharding *sharding, const sim_tensor *whole,
                      const sim_tensor *part, size_t partition,
                      bool into_whole) {
  size_t at[SIM_MAX_RANK];
  sim_side wide = sim_side_of(whole);
  sim_side narrow = sim_side_of(part);
  coordinates_of(sharding, partition, at);
  for (size_t i = 0; i < sharding->num_dims; i++) {
    sim_side_move(&wide, i, (int64_t)at[i] * part->type.dims[i],
                  part->element_size);
  }
  sim_copy_box(part->type.dims, part->type.num_dims, part->element_size,
               into_whole ? &narrow : &wide, into_whole ? &wide : &narrow);
}

pjrt_error *sim_sharding_cut(sim_budget *budget, sim_tensor *whole,
                             const sim_sharding *sharding, const sim_type *part,
                             size_t partition, sim_tensor **out) {
  if (!sharding) {
    *out = sim_tensor_retain(whole);
    return NULL;
  }
  PJRT_TRY(sim_tensor_create(budget, part, out));
  copy_part(sharding, whole, *out, partition, false);
  return NULL;
}

pjrt_error *sim_sharding_join(sim_budget *budget, sim_tensor *const *parts,
                              const sim_sharding *sharding,
                              const sim_type *whole, size_t num_partitions,
                              sim_tensor **out) {
  PJRT_TRY(sim_tensor_create(budget, whole, out));
  for (size_t i = 0; i < num_partitions; i++) {
    copy_part(sharding, *out, parts[i], i, true);
  }
  return NULL;
}
