/* The few protocol buffers that pass between a plugin and its clients. */
#include <stdlib.h>
#include <string.h>

#include "plugin/tiles.h"

/* ---- writing ------------------------------------------------------------- */

void sim_bytes_append(sim_bytes *bytes, const void *data, size_t size) {
  if (bytes->size + size > bytes->capacity) {
    bytes->capacity = (bytes->size + size) * 2 + 64;
    bytes->data = realloc(bytes->data, bytes->capacity);
    if (!bytes->data) abort();
  }
  if (size) memcpy(bytes->data + bytes->size, data, size);
  bytes->size += size;
}

static void put_varint(sim_bytes *out, uint64_t value) {
  do {
    unsigned char byte = value & 0x7f;
    value >>= 7;
    if (value) byte |= 0x80;
    sim_bytes_append(out, &byte, 1);
  } while (value);
}

static void put_number(sim_bytes *out, unsigned field, int64_t value) {
  put_varint(out, field << 3);
  put_varint(out, (uint64_t)value);
}

/* Appends `part` as a field, and frees it. */
static void put_part(sim_bytes *out, unsigned field, sim_bytes *part) {
  put_varint(out, field << 3 | 2);
  put_varint(out, part->size);
  sim_bytes_append(out, part->data, part->size);
  free(part->data);
}

static const int primitive_types[] = {
#define TYPE(name, number) [PJRT_Buffer_Type_##name] = number
    TYPE(PRED, 1),        TYPE(S8, 2),
    TYPE(S16, 3),         TYPE(S32, 4),
    TYPE(S64, 5),         TYPE(U8, 6),
    TYPE(U16, 7),         TYPE(U32, 8),
    TYPE(U64, 9),         TYPE(F16, 10),
    TYPE(F32, 11),        TYPE(F64, 12),
    TYPE(C64, 15),        TYPE(BF16, 16),
    TYPE(C128, 18),       TYPE(F8E5M2, 19),
    TYPE(F8E4M3FN, 20),   TYPE(S4, 21),
    TYPE(U4, 22),         TYPE(F8E4M3B11FNUZ, 23),
    TYPE(F8E5M2FNUZ, 24), TYPE(F8E4M3FNUZ, 25),
    TYPE(S2, 26),         TYPE(U2, 27),
    TYPE(F8E4M3, 28),     TYPE(F8E3M4, 29),
    TYPE(S1, 30),         TYPE(U1, 31),
    TYPE(F4E2M1FN, 32),   TYPE(F8E8M0FNU, 33),
    TYPE(F6E3M2FN, 35),   TYPE(F6E2M3FN, 36),
#undef TYPE
};
enum { TUPLE_TYPE = 13 };

static void put_tile(sim_bytes *layout) {
  sim_bytes tile = {0}, dims = {0};
  put_varint(&dims, SIM_TILE_ROWS);
  put_varint(&dims, SIM_TILE_COLUMNS);
  put_part(&tile, 1, &dims);
  put_part(layout, 6, &tile);
}

/* ShapeProto, with a row-major layout. */
void sim_write_shape(const sim_shape *shape, sim_bytes *out) {
  sim_bytes layout = {0}, order = {0}, dynamic = {0};
  put_number(out, 2, primitive_types[shape->type]);
  for (size_t i = 0; i < shape->num_dims; i++) {
    put_number(out, 3, shape->dims[i]);
    put_varint(&order, shape->num_dims - 1 - i);
    put_varint(&dynamic, shape->dynamic_dims >> i & 1);
  }
  put_part(&layout, 1, &order);
  if (shape->is_tiled) put_tile(&layout);
  put_part(out, 5, &layout);
  put_part(out, 6, &dynamic);
}

/* One result stands alone, several are a tuple. */
static void put_result(sim_bytes *out, const sim_signature *signature) {
  sim_bytes result = {0};
  if (signature->num_outputs == 1) {
    sim_write_shape(&signature->outputs[0], &result);
  } else {
    put_number(&result, 2, TUPLE_TYPE);
    for (size_t i = 0; i < signature->num_outputs; i++) {
      sim_bytes shape = {0};
      sim_write_shape(&signature->outputs[i], &shape);
      put_part(&result, 4, &shape);
    }
  }
  put_part(out, 2, &result);
}

static void put_donors(sim_bytes *out, const sim_signature *signature) {
  sim_bytes donors = {0};
  for (size_t i = 0; i < signature->num_parameters; i++) {
    sim_bytes entry = {0};
    if (!signature->is_donated[i]) continue;
    put_number(&entry, 1, (int64_t)i);
    put_part(&donors, 1, &entry);
  }
  put_part(out, 18, &donors);
}

/* HloModuleProto: name, program shape, donated parameters. */
void sim_write_hlo(const sim_signature *signature, sim_bytes *out) {
  sim_bytes name = {0}, shape = {0};
  sim_bytes_append(&name, "sim", 3);
  put_part(out, 1, &name);
  for (size_t i = 0; i < signature->num_parameters; i++) {
    sim_bytes parameter = {0};
    sim_write_shape(&signature->parameters[i], &parameter);
    put_part(&shape, 1, &parameter);
  }
  put_result(&shape, signature);
  put_part(out, 4, &shape);
  put_donors(out, signature);
}

/* DeviceAssignmentProto: the ids of each partition, over the replicas. */
void sim_write_assignment(const sim_compile_options *options, const int *ids,
                          sim_bytes *out) {
  put_number(out, 1, options->num_replicas);
  put_number(out, 2, options->num_partitions);
  for (int64_t p = 0; p < options->num_partitions; p++) {
    sim_bytes device = {0}, replicas = {0};
    for (int64_t r = 0; r < options->num_replicas; r++)
      put_varint(&replicas, (uint64_t)ids[r * options->num_partitions + p]);
    put_part(&device, 1, &replicas);
    put_part(out, 3, &device);
  }
}

