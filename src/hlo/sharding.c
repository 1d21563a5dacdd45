/* How values are split over devices, and which devices work together. */
#include <string.h>

#include "hlo/hlo.h"

enum {
  SHARDING_TYPE = 1,
  SHARDING_TILE_ASSIGNMENT_DIMENSIONS = 3,
  SHARDING_TILE_ASSIGNMENT_DEVICES = 4,
  SHARDING_TUPLE_SHARDINGS = 5,
  SHARDING_REPLICATE_ON_LAST_TILE_DIM = 6,
  SHARDING_METADATA = 7,
  SHARDING_LAST_TILE_DIMS = 8,
  SHARDING_IOTA_RESHAPE_DIMS = 9,
  SHARDING_IOTA_TRANSPOSE_PERM = 10,
  SHARDING_IS_SHARD_GROUP = 11,
  SHARDING_SHARD_GROUP_ID = 12,
  SHARDING_SHARD_GROUP_TYPE = 13,
  SHARDING_NAMED_SHARDING = 14,
  NAMED_MESH = 2,
  NAMED_DIM_SHARDINGS = 3,
  NAMED_REPLICATED_AXES = 4,
  NAMED_UNREDUCED_AXES = 5,
  NAMED_METADATA = 6,
  NAMED_MANUAL_AXES = 7,
  DIM_AXES = 1,
  DIM_IS_CLOSED = 2,
  MESH_AXES = 1,
  MESH_DEVICE_IDS = 2,
  MESH_IOTA_TRANSFORM = 3,
  AXIS_NAME = 1,
  AXIS_SIZE = 2,
  REF_MESH_AXIS_INDEX = 1,
  REF_SUB_AXIS_INFO = 2,
  SUB_AXIS_PRE_SIZE = 1,
  SUB_AXIS_SIZE = 2,
  IOTA_RESHAPE_DIMS = 1,
  IOTA_TRANSPOSE_PERM = 2,
  INSTRUCTION_REPLICA_GROUPS = 49,
  INSTRUCTION_COLLECTIVE_DEVICE_LIST = 87,
  INSTRUCTION_IOTA_COLLECTIVE_DEVICE_LIST = 92,
  INSTRUCTION_MESH_AXES_REPLICA_GROUP_LIST = 93,
  DEVICE_LIST_REPLICA_GROUPS = 1,
  DEVICE_LIST_IOTA = 2, /* before 0.106 */
  GROUP_REPLICA_IDS = 1,
  IOTA_LIST_NUM_GROUPS = 1,
  IOTA_LIST_NUM_DEVICES = 2,
  IOTA_LIST_RESHAPE_DIMS = 3,
  IOTA_LIST_TRANSPOSE_PERM = 4,
  AXES_LIST_MESH = 1,
  AXES_LIST_AXES = 2
};

typedef enum sharding_type {
  TYPE_REPLICATED = 0,
  TYPE_MAXIMAL = 1,
  TYPE_TUPLE = 2,
  TYPE_OTHER = 3,
  TYPE_MANUAL = 4,
  TYPE_UNKNOWN = 5,
  TYPE_UNREDUCED = 6
} sharding_type;

/* ---- tiles --------------------------------------------------------------- */

/* "[2,4]T(1,0)": the devices in order, as such an array, transposed. A
 * permutation that changes nothing is not said. */
static void put_iota(hlo_printer *p, hlo_bytes message, uint32_t dims,
                     uint32_t permutation) {
  int64_t axis;
  int64_t expected = 0;
  bool is_permuted = false;
  hlo_list axes = pjrt_hlo_list(p, message, permutation);
  while (pjrt_hlo_next_int(&axes, &axis)) is_permuted |= axis != expected++;
  pjrt_hlo_put(p, "[");
  pjrt_hlo_put_ints(p, message, dims, ",");
  pjrt_hlo_put(p, "]");
  if (!is_permuted) return;
  pjrt_hlo_put(p, "T(");
  pjrt_hlo_put_ints(p, message, permutation, ",");
  pjrt_hlo_put(p, ")");
}

