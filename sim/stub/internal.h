/* What the stub's files share. */
#ifndef PJRT_STUB_INTERNAL_H_
#define PJRT_STUB_INTERNAL_H_

#include <pthread.h>
#include <stdatomic.h>

#include "abi/generated/sizes.h"
#include "stub/stub.h"

/* ---- objects ------------------------------------------------------------- */

/* The first field of every object that a handle points to. */
typedef enum stub_kind {
  STUB_DEAD = 0,
  STUB_ERROR = 0x5e770,
  STUB_EVENT,
  STUB_CLIENT,
  STUB_DEVICE,
  STUB_DESCRIPTION,
  STUB_MEMORY,
  STUB_BUFFER,
  STUB_EXECUTABLE,
  STUB_LOADED_EXECUTABLE,
  STUB_TOPOLOGY,
  STUB_CONTEXT,
  STUB_TRANSFER_MANAGER,
  STUB_STREAM,
  STUB_OTHER,
  STUB_NUM_KINDS
} stub_kind;

/* Zeroed memory for an object, counted as alive; the stub aborts when there is
 * none. */
void *stub_new(stub_kind kind, size_t size);
void stub_delete(void *object, stub_kind kind);

/* Whether `object` is alive and of this kind. */
bool stub_is(const void *object, stub_kind kind);

void *stub_allocate(size_t size);

/* For what lives as long as the process; leak checkers find it. */
void *stub_allocate_forever(size_t size);
char *stub_copy_forever(const char *text);

/* A text or bytes whose end no NUL marks: junk follows. */
char *stub_text(const char *text, size_t size);

/* The same for literals. */
#define STUB_JUNK "<behind the end of a text>"
#define STUB_TEXT(literal) (literal STUB_JUNK)
#define STUB_SET_TEXT(field, size_field, literal) \
  ((field) = STUB_TEXT(literal), (size_field) = sizeof(literal) - 1)

/* ---- errors -------------------------------------------------------------- */