/* ---- reading ------------------------------------------------------------- */

typedef struct wire {
  const unsigned char *at;
  const unsigned char *end;
  bool is_broken;
} wire;

typedef struct wire_field {
  uint64_t number;
  uint64_t value; /* of a varint */
  wire part;      /* of bytes */
} wire_field;

static uint64_t get_varint(wire *w) {
  uint64_t value = 0;
  for (unsigned shift = 0; w->at < w->end && shift < 64; shift += 7) {
    const unsigned char byte = *w->at++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return value;
  }
  w->is_broken = true;
  return 0;
}

/* Reads what is as long as `size`. */
static wire get_part(wire *w, uint64_t size) {
  wire part = {w->at, w->at, false};
  if (size > (uint64_t)(w->end - w->at)) {
    w->is_broken = true;
    return part;
  }
  part.end = w->at += size;
  return part;
}

static bool next_field(wire *w, wire_field *out) {
  if (w->is_broken || w->at == w->end) return false;
  const uint64_t tag = get_varint(w);
  *out = (wire_field){.number = tag >> 3};
  switch (tag & 7) {
    case 0:
      out->value = get_varint(w);
      break;
    case 1:
      out->part = get_part(w, 8);
      break;
    case 2:
      out->part = get_part(w, get_varint(w));
      break;
    case 5:
      out->part = get_part(w, 4);
      break;
    default:
      w->is_broken = true;
  }
  return !w->is_broken && out->number;
}

/* ---- compile options ----------------------------------------------------- */

typedef struct assignment {
  sim_compile_options *options;
  int64_t partition, replica; /* of the next id */
  int64_t unusable;           /* an id that is none; 0: there was none */
} assignment;

static void add_id(assignment *a, uint64_t value) {
  const sim_compile_options *o = a->options;
  const int64_t id = (int64_t)value;
  if (id < 0 || id >= SIM_MAX_DEVICES)
    a->unusable = id;
  else if (a->replica < o->num_replicas && a->partition < o->num_partitions)
    o->ids[a->replica * o->num_partitions + a->partition] = (int)id;
  a->replica++;
}

/* ComputationDevice: packed ids, or one field each. */
static bool read_partition(assignment *a, wire w) {
  wire_field field;
  a->replica = 0;
  while (next_field(&w, &field)) {
    if (field.number != 1) continue;
    if (!field.part.at) add_id(a, field.value);
    while (field.part.at < field.part.end && !field.part.is_broken)
      add_id(a, get_varint(&field.part));
    w.is_broken |= field.part.is_broken;
  }
  return !w.is_broken;
}

/* DeviceAssignmentProto, into as many ids as there are to be. */
static PJRT_Error *read_assignment(wire w, sim_compile_options *out) {
  assignment a = {.options = out};
  int64_t least = INT64_MAX, most = 0; /* ids of a partition */
  wire_field field;
  out->ids = sim_allocate(out->num_ids * sizeof(*out->ids));
  while (next_field(&w, &field)) {
    if (field.number != 3) continue;
    w.is_broken |= !read_partition(&a, field.part);
    least = a.replica < least ? a.replica : least;
    most = a.replica > most ? a.replica : most;
    a.partition++;
  }
  if (w.is_broken)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "cannot parse the device assignment");
  if (a.unusable)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "the device assignment names device %lld",
                     (long long)a.unusable);
  if (a.partition == out->num_partitions && least == out->num_replicas &&
      most == out->num_replicas)
    return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "the device assignment has %lld partitions of up to %lld "
                   "replicas, expected %lld of %lld",
                   (long long)a.partition, (long long)most,
                   (long long)out->num_partitions,
                   (long long)out->num_replicas);
}

/* ExecutableBuildOptionsProto. */
static bool read_build_options(wire w, sim_compile_options *out,
                               wire *out_assignment) {
  wire_field field;
  while (next_field(&w, &field)) {
    if (field.number == 4) out->num_replicas = (int64_t)field.value;
    if (field.number == 5) out->num_partitions = (int64_t)field.value;
    if (field.number == 9) *out_assignment = field.part;
  }
  return !w.is_broken;
}

/* Counts below 1 abort real plugins. */
static PJRT_Error *check_counts(const sim_compile_options *options) {
  if (options->num_replicas < 1 || options->num_partitions < 1)
    return sim_misuse("compile options with %lld replicas, %lld partitions",
                      (long long)options->num_replicas,
                      (long long)options->num_partitions);
  if (options->num_replicas <= SIM_MAX_DEVICES / options->num_partitions)
    return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "too many replicas and partitions: %lld by %lld are more "
                   "than %d",
                   (long long)options->num_replicas,
                   (long long)options->num_partitions, SIM_MAX_DEVICES);
}

/* CompileOptionsProto. */
PJRT_Error *sim_read_compile_options(const void *data, size_t size,
                                     sim_compile_options *out) {
  wire w = {data, (const unsigned char *)data + size, false};
  wire assigned = {0};
  wire_field field;
  *out = (sim_compile_options){0};
  while (next_field(&w, &field)) {
    if (field.number == 4) out->is_portable = field.value != 0;
    if (field.number == 3 && !read_build_options(field.part, out, &assigned))
      w.is_broken = true;
  }
  if (w.is_broken)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "cannot parse the compile options");
  SIM_TRY(check_counts(out));
  out->num_ids = (size_t)(out->num_replicas * out->num_partitions);
  return assigned.at ? read_assignment(assigned, out) : NULL;
}