static void put_tile_assignment(hlo_printer *p, hlo_bytes sharding) {
  pjrt_hlo_put(p, "devices=[");
  pjrt_hlo_put_ints(p, sharding, SHARDING_TILE_ASSIGNMENT_DIMENSIONS, ",");
  pjrt_hlo_put(p, "]");
  if (pjrt_hlo_is_empty(p, sharding, SHARDING_IOTA_RESHAPE_DIMS)) {
    pjrt_hlo_put_ints(p, sharding, SHARDING_TILE_ASSIGNMENT_DEVICES, ",");
    return;
  }
  pjrt_hlo_put(p, "<=");
  put_iota(p, sharding, SHARDING_IOTA_RESHAPE_DIMS,
           SHARDING_IOTA_TRANSPOSE_PERM);
}

static const char *type_name(hlo_printer *p, uint64_t type) {
  static const char *const names[] = {
      [TYPE_REPLICATED] = "replicated", [TYPE_MAXIMAL] = "maximal",
      [TYPE_TUPLE] = "tuple",           [TYPE_OTHER] = "other",
      [TYPE_MANUAL] = "manual",         [TYPE_UNKNOWN] = "unknown",
      [TYPE_UNREDUCED] = "unreduced"};
  if (type < sizeof names / sizeof *names) return names[type];
  pjrt_hlo_fail_here(p, "sharding of the unknown type %llu",
                     (unsigned long long)type);
  return "";
}

static void put_last_tile_dims(hlo_printer *p, hlo_bytes sharding) {
  int64_t type;
  const char *before = " last_tile_dims={";
  hlo_list types = pjrt_hlo_list(p, sharding, SHARDING_LAST_TILE_DIMS);
  if (pjrt_hlo_bool(p, sharding, SHARDING_REPLICATE_ON_LAST_TILE_DIM)) {
    pjrt_hlo_put(p, " last_tile_dim_replicate");
  }
  if (pjrt_hlo_is_empty(p, sharding, SHARDING_LAST_TILE_DIMS)) return;
  while (pjrt_hlo_next_int(&types, &type)) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_put(p, type_name(p, (uint64_t)type));
    before = ", ";
  }
  pjrt_hlo_put(p, "}");
}

static void put_shard_group(hlo_printer *p, hlo_bytes sharding) {
  if (!pjrt_hlo_bool(p, sharding, SHARDING_IS_SHARD_GROUP)) return;
  pjrt_hlo_put(p, pjrt_hlo_varint(p, sharding, SHARDING_SHARD_GROUP_TYPE)
                      ? " shard_like "
                      : " shard_as ");
  pjrt_hlo_put_int(p, pjrt_hlo_int(p, sharding, SHARDING_SHARD_GROUP_ID));
}

/* One by itself, several in braces of their own. */
static void put_all_metadata(hlo_printer *p, hlo_bytes sharding) {
  hlo_bytes metadata;
  size_t num = 0;
  hlo_list list = pjrt_hlo_list(p, sharding, SHARDING_METADATA);
  while (pjrt_hlo_next_bytes(&list, &metadata)) num++;
  if (num == 0 || !p->opts.print_metadata) return;
  pjrt_hlo_put(p, " metadata={");
  list = pjrt_hlo_list(p, sharding, SHARDING_METADATA);
  for (size_t i = 0; pjrt_hlo_next_bytes(&list, &metadata); i++) {
    pjrt_hlo_put(p, i ? ", " : "");
    pjrt_hlo_put(p, num > 1 ? "{" : "");
    pjrt_hlo_put_metadata(p, metadata);
    pjrt_hlo_put(p, num > 1 ? "}" : "");
  }
  pjrt_hlo_put(p, "}");
}

/* ---- meshes -------------------------------------------------------------- */

static void put_axis_name(hlo_printer *p, hlo_bytes axis) {
  pjrt_hlo_put(p, "'");
  pjrt_hlo_put_bytes(p, pjrt_hlo_bytes(p, axis, AXIS_NAME));
  pjrt_hlo_put(p, "'");
}

