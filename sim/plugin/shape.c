/* Element types, shapes and the storage behind buffers. */
#include <stdlib.h>
#include <string.h>

#include "plugin/internal.h"

static const struct {
  unsigned char device_bits;
  unsigned char host_bytes;
} types[] = {
#define TYPE(name, bits, bytes) [PJRT_Buffer_Type_##name] = {bits, bytes}
    TYPE(PRED, 8, 1),     TYPE(S1, 1, 1),        TYPE(S2, 2, 1),
    TYPE(S4, 4, 1),       TYPE(S8, 8, 1),        TYPE(S16, 16, 2),
    TYPE(S32, 32, 4),     TYPE(S64, 64, 8),      TYPE(U1, 1, 1),
    TYPE(U2, 2, 1),       TYPE(U4, 4, 1),        TYPE(U8, 8, 1),
    TYPE(U16, 16, 2),     TYPE(U32, 32, 4),      TYPE(U64, 64, 8),
    TYPE(F16, 16, 2),     TYPE(F32, 32, 4),      TYPE(F64, 64, 8),
    TYPE(BF16, 16, 2),    TYPE(C64, 64, 8),      TYPE(C128, 128, 16),
    TYPE(F8E5M2, 8, 1),   TYPE(F8E4M3FN, 8, 1),  TYPE(F8E4M3B11FNUZ, 8, 1),
    TYPE(F8E4M3, 8, 1),   TYPE(F8E3M4, 8, 1),    TYPE(F8E5M2FNUZ, 8, 1),
    TYPE(F4E2M1FN, 4, 1), TYPE(F8E8M0FNU, 8, 1), TYPE(F8E4M3FNUZ, 8, 1),
    TYPE(F6E2M3FN, 8, 1), TYPE(F6E3M2FN, 8, 1),
#undef TYPE
};

static const struct {
  PJRT_Buffer_Type type;
  int since;
} type_minors[] = {
#define PJRT_ENUM_ROW(enumeration, value, since) ROW_##enumeration(value, since)
#define ROW_PJRT_Buffer_Type(value, since) {value, since},
#define ROW_PJRT_Extension_Type(value, since)
#define ROW_PJRT_NamedValue_Type(value, since)
#define ROW_PJRT_Error_Code(value, since)
#define ROW_PJRT_ProcessState(value, since)
#define ROW_PJRT_HostBufferSemantics(value, since)
#define ROW_PJRT_Buffer_MemoryLayout_Type(value, since)
#include "abi/generated/enums.inc"
};

int sim_type_bits(PJRT_Buffer_Type type) {
  const size_t i = (size_t)type;
  if (i >= sizeof types / sizeof *types) return 0;
  for (size_t t = 0; t < sizeof type_minors / sizeof *type_minors; t++) {
    if (type_minors[t].type == type &&
        type_minors[t].since > sim_options()->minor)
      return 0;
  }
  return types[i].device_bits;
}

static size_t host_bytes(PJRT_Buffer_Type type) {
  return types[type].host_bytes;
}

size_t sim_num_elements(const sim_shape *shape) {
  size_t num = 1;
  for (size_t i = 0; i < shape->num_dims; i++) num *= (size_t)shape->dims[i];
  return num;
}

size_t sim_host_size(const sim_shape *shape) {
  return sim_num_elements(shape) * host_bytes(shape->type);
}

PJRT_Error *sim_shape_read(PJRT_Buffer_Type type, const int64_t *dims,
                           size_t num_dims, sim_shape *out) {
  const size_t limit = (size_t)1 << 32;
  size_t size = 16;
  if (sim_type_bits(type) == 0) return sim_misuse("element type %d", (int)type);
  if (num_dims && !dims) return sim_misuse("NULL dims");
  if (num_dims > SIM_MAX_DIMS)
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED, "%zu dimensions", num_dims);
  *out = (sim_shape){.type = type, .num_dims = num_dims};
  for (size_t i = 0; i < num_dims; i++) {
    if (dims[i] < 0)
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "dimension %zu is negative", i);
    if ((size_t)dims[i] > limit / (size ? size : 1))
      return sim_error(PJRT_Error_Code_RESOURCE_EXHAUSTED,
                       "more than 4 GiB in one buffer");
    size *= dims[i] ? (size_t)dims[i] : 1;
    out->dims[i] = dims[i];
  }
  return NULL;
}

/* ---- storage ------------------------------------------------------------- */

enum { ALIGNMENT = 64 };

static void free_own(void *bytes, void *arg) {
  (void)arg;
  free(bytes);
}

PJRT_Error *sim_storage_create(PJRT_Memory *memory, size_t size,
                               sim_storage **out) {
  sim_account *account = ((sim_memory *)(void *)memory)->account;
  SIM_TRY(sim_account_take(account, size));
  sim_storage *storage = sim_allocate(sizeof(*storage));
  const size_t padded = (size / ALIGNMENT + 1) * ALIGNMENT;
  storage->refs = 1;
  storage->size = size;
  storage->bytes = aligned_alloc(ALIGNMENT, padded);
  if (!storage->bytes) abort();
  memset(storage->bytes, 0, padded);
  storage->on_delete = free_own;
  storage->account = sim_account_share(account);
  sim_count_bytes((ptrdiff_t)size);
  *out = storage;
  return NULL;
}

sim_storage *sim_storage_share(sim_storage *storage) {
  atomic_fetch_add(&storage->refs, 1);
  return storage;
}

void sim_storage_drop(sim_storage *storage) {
  if (atomic_fetch_sub(&storage->refs, 1) != 1) return;
  if (storage->account) {
    sim_count_bytes(-(ptrdiff_t)storage->size);
    sim_account_give_back(storage->account, storage->size);
    sim_account_drop(storage->account);
  }
  if (storage->on_delete)
    storage->on_delete(storage->bytes, storage->on_delete_arg);
  free(storage);
}
