#include "interp/sharding_text.h"

#include <stdlib.h>
#include <string.h>

/* --- Reading -------------------------------------------------------------- */

static bool accept(const char **text, const char *expected) {
  size_t size = strlen(expected);
  *text += strspn(*text, " ");
  if (strncmp(*text, expected, size) != 0) return false;
  *text += size;
  return true;
}

/* Numbers of devices and dimensions are small. */
static bool read_number(const char **text, size_t *out) {
  size_t digits = strspn(*text += strspn(*text, " "), "0123456789");
  if (digits == 0 || digits > 9) return false;
  *out = (size_t)strtoul(*text, NULL, 10);
  *text += digits;
  return true;
}

typedef struct numbers {
  size_t of[SIM_MAX_RANK + 1];
  size_t num;
} numbers;

/* "1,2,3" and what closes it. */
static bool read_numbers(const char **text, const char *close, numbers *out) {
  out->num = 0;
  do {
    if (out->num == SIM_MAX_RANK + 1 ||
        !read_number(text, &out->of[out->num++])) {
      return false;
    }
  } while (accept(text, ","));
  return accept(text, close);
}

static bool has_product(const numbers *list, size_t expected) {
  size_t product = 1;
  for (size_t i = 0; i < list->num; i++) {
    if (list->of[i] == 0 ||
        __builtin_mul_overflow(product, list->of[i], &product)) {
      return false;
    }
  }
  return product == expected;
}

/* --- {devices=[2,1]<=[2]} ------------------------------------------------- */

/* The devices 0, 1, ... laid out as `dims`, transposed, and listed again. */
static bool list_iota(const numbers *dims, const numbers *order, size_t *out,
                      size_t num) {
  for (size_t i = 0; i < num; i++) {
    size_t at[SIM_MAX_RANK + 1];
    size_t rest = i;
    for (size_t k = dims->num; k-- > 0;) {
      size_t dim = order->of[k];
      if (dim >= dims->num) return false;
      at[dim] = rest % dims->of[dim];
      rest /= dims->of[dim];
    }
    size_t device = 0;
    for (size_t k = 0; k < dims->num; k++) {
      device = device * dims->of[k] + at[k];
    }
    out[i] = device;
  }
  return true;
}

static bool is_permutation(const numbers *order) {
  for (size_t i = 0; i < order->num; i++) {
    for (size_t k = 0; k < i; k++) {
      if (order->of[i] == order->of[k]) return false;
    }
    if (order->of[i] >= order->num) return false;
  }
  return true;
}

/* "<=[4]", "<=[2,2]T(1,0)", or the devices one by one. */
static bool read_devices(const char **text, size_t *out, size_t num) {
  numbers dims;
  numbers order;
  if (!accept(text, "<=")) {
    for (size_t i = 0; i < num; i++) {
      if (!read_number(text, &out[i]) || out[i] >= num) return false;
      if (i + 1 < num && !accept(text, ",")) return false;
    }
    return true;
  }
  if (!accept(text, "[") || !read_numbers(text, "]", &dims) ||
      !has_product(&dims, num)) {
    return false;
  }
  order.num = dims.num;
  for (size_t i = 0; i < dims.num; i++) order.of[i] = i;
  if (accept(text, "T(") &&
      (!read_numbers(text, ")", &order) || order.num != dims.num)) {
    return false;
  }
  return is_permutation(&order) && list_iota(&dims, &order, out, num);
}

/* `devices` has one device after the other of tile 0, then of tile 1. */
static void assign_tiles(const size_t *devices, size_t num, size_t copies,
                         size_t *tile_of) {
  for (size_t i = 0; i < num; i++) tile_of[devices[i]] = i / copies;
}

bool sim_read_tile_sharding(const sim_program *program, const char *text,
                            sim_sharding *out, size_t *tile_of) {
  size_t num = program->opts.num_partitions;
  numbers tiles;
  if (strcmp(text, "{replicated}") == 0) return true;
  if (!accept(&text, "{devices=[") || !read_numbers(&text, "]", &tiles) ||
      !has_product(&tiles, num)) {
    return false;
  }
  size_t *devices = calloc(num, sizeof *devices);
  if (!devices || !read_devices(&text, devices, num)) {
    free(devices);
    return false;
  }
  bool repeats = accept(&text, "last_tile_dim_replicate");
  size_t copies = repeats ? tiles.of[tiles.num - 1] : 1;
  bool fits = tiles.num == out->num_dims + repeats && accept(&text, "}");
  for (size_t i = 0; fits && i < out->num_dims; i++) {
    out->tiles[i] = (int64_t)tiles.of[i];
  }
  assign_tiles(devices, num, copies, tile_of);
  free(devices);
  return fits;
}

/* --- <@mesh, [{"x"}, {}]> ------------------------------------------------- */