static void put_device_ids(hlo_printer *p, hlo_bytes mesh) {
  const hlo_bytes iota = pjrt_hlo_bytes(p, mesh, MESH_IOTA_TRANSFORM);
  if (!iota.data && pjrt_hlo_is_empty(p, mesh, MESH_DEVICE_IDS)) return;
  pjrt_hlo_put(p, ", device_ids=(");
  if (iota.data) {
    put_iota(p, iota, IOTA_RESHAPE_DIMS, IOTA_TRANSPOSE_PERM);
  } else {
    pjrt_hlo_put_ints(p, mesh, MESH_DEVICE_IDS, ",");
  }
  pjrt_hlo_put(p, ")");
}

static size_t count(hlo_printer *p, hlo_bytes message, uint32_t number) {
  size_t num = 0;
  hlo_bytes element;
  hlo_list list = pjrt_hlo_list(p, message, number);
  while (pjrt_hlo_next_bytes(&list, &element)) num++;
  return num;
}

static bool is_maximal(hlo_printer *p, hlo_bytes mesh) {
  return count(p, mesh, MESH_AXES) == 0 &&
         !pjrt_hlo_is_empty(p, mesh, MESH_DEVICE_IDS);
}

static void put_mesh(hlo_printer *p, hlo_bytes mesh) {
  hlo_bytes axis;
  const char *before = "";
  hlo_list axes = pjrt_hlo_list(p, mesh, MESH_AXES);
  if (is_maximal(p, mesh)) {
    pjrt_hlo_put(p, "maximal_mesh[device_id=");
    pjrt_hlo_put_ints(p, mesh, MESH_DEVICE_IDS, ",");
    pjrt_hlo_put(p, "]");
    return;
  }
  pjrt_hlo_put(p, "mesh[");
  while (pjrt_hlo_next_bytes(&axes, &axis)) {
    pjrt_hlo_put(p, before);
    before = ",";
    put_axis_name(p, axis);
    pjrt_hlo_put(p, "=");
    pjrt_hlo_put_int(p, pjrt_hlo_int(p, axis, AXIS_SIZE));
  }
  pjrt_hlo_put(p, "]");
  put_device_ids(p, mesh);
}

/* An axis of the mesh, or a part of it: 'b':(1)2. */
static void put_axis_ref(hlo_printer *p, hlo_bytes mesh, hlo_bytes ref) {
  hlo_bytes axis;
  const int64_t index = pjrt_hlo_int(p, ref, REF_MESH_AXIS_INDEX);
  const hlo_bytes sub_axis = pjrt_hlo_bytes(p, ref, REF_SUB_AXIS_INFO);
  hlo_list axes = pjrt_hlo_list(p, mesh, MESH_AXES);
  int64_t i = 0;
  bool is_found;
  while ((is_found = pjrt_hlo_next_bytes(&axes, &axis)) && i != index) i++;
  if (!is_found) {
    pjrt_hlo_fail_here(p, "the mesh has no axis %lld", (long long)index);
    return;
  }
  put_axis_name(p, axis);
  if (!sub_axis.data) return;
  pjrt_hlo_putf(p, ":(%lld)%lld",
                (long long)pjrt_hlo_int(p, sub_axis, SUB_AXIS_PRE_SIZE),
                (long long)pjrt_hlo_int(p, sub_axis, SUB_AXIS_SIZE));
}

static void put_axis_refs(hlo_printer *p, hlo_bytes mesh, hlo_bytes message,
                          uint32_t number, const char *separator) {
  hlo_bytes ref;
  const char *before = "";
  hlo_list refs = pjrt_hlo_list(p, message, number);
  while (pjrt_hlo_next_bytes(&refs, &ref)) {
    pjrt_hlo_put(p, before);
    before = separator;
    put_axis_ref(p, mesh, ref);
  }
}

/* ---- named shardings ----------------------------------------------------- */

/* Whether the list is all axes of the mesh, whole and in order. */
static bool has_all_axes(hlo_printer *p, hlo_bytes named, uint32_t number) {
  hlo_bytes ref;
  int64_t num = 0;
  hlo_list refs = pjrt_hlo_list(p, named, number);
  const hlo_bytes mesh = pjrt_hlo_bytes(p, named, NAMED_MESH);
  for (; pjrt_hlo_next_bytes(&refs, &ref); num++) {
    if (pjrt_hlo_int(p, ref, REF_MESH_AXIS_INDEX) != num ||
        pjrt_hlo_bytes(p, ref, REF_SUB_AXIS_INFO).data) {
      return false;
    }
  }
  return num > 0 && (size_t)num == count(p, mesh, MESH_AXES);
}

