#include "interp/groups.h"

#include <stdlib.h>

/* How the numbers in replica_groups are meant. */
typedef enum group_kind {
  REPLICAS,          /* replicas, for each partition by itself */
  PARTITIONS,        /* partitions, for each replica by itself */
  REPLICAS_WITH_ALL, /* replicas, with all of their partitions */
  DEVICES            /* devices */
} group_kind;

static bool has_channel(const sim_prep *prep) {
  const pjrt_mlir_attr *handle =
      pjrt_mlir_op_attr(prep->op->source, "channel_handle");
  const pjrt_mlir_attr *number =
      handle ? pjrt_mlir_dict_find(&handle->fields, "handle") : NULL;
  return number && number->kind == PJRT_MLIR_ATTR_INT && number->integer > 0;
}

static group_kind kind_of(const sim_prep *prep, bool channel_is_partition) {
  if (!has_channel(prep)) return REPLICAS;
  if (channel_is_partition) return PARTITIONS;
  return pjrt_mlir_op_bool(prep->op->source, "use_global_device_ids")
             ? DEVICES
             : REPLICAS_WITH_ALL;
}

/* Groups as they are written: a matrix of numbers. */
typedef struct written_groups {
  const int64_t *numbers; /* NULL: all of them, in one group */
  size_t num_groups;
  size_t group_size;
  size_t limit; /* numbers are below this */
} written_groups;

static pjrt_error *read_written(const sim_prep *prep, group_kind kind,
                                written_groups *out) {
  const sim_program_opts *opts = &prep->program->opts;
  size_t limit = kind == PARTITIONS ? opts->num_partitions
                 : kind == DEVICES  ? opts->num_replicas * opts->num_partitions
                                    : opts->num_replicas;
  *out = (written_groups){.num_groups = 1, .group_size = limit, .limit = limit};
  const pjrt_mlir_attr *attr =
      pjrt_mlir_op_attr(prep->op->source, "replica_groups");
  if (!attr || attr->num_elements == 0) return NULL;
  size_t num;
  SIM_EXPECT(prep,
             pjrt_mlir_attr_ints(attr, &out->numbers, &num) &&
                 attr->type->num_dims == 2,
             "replica_groups must be a matrix of integers");
  out->num_groups = (size_t)attr->type->dims[0];
  out->group_size = (size_t)attr->type->dims[1];
  for (size_t i = 0; i < num; i++) {
    int64_t number = out->numbers[i];
    if (number == -1) {
      return pjrt_mlir_op_error(prep->op->source, PJRT_UNIMPLEMENTED,
                                "groups of unequal size are not supported");
    }
    SIM_EXPECT(prep, number >= 0 && (size_t)number < limit,
               "replica_groups has %lld, expected less than %zu",
               (long long)number, limit);
  }
  return NULL;
}

/* How often a written group stands for groups of devices, and how many devices
 * each of its numbers stands for. */
static void count_devices(const sim_program_opts *opts, group_kind kind,
                          size_t *out_copies, size_t *out_expansion) {
  *out_copies = kind == REPLICAS     ? opts->num_partitions
                : kind == PARTITIONS ? opts->num_replicas
                                     : 1;
  *out_expansion = kind == REPLICAS_WITH_ALL ? opts->num_partitions : 1;
}

static size_t device_of(const sim_program_opts *opts, group_kind kind,
                        size_t number, size_t copy, size_t part) {
  switch (kind) {
    case REPLICAS:
      return number * opts->num_partitions + copy;
    case PARTITIONS:
      return copy * opts->num_partitions + number;
    case REPLICAS_WITH_ALL:
      return number * opts->num_partitions + part;
    default:
      return number;
  }
}

/* The devices of one written group in one of its copies. */
static void add_group(const sim_program_opts *opts, group_kind kind,
                      const written_groups *written, size_t group, size_t copy,
                      size_t *devices) {
  size_t copies;
  size_t expansion;
  count_devices(opts, kind, &copies, &expansion);
  for (size_t i = 0; i < written->group_size; i++) {
    size_t number =
        written->numbers
            ? (size_t)written->numbers[group * written->group_size + i]
            : i;
    for (size_t part = 0; part < expansion; part++) {
      *devices++ = device_of(opts, kind, number, copy, part);
    }
  }
}

static pjrt_error *expect_each_once(const sim_prep *prep,
                                    const sim_groups *groups) {
  size_t num_devices = sim_program_num_devices(prep->program);
  void *memory;
  PJRT_TRY(
      sim_program_alloc(prep->program, num_devices, sizeof(bool), &memory));
  bool *seen = memory;
  for (size_t i = 0; i < num_devices; i++) {
    SIM_EXPECT(prep, !seen[groups->devices[i]], "device %zu is in two groups",
               groups->devices[i]);
    seen[groups->devices[i]] = true;
  }
  return NULL;
}

pjrt_error *sim_read_groups(const sim_prep *prep, bool channel_is_partition,
                            sim_groups *out) {
  const sim_program_opts *opts = &prep->program->opts;
  group_kind kind = kind_of(prep, channel_is_partition);
  written_groups written;
  PJRT_TRY(read_written(prep, kind, &written));
  SIM_EXPECT(prep, written.num_groups * written.group_size == written.limit,
             "replica_groups must have each number below %zu once",
             written.limit);
  size_t copies;
  size_t expansion;
  count_devices(opts, kind, &copies, &expansion);
  out->num_groups = written.num_groups * copies;
  out->group_size = written.group_size * expansion;
  void *memory;
  PJRT_TRY(sim_program_alloc(prep->program, out->num_groups * out->group_size,
                             sizeof(size_t), &memory));
  size_t *devices = memory;
  out->devices = devices;
  for (size_t i = 0; i < out->num_groups; i++) {
    add_group(opts, kind, &written, i / copies, i % copies,
              devices + i * out->group_size);
  }
  return expect_each_once(prep, out);
}

pjrt_error *sim_read_pairs(const sim_prep *prep, const size_t **out_sources) {
  const sim_program_opts *opts = &prep->program->opts;
  group_kind kind = kind_of(prep, true);
  size_t limit = kind == PARTITIONS ? opts->num_partitions : opts->num_replicas;
  const int64_t *pairs;
  size_t num;
  void *memory;
  PJRT_TRY(
      pjrt_mlir_op_ints(prep->op->source, "source_target_pairs", &pairs, &num));
  size_t num_devices = sim_program_num_devices(prep->program);
  PJRT_TRY(
      sim_program_alloc(prep->program, num_devices, sizeof(size_t), &memory));
  size_t *sources = memory;
  *out_sources = sources;
  for (size_t i = 0; i < num_devices; i++) sources[i] = SIM_NO_DEVICE;
  size_t copies;
  size_t expansion;
  count_devices(opts, kind, &copies, &expansion);
  SIM_EXPECT(prep, num % 2 == 0, "source_target_pairs must be pairs");
  for (size_t i = 0; i < num; i++) {
    SIM_EXPECT(prep, pairs[i] >= 0 && (size_t)pairs[i] < limit,
               "source_target_pairs has %lld, expected less than %zu",
               (long long)pairs[i], limit);
  }
  for (size_t i = 0; i < num * copies; i += 2) {
    size_t copy = i / num;
    size_t from = (size_t)pairs[i % num];
    size_t to = (size_t)pairs[i % num + 1];
    size_t target = device_of(opts, kind, to, copy, 0);
    SIM_EXPECT(prep, sources[target] == SIM_NO_DEVICE,
               "device %zu is the target of two pairs", target);
    sources[target] = device_of(opts, kind, from, copy, 0);
  }
  return NULL;
}