PJRT_Error *stub_error(PJRT_Error_Code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void stub_note_misuse(const char *what);

/* Counts a misuse; an INTERNAL error that describes it. */
PJRT_Error *stub_misuse(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#define STUB_REQUIRE(object, kind)                                         \
  do {                                                                     \
    if (!stub_is((object), (kind)))                                        \
      return stub_misuse("%s: " #object " is no living handle", __func__); \
  } while (0)

#define STUB_TRY(expr)                 \
  do {                                 \
    PJRT_Error *try_error_ = (expr);   \
    if (try_error_) return try_error_; \
  } while (0)

/* ---- calls --------------------------------------------------------------- */

/* One call of a slot, from its entry to its return. */
typedef struct stub_call {
  pjrt_call_id id;
  void *args;  /* the caller's */
  void *copy;  /* ours, of the newest size */
  size_t size; /* bytes of it that the caller shares */
} stub_call;

PJRT_Error *stub_call_begin(stub_call *call, pjrt_call_id id, void *args,
                            void *copy, size_t copy_size);
PJRT_Error *stub_call_end(const stub_call *call, PJRT_Error *error);

/* Checks the struct_size of a struct that args point to, and copies what the
 * configured minor knows of it into the zeroed `copy`. */
PJRT_Error *stub_read_struct(pjrt_struct_id id, const char *name,
                             const void *from, void *copy, size_t copy_size);
#define STUB_READ_STRUCT(type, from, copy) \
  stub_read_struct(PJRT_STRUCT_##type, #type, (from), (copy), sizeof(*(copy)))

/* ---- configuration ------------------------------------------------------- */

/* The options in force. */
const pjrt_stub_options *stub_options(void);

void stub_options_from_environment(pjrt_stub_options *options);

/* Which call a name belongs to; PJRT_NUM_CALLS when none. */
pjrt_call_id stub_call_named(const char *function);
const char *stub_call_name(pjrt_call_id id);

/* The fault that the current call of this thread has; NULL: none. */
const pjrt_stub_fault *stub_fault_now(void);

void stub_count_bytes(ptrdiff_t change);
void stub_note_execution(const pjrt_stub_execution *execution);

/* ---- futures: what events and buffers wait for --------------------------- */

typedef struct stub_future stub_future;
typedef void (*stub_action)(void *arg, PJRT_Error_Code code);

/* Done already, unless the current call has a fault that says otherwise. */
stub_future *stub_future_create(void);
stub_future *stub_future_pending(void);
stub_future *stub_future_share(stub_future *future);
void stub_future_drop(stub_future *future);
void stub_future_complete(stub_future *future, PJRT_Error_Code code,
                          const char *message, size_t message_size);
/* Success for NULL; the error is consumed. */
void stub_future_complete_with(stub_future *future, PJRT_Error *error);
bool stub_future_is_done(stub_future *future);
/* Blocks. */
PJRT_Error *stub_future_error(stub_future *future);
/* Runs `action` once, as the last thing before the future is done; at once if
 * it is. Must not wait for that future. */
void stub_future_before(stub_future *future, stub_action action, void *arg);
/* Runs `action` once, after the future is done; at once if it is. */
void stub_future_then(stub_future *future, stub_action action, void *arg);
void stub_futures_release(void);

/* Takes over the reference. */
PJRT_Event *stub_event(stub_future *future);

/* ---- clients, devices, memories ------------------------------------------ */

enum { STUB_MEMORIES_PER_DEVICE = 2 };

/* The ids of their kinds. */
enum { STUB_DEVICE_MEMORY = 7, STUB_PINNED_HOST_MEMORY = -9 };

struct PJRT_DeviceDescription {
  stub_kind kind;
  int id;
  int process_index;
  int64_t coords[2];
  char *text;
  size_t text_size;
  PJRT_NamedValue attributes[5];
};

/* PJRT_Memory is a public struct: a vtable, which plugins may leave NULL. */
typedef struct stub_memory {
  PJRT_Memory base;
  stub_kind kind;
  int id;
  int kind_id;
  const char *kind_name;
  size_t kind_name_size;
  PJRT_Device *device;
} stub_memory;

struct PJRT_Device {
  stub_kind kind;
  PJRT_Client *client;
  PJRT_DeviceDescription *description;
  bool is_addressable;
  int local_hardware_id;
  PJRT_Memory *memories[STUB_MEMORIES_PER_DEVICE];
  stub_memory memory_storage[STUB_MEMORIES_PER_DEVICE];
};

struct PJRT_TopologyDescription {
  stub_kind kind;
  bool is_owned_by_client;
  size_t num_descriptions;
  PJRT_DeviceDescription **descriptions;
};

struct PJRT_Client {
  stub_kind kind;
  size_t num_devices;
  size_t num_addressable;
  PJRT_Device **devices; /* addressable ones first */
  size_t num_memories;
  PJRT_Memory **memories;
  PJRT_NamedValue *options; /* as given */
  size_t num_options;
  PJRT_TopologyDescription *topology;
};

PJRT_TopologyDescription *stub_topology_create(size_t local, size_t remote);
void stub_topology_delete(PJRT_TopologyDescription *topology);
void stub_memory_init(stub_memory *memory, PJRT_Device *device, int index);

PJRT_NamedValue *stub_named_values_copy(const PJRT_NamedValue *values,
                                        size_t num_values);
void stub_named_values_free(PJRT_NamedValue *values, size_t num_values);

/* ---- shapes, buffers ----------------------------------------------------- */

enum { STUB_MAX_DIMS = 16 };

typedef struct stub_shape {
  PJRT_Buffer_Type type;
  size_t num_dims;
  int64_t dims[STUB_MAX_DIMS];
} stub_shape;

/* Bits of an element on the device; 0 for types that no buffer may have, or
 * that are newer than the configured minor. */
int stub_type_bits(PJRT_Buffer_Type type);
size_t stub_num_elements(const stub_shape *shape);
/* On the host, where every element has bytes of its own. */
size_t stub_host_size(const stub_shape *shape);
size_t stub_device_size(const stub_shape *shape);
PJRT_Error *stub_shape_read(PJRT_Buffer_Type type, const int64_t *dims,
                            size_t num_dims, stub_shape *out);

/* Bytes that several buffers may share. */
typedef struct stub_storage {
  atomic_int refs;
  size_t size;
  unsigned char *bytes;
  bool is_own;
  void (*on_delete)(void *bytes, void *arg);
  void *on_delete_arg;
} stub_storage;

stub_storage *stub_storage_create(size_t size);
stub_storage *stub_storage_share(stub_storage *storage);
void stub_storage_drop(stub_storage *storage);

struct PJRT_Buffer {
  stub_kind kind;
  PJRT_Client *client;
  PJRT_Device *device;
  PJRT_Memory *memory;
  stub_shape shape;
  int64_t minor_to_major[STUB_MAX_DIMS];
  stub_storage *storage;
  stub_future *ready;
  atomic_bool is_deleted;
  atomic_int external_references;
};

/* Takes over the references to storage and future. */
PJRT_Buffer *stub_buffer_create(PJRT_Client *client, PJRT_Device *device,
                                PJRT_Memory *memory, const stub_shape *shape,
                                stub_storage *storage, stub_future *ready);
void stub_buffer_delete_data(PJRT_Buffer *buffer);
/* Sets device and memory from whichever of them was given. */
PJRT_Error *stub_buffer_require_data(const PJRT_Buffer *buffer);
PJRT_Error *stub_place(PJRT_Client *client, PJRT_Device **device,
                       PJRT_Memory **memory);

/* ---- programs ------------------------------------------------------------ */

enum { STUB_MAX_VALUES = 256 };

typedef struct stub_signature {
  size_t num_parameters;
  stub_shape parameters[STUB_MAX_VALUES];
  bool is_donated[STUB_MAX_VALUES];
  size_t num_outputs;
  stub_shape outputs[STUB_MAX_VALUES];
} stub_signature;

/* Reads the signature of @main. */
PJRT_Error *stub_signature_parse(const char *code, size_t size,
                                 stub_signature *out);

/* A byte string in the making. */
typedef struct stub_bytes {
  unsigned char *data;
  size_t size;
  size_t capacity;
} stub_bytes;

void stub_bytes_append(stub_bytes *bytes, const void *data, size_t size);

/* The protocol buffers that a client of PJRT reads or writes. */
void stub_write_shape(const stub_shape *shape, stub_bytes *out);
void stub_write_hlo(const stub_signature *signature, stub_bytes *out);
enum { STUB_MAX_EXECUTABLE_DEVICES = 64 };

typedef struct stub_compile_options {
  int64_t num_replicas;
  int64_t num_partitions;
  bool is_portable;
  size_t num_ids;                       /* replicas times partitions */
  int ids[STUB_MAX_EXECUTABLE_DEVICES]; /* by replica, then partition */
} stub_compile_options;

void stub_write_assignment(const stub_compile_options *options,
                           stub_bytes *out);
PJRT_Error *stub_read_compile_options(const void *data, size_t size,
                                      stub_compile_options *out);

#endif /* PJRT_STUB_INTERNAL_H_ */