/* Or may be, where the compiler sees fit. */
static bool is_split(hlo_printer *p, hlo_bytes named) {
  hlo_bytes dim;
  hlo_list dims = pjrt_hlo_list(p, named, NAMED_DIM_SHARDINGS);
  while (pjrt_hlo_next_bytes(&dims, &dim)) {
    if (!pjrt_hlo_bool(p, dim, DIM_IS_CLOSED) || count(p, dim, DIM_AXES)) {
      return true;
    }
  }
  return false;
}

/* What needs no list of dimensions; NULL for all else. */
static const char *simple_kind(hlo_printer *p, hlo_bytes named) {
  const hlo_bytes mesh = pjrt_hlo_bytes(p, named, NAMED_MESH);
  if (is_maximal(p, mesh)) return "";
  if (has_all_axes(p, named, NAMED_UNREDUCED_AXES)) return ", unreduced";
  if (has_all_axes(p, named, NAMED_MANUAL_AXES)) return ", manual";
  const bool is_replicated = !is_split(p, named) &&
                             !count(p, named, NAMED_REPLICATED_AXES) &&
                             !count(p, named, NAMED_UNREDUCED_AXES) &&
                             !count(p, named, NAMED_MANUAL_AXES);
  return is_replicated ? ", replicated" : NULL;
}

static void put_dim_shardings(hlo_printer *p, hlo_bytes named, hlo_bytes mesh) {
  hlo_bytes dim;
  const char *before = ", [";
  hlo_list dims = pjrt_hlo_list(p, named, NAMED_DIM_SHARDINGS);
  while (pjrt_hlo_next_bytes(&dims, &dim)) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_put(p, "{");
    put_axis_refs(p, mesh, dim, DIM_AXES, ", ");
    if (!pjrt_hlo_bool(p, dim, DIM_IS_CLOSED)) {
      pjrt_hlo_put(p, count(p, dim, DIM_AXES) ? ", ?" : "?");
    }
    pjrt_hlo_put(p, "}");
    before = ", ";
  }
  pjrt_hlo_put(p, count(p, named, NAMED_DIM_SHARDINGS) ? "]" : ", []");
}

static void put_axes(hlo_printer *p, const char *name, hlo_bytes named,
                     uint32_t number, hlo_bytes mesh) {
  if (!count(p, named, number)) return;
  pjrt_hlo_put(p, name);
  put_axis_refs(p, mesh, named, number, ", ");
  pjrt_hlo_put(p, "}");
}

static void put_named_metadata(hlo_printer *p, hlo_bytes named) {
  hlo_bytes metadata;
  const char *before = ", metadata={{";
  hlo_list list = pjrt_hlo_list(p, named, NAMED_METADATA);
  if (!p->opts.print_metadata || !count(p, named, NAMED_METADATA)) return;
  while (pjrt_hlo_next_bytes(&list, &metadata)) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_put_metadata(p, metadata);
    before = "}, {";
  }
  pjrt_hlo_put(p, "}}");
}

static void put_named(hlo_printer *p, hlo_bytes named) {
  const hlo_bytes mesh = pjrt_hlo_bytes(p, named, NAMED_MESH);
  const char *simple = simple_kind(p, named);
  pjrt_hlo_put(p, "{");
  put_mesh(p, mesh);
  if (simple) {
    pjrt_hlo_put(p, simple);
  } else {
    put_dim_shardings(p, named, mesh);
    put_axes(p, ", replicated={", named, NAMED_REPLICATED_AXES, mesh);
    put_axes(p, ", unreduced={", named, NAMED_UNREDUCED_AXES, mesh);
    put_axes(p, ", manual={", named, NAMED_MANUAL_AXES, mesh);
  }
  put_named_metadata(p, named);
  pjrt_hlo_put(p, "}");
}

/* ---- shardings ----------------------------------------------------------- */