typedef struct mesh {
  const char *names[SIM_MAX_RANK]; /* followed by a quote */
  size_t name_sizes[SIM_MAX_RANK];
  size_t sizes[SIM_MAX_RANK];
  size_t num;
} mesh;

static bool read_name(const char **text, const char **out, size_t *out_size) {
  if (!accept(text, "\"")) return false;
  *out = *text;
  *out_size = strcspn(*text, "\"");
  *text += *out_size;
  return accept(text, "\"");
}

/* <["x"=2, "y"=4]> */
static bool read_mesh(const sim_program *program, const char *text,
                      mesh *out) {
  size_t product = 1;
  out->num = 0;
  if (!accept(&text, "<[")) return false;
  do {
    if (out->num == SIM_MAX_RANK ||
        !read_name(&text, &out->names[out->num], &out->name_sizes[out->num]) ||
        !accept(&text, "=") || !read_number(&text, &out->sizes[out->num]) ||
        __builtin_mul_overflow(product, out->sizes[out->num], &product)) {
      return false;
    }
    out->num++;
  } while (accept(&text, ","));
  return accept(&text, "]>") && product == program->opts.num_partitions;
}

static bool find_mesh(const sim_program *program, const char *name,
                      size_t size, mesh *out) {
  const pjrt_mlir_module *module = program->module;
  for (size_t i = 0; i < module->num_ops; i++) {
    const pjrt_mlir_op *op = &module->ops[i];
    if (op->id != PJRT_MLIR_SDY_MESH) continue;
    const pjrt_mlir_attr *own = pjrt_mlir_op_attr(op, "sym_name");
    const pjrt_mlir_attr *axes = pjrt_mlir_op_attr(op, "mesh");
    if (own && own->text && own->text_size == size && axes && axes->text &&
        memcmp(own->text, name, size) == 0) {
      return read_mesh(program, axes->text, out);
    }
  }
  return false;
}

static bool find_axis(const mesh *m, const char *name, size_t size,
                      size_t *out) {
  for (size_t i = 0; i < m->num; i++) {
    if (m->name_sizes[i] == size && memcmp(m->names[i], name, size) == 0) {
      *out = i;
      return true;
    }
  }
  return false;
}

/* The partition's coordinate along an axis; the last axis runs fastest. */
static size_t coordinate(const mesh *m, size_t axis, size_t partition) {
  for (size_t i = m->num; i-- > axis + 1;) partition /= m->sizes[i];
  return partition % m->sizes[axis];
}

/* {"x", "y"}: the axes that one dimension is split along. */
static bool read_axes(const sim_program *program, const char **text,
                      const mesh *m, int64_t *tiles, size_t *tile_of) {
  const char *name;
  size_t size;
  size_t axis;
  if (!accept(text, "{")) return false;
  if (accept(text, "}") || accept(text, "?}")) return true;
  do {
    if (accept(text, "?")) break;
    if (!read_name(text, &name, &size) || !find_axis(m, name, size, &axis)) {
      return false;
    }
    *tiles *= (int64_t)m->sizes[axis];
    for (size_t i = 0; i < program->opts.num_partitions; i++) {
      tile_of[i] = tile_of[i] * m->sizes[axis] + coordinate(m, axis, i);
    }
  } while (accept(text, ","));
  return accept(text, "}");
}

static bool read_mesh_name(const sim_program *program, const char **text,
                           mesh *out) {
  accept(text, "#sdy.sharding");
  if (!accept(text, "<@")) return false;
  const char *name = *text;
  size_t size = strcspn(name, ",>");
  *text += size;
  return find_mesh(program, name, size, out);
}

bool sim_read_mesh_sharding(const sim_program *program, const char **text,
                            sim_sharding *out, size_t *tile_of) {
  mesh m;
  if (!read_mesh_name(program, text, &m) || !accept(text, ",") ||
      !accept(text, "[")) {
    return false;
  }
  for (size_t i = 0; i < out->num_dims; i++) {
    if ((i > 0 && !accept(text, ",")) ||
        !read_axes(program, text, &m, &out->tiles[i], tile_of)) {
      return false;
    }
  }
  if (!accept(text, "]")) return false;
  if (accept(text, ", replicated=")) *text += strcspn(*text, ">");
  return accept(text, ">");
}

bool sim_names_all_axes(const sim_program *program, const char *shardings,
                        const char *axes) {
  mesh m;
  const char *name;
  size_t size;
  size_t axis;
  size_t num = 0;
  if (!accept(&shardings, "[") ||
      !read_mesh_name(program, &shardings, &m) || !accept(&axes, "{")) {
    return false;
  }
  while (read_name(&axes, &name, &size) && find_axis(&m, name, size, &axis)) {
    num++;
    accept(&axes, ",");
  }
  return num == m.num && accept(&axes, "}");
}