static void put_tuple(hlo_printer *p, hlo_bytes sharding) {
  hlo_bytes element;
  hlo_list list = pjrt_hlo_list(p, sharding, SHARDING_TUPLE_SHARDINGS);
  pjrt_hlo_put(p, "{");
  for (size_t i = 0; pjrt_hlo_next_bytes(&list, &element); i++) {
    pjrt_hlo_put_list_separator(p, i);
    pjrt_hlo_put_sharding(p, element);
  }
  pjrt_hlo_put(p, "}");
}

static void put_leaf(hlo_printer *p, hlo_bytes sharding, uint64_t type) {
  pjrt_hlo_put(p, "{");
  if (type == TYPE_OTHER) {
    put_tile_assignment(p, sharding);
    put_last_tile_dims(p, sharding);
  } else {
    pjrt_hlo_put(p, type_name(p, type));
  }
  if (type == TYPE_MAXIMAL) {
    pjrt_hlo_put(p, " device=");
    pjrt_hlo_put_ints(p, sharding, SHARDING_TILE_ASSIGNMENT_DEVICES, ",");
  }
  put_shard_group(p, sharding);
  put_all_metadata(p, sharding);
  pjrt_hlo_put(p, "}");
}

void pjrt_hlo_put_sharding(hlo_printer *p, hlo_bytes sharding) {
  const hlo_bytes named = pjrt_hlo_bytes(p, sharding, SHARDING_NAMED_SHARDING);
  const uint64_t type = pjrt_hlo_varint(p, sharding, SHARDING_TYPE);
  if (!pjrt_hlo_enter(p)) return;
  if (type == TYPE_TUPLE) {
    put_tuple(p, sharding);
  } else if (named.data) {
    put_named(p, named);
  } else {
    put_leaf(p, sharding, type);
  }
  pjrt_hlo_leave(p);
}

/* ---- replica groups ------------------------------------------------------ */

static void put_groups(hlo_printer *p, hlo_bytes message, uint32_t number) {
  hlo_bytes group;
  const char *before = "";
  hlo_list groups = pjrt_hlo_list(p, message, number);
  pjrt_hlo_put(p, "{");
  while (pjrt_hlo_next_bytes(&groups, &group)) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_put(p, "{");
    pjrt_hlo_put_ints(p, group, GROUP_REPLICA_IDS, ",");
    pjrt_hlo_put(p, "}");
    before = ",";
  }
  pjrt_hlo_put(p, "}");
}

static void put_iota_groups(hlo_printer *p, hlo_bytes list) {
  pjrt_hlo_putf(p, "[%lld,%lld]<=",
                (long long)pjrt_hlo_int(p, list, IOTA_LIST_NUM_GROUPS),
                (long long)pjrt_hlo_int(p, list, IOTA_LIST_NUM_DEVICES));
  put_iota(p, list, IOTA_LIST_RESHAPE_DIMS, IOTA_LIST_TRANSPOSE_PERM);
}

static void put_mesh_groups(hlo_printer *p, hlo_bytes list) {
  const hlo_bytes mesh = pjrt_hlo_bytes(p, list, AXES_LIST_MESH);
  put_mesh(p, mesh);
  pjrt_hlo_put(p, " {");
  put_axis_refs(p, mesh, list, AXES_LIST_AXES, ",");
  pjrt_hlo_put(p, "}");
}

void pjrt_hlo_put_replica_groups(hlo_printer *p, hlo_bytes instruction) {
  const hlo_bytes plain =
      pjrt_hlo_bytes(p, instruction, INSTRUCTION_COLLECTIVE_DEVICE_LIST);
  const hlo_bytes older_iota = pjrt_hlo_bytes(p, plain, DEVICE_LIST_IOTA);
  const hlo_bytes iota =
      pjrt_hlo_bytes(p, instruction, INSTRUCTION_IOTA_COLLECTIVE_DEVICE_LIST);
  const hlo_bytes mesh =
      pjrt_hlo_bytes(p, instruction, INSTRUCTION_MESH_AXES_REPLICA_GROUP_LIST);
  if (iota.data || older_iota.data) {
    put_iota_groups(p, iota.data ? iota : older_iota);
  } else if (mesh.data) {
    put_mesh_groups(p, mesh);
  } else if (plain.data) {
    put_groups(p, plain, DEVICE_LIST_REPLICA_GROUPS);
  } else {
    put_groups(p, instruction, INSTRUCTION_REPLICA_GROUPS);
  }
}
