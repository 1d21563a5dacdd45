/* What the plugin's files share. */
#ifndef PJRT_SIM_INTERNAL_H_
#define PJRT_SIM_INTERNAL_H_

#include <pthread.h>
#include <stdatomic.h>

#include "abi/generated/sizes.h"
#include "plugin/account.h"
#include "plugin/sim.h"

/* ---- objects ------------------------------------------------------------- */

/* The first field of every object that a handle points to. */
typedef enum sim_kind {
  SIM_DEAD = 0,
  SIM_ERROR = 0x5e770,
  SIM_EVENT,
  SIM_CLIENT,
  SIM_DEVICE,
  SIM_DESCRIPTION,
  SIM_MEMORY,
  SIM_BUFFER,
  SIM_EXECUTABLE,
  SIM_LOADED_EXECUTABLE,
  SIM_TOPOLOGY,
  SIM_CONTEXT,
  SIM_TRANSFER_MANAGER,
  SIM_STREAM,
  SIM_OTHER,
  SIM_NUM_KINDS
} sim_kind;

/* Zeroed memory for an object, counted as alive; the plugin aborts when
 * there is none. */
void *sim_new(sim_kind kind, size_t size);
void sim_delete(void *object, sim_kind kind);

/* Whether `object` is alive and of this kind. */
bool sim_is(const void *object, sim_kind kind);

void *sim_allocate(size_t size);

/* For what lives as long as the process; leak checkers find it. */
void *sim_allocate_forever(size_t size);
char *sim_copy_forever(const char *text);

/* A text or bytes whose end no NUL marks: junk follows. */
char *sim_text(const char *text, size_t size);

/* The same for literals. */
#define SIM_JUNK "<behind the end of a text>"
#define SIM_TEXT(literal) (literal SIM_JUNK)
#define SIM_SET_TEXT(field, size_field, literal) \
  ((field) = SIM_TEXT(literal), (size_field) = sizeof(literal) - 1)

/* ---- errors -------------------------------------------------------------- */

PJRT_Error *sim_error(PJRT_Error_Code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void sim_note_misuse(const char *what);

/* Counts a misuse; an INTERNAL error that describes it. */
PJRT_Error *sim_misuse(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#define SIM_REQUIRE(object, kind)                                         \
  do {                                                                    \
    if (!sim_is((object), (kind)))                                        \
      return sim_misuse("%s: " #object " is no living handle", __func__); \
  } while (0)

#define SIM_TRY(expr)                  \
  do {                                 \
    PJRT_Error *try_error_ = (expr);   \
    if (try_error_) return try_error_; \
  } while (0)

/* ---- calls --------------------------------------------------------------- */

/* One call of a slot, from its entry to its return. */
typedef struct sim_slot {
  pjrt_call_id id;
  bool is_void;
  void *args; /* the caller's */
  void *copy; /* ours, of the newest size */
  size_t copy_size;
  size_t size; /* bytes of it that the caller shares */
  size_t nth;  /* of the calls of this function */
  const pjrt_sim_fault *fault;
} sim_slot;

/* Called with everything up to `copy_size` set. */
PJRT_Error *sim_slot_begin(sim_slot *call);
PJRT_Error *sim_slot_end(const sim_slot *call, PJRT_Error *error);

/* A build for testing the tests: the function that the environment names does
 * nothing and succeeds. Those of the tables that are not PJRT_Api or a node,
 * and begin with their struct_size, are named by their place: "TYPE+OFFSET". */
#ifdef SIM_MUTANTS
bool sim_is_mutant(const char *function);
void *sim_mutate(const char *type, const void *table);
#define SIM_TABLE(type, table) ((type *)sim_mutate(#type, (table)))
#else
#define sim_is_mutant(function) false
#define SIM_TABLE(type, table) (table)
#endif

/* By how many minors the plugin is newer than any known. */
int sim_num_new_minors(void);

/* Refuses a struct, `known` bytes of which are known at the configured minor,
 * when its struct_size is not what the options ask for. The fields of newer
 * minors must be zero. */
PJRT_Error *sim_check_size(const char *name, const void *from, size_t known);

/* Writes outputs that no caller knows. */
void sim_write_new_fields(void *args, size_t known);

/* Checks the struct_size of a struct that args point to, and copies what the
 * configured minor knows of it into the zeroed `copy`. */
PJRT_Error *sim_read_struct(pjrt_struct_id id, const char *name,
                            const void *from, void *copy, size_t copy_size);
#define SIM_READ_STRUCT(type, from, copy) \
  sim_read_struct(PJRT_STRUCT_##type, #type, (from), (copy), sizeof(*(copy)))

/* What an extension keeps for an object; see ext/ext.h. */
typedef struct sim_attachment sim_attachment;
void sim_attachments_release(sim_attachment **list);

/* ---- configuration ------------------------------------------------------- */

/* The options in force. */
const pjrt_sim_options *sim_options(void);

/* Which call a name belongs to; PJRT_NUM_CALLS when none. */
pjrt_call_id sim_call_named(const char *function);
const char *sim_call_name(pjrt_call_id id);

/* The fault that the current call of this thread has; NULL: none. */
const pjrt_sim_fault *sim_fault_now(void);

void sim_count_bytes(ptrdiff_t change);
void sim_note_execution(const pjrt_sim_execution *execution);

/* ---- futures: what events and buffers wait for --------------------------- */

typedef struct sim_future sim_future;
typedef void (*sim_action)(void *arg, PJRT_Error_Code code);

/* Done already, unless the current call has a fault that says otherwise. */
sim_future *sim_future_create(void);
sim_future *sim_future_pending(void);
/* Done at that time of the clock's. */
sim_future *sim_future_at(int64_t when);
/* Done when both are, or when one of them fails; takes over the references. */
sim_future *sim_future_both(sim_future *first, sim_future *second);
/* Lets a pending one end as its leader does, whose reference it takes over. */
void sim_future_follow(sim_future *future, sim_future *leader);
sim_future *sim_future_share(sim_future *future);
void sim_future_drop(sim_future *future);
/* Whether it was still to come. */
bool sim_future_complete(sim_future *future, PJRT_Error_Code code,
                         const char *message, size_t message_size);
/* Success for NULL; the error is consumed. */
void sim_future_complete_with(sim_future *future, PJRT_Error *error);
bool sim_future_is_done(sim_future *future);
/* Whether its end is decided, though not everything before it is done. */
bool sim_future_is_ending(sim_future *future);
/* Blocks; virtual time passes if nothing else completes the future. */
void sim_future_await(sim_future *future);
/* Blocks, and lets no virtual time pass. */
PJRT_Error *sim_future_error(sim_future *future);
/* Runs `action` once, as the last thing before the future is done; at once if
 * it is. Must not wait for that future. */
void sim_future_before(sim_future *future, sim_action action, void *arg);
/* Runs `action` once, after the future is done; at once if it is. */
void sim_future_then(sim_future *future, sim_action action, void *arg);
void sim_futures_release(void);

/* Takes over the reference. */
PJRT_Event *sim_event(sim_future *future);

/* Always ready, shared by all, and never destroyed. */
extern PJRT_Event sim_ready_event;

/* What does one thing after the other; see line.h. */
typedef struct sim_line sim_line;

/* ---- clients, devices, memories ------------------------------------------ */

enum {
  SIM_MAX_DEVICES = 1000000, /* of all processes together */
  SIM_MEMORIES_PER_DEVICE = 3,
  SIM_DESCRIPTION_ATTRIBUTES = 5,
  SIM_TOPOLOGY_ATTRIBUTES = 3
};

/* The ids of the kinds of memories, in a device's order. */
enum {
  SIM_DEVICE_MEMORY = 7,
  SIM_PINNED_HOST_MEMORY = -9,
  SIM_UNPINNED_HOST_MEMORY = 23
};

/* Chips along three axes. Each core of a chip is a device; ids count the cores
 * of a chip first, then chips along the first axis, and so on. */
typedef struct sim_mesh {
  int64_t dims[3];
  int64_t cores_per_chip;
} sim_mesh;

struct PJRT_DeviceDescription {
  sim_kind kind;
  int id;
  int process_index;
  int64_t coords[3]; /* of its chip */
  int64_t core;      /* on that chip */
  char *text;
  size_t text_size;
  char *debug_text;
  size_t debug_text_size;
  PJRT_NamedValue attributes[SIM_DESCRIPTION_ATTRIBUTES];
};

/* PJRT_Memory is a public struct: a vtable, which plugins may leave NULL. */
typedef struct sim_memory {
  PJRT_Memory base;
  sim_kind kind;
  int id;
  int kind_id;
  const char *kind_name;
  size_t kind_name_size;
  char *text;
  size_t text_size;
  PJRT_Device *device;
  sim_account *account; /* NULL on devices of other processes */
} sim_memory;

struct PJRT_Device {
  sim_kind kind;
  PJRT_Client *client;
  PJRT_DeviceDescription *description;
  bool is_addressable;
  atomic_bool is_lost;
  int local_hardware_id;
  sim_line *programs; /* what it computes; NULL: another process does */
  sim_line *link;     /* what it exchanges with its host */
  PJRT_Memory *memories[SIM_MEMORIES_PER_DEVICE];
  sim_memory memory_storage[SIM_MEMORIES_PER_DEVICE];
};

struct PJRT_TopologyDescription {
  sim_kind kind;
  bool is_owned_by_client;
  bool tiled_layouts;
  bool is_subslice;
  sim_mesh mesh;
  /* The chips of each process are such a box; zeros: its devices have
   * consecutive ids. */
  int64_t process_box[3];
  size_t num_processes;
  size_t *process_sizes; /* the devices of each */
  size_t num_descriptions;
  PJRT_DeviceDescription **descriptions; /* by id; in one block */
  PJRT_NamedValue attributes[SIM_TOPOLOGY_ATTRIBUTES];
};

struct PJRT_Client {
  sim_kind kind;
  PJRT_Client *next; /* see loss.c */
  int process_index;
  size_t num_devices;
  PJRT_Device **devices; /* by id; in one block */
  size_t num_addressable;
  PJRT_Device **addressable; /* a stretch of `devices` */
  size_t num_memories;
  PJRT_Memory **memories;
  PJRT_NamedValue *options; /* as given */
  size_t num_options;
  PJRT_TopologyDescription *topology;
  pjrt_sim_options machine;
  struct sim_pool *pool;
  struct sim_instant *instant;   /* NULL: another mode */
  struct sim_launches *launches; /* what can be poisoned */
  sim_attachment *attachments;
  pthread_mutex_t lock; /* guards what follows */
  struct sim_mapping *mappings;
  PJRT_AsyncTrackingEvent *trackings;
  char **failures; /* of each process, as text; NULL: none */
  size_t num_failures;
};

struct PJRT_ExecuteContext {
  sim_kind kind;
  sim_attachment *attachments;
};

void sim_topology_delete(PJRT_TopologyDescription *topology);

PJRT_NamedValue *sim_named_values_copy(const PJRT_NamedValue *values,
                                       size_t num_values);
void sim_named_values_free(PJRT_NamedValue *values, size_t num_values);

/* ---- shapes, buffers ----------------------------------------------------- */

enum { SIM_MAX_DIMS = 16 };

typedef struct sim_shape {
  PJRT_Buffer_Type type;
  size_t num_dims;
  int64_t dims[SIM_MAX_DIMS];
  uint32_t dynamic_dims; /* bit i: dims[i] is a bound */
  bool is_tiled;         /* see tiles.h */
} sim_shape;

/* Bits of an element on the device; 0 for types that no buffer may have, or
 * that are newer than the configured minor. */
int sim_type_bits(PJRT_Buffer_Type type);
size_t sim_num_elements(const sim_shape *shape);
/* On the host, where every element has bytes of its own. */
size_t sim_host_size(const sim_shape *shape);
/* In a memory; with padding, and the sizes of dynamic dimensions. */
size_t sim_device_size(const sim_shape *shape);
PJRT_Error *sim_shape_read(PJRT_Buffer_Type type, const int64_t *dims,
                           size_t num_dims, sim_shape *out);

/* Bytes that several buffers may share. */
typedef struct sim_storage {
  atomic_int refs;
  size_t size;
  unsigned char *bytes;
  sim_account *account; /* what `size` was taken from; NULL: nothing */
  void (*on_delete)(void *bytes, void *arg);
  void *on_delete_arg;
} sim_storage;

/* Zeroed. RESOURCE_EXHAUSTED when the memory is full. */
PJRT_Error *sim_storage_create(PJRT_Memory *memory, size_t size,
                               sim_storage **out);
sim_storage *sim_storage_share(sim_storage *storage);
void sim_storage_drop(sim_storage *storage);

struct PJRT_Buffer {
  sim_kind kind;
  PJRT_Client *client;
  PJRT_Device *device;
  PJRT_Memory *memory;
  sim_shape shape; /* as it lies in the memory */
  int64_t minor_to_major[SIM_MAX_DIMS];
  size_t dynamic_dims[SIM_MAX_DIMS];
  size_t num_dynamic_dims;
  int64_t present_dims[SIM_MAX_DIMS]; /* when they were asked for */
  bool has_present_dims;
  sim_storage *storage;
  sim_future *ready;
  atomic_bool is_deleted;
  atomic_int external_references;
  bool is_shared; /* lives as long as its client: see instant.h */
};

/* Takes over the references to storage and future. */
PJRT_Buffer *sim_buffer_create(PJRT_Client *client, PJRT_Device *device,
                               PJRT_Memory *memory, const sim_shape *shape,
                               sim_storage *storage, sim_future *ready);
/* The same with storage of its own. */
PJRT_Error *sim_buffer_allocate(PJRT_Client *client, PJRT_Device *device,
                                PJRT_Memory *memory, const sim_shape *shape,
                                sim_future *ready, PJRT_Buffer **out);
void sim_buffer_destroy(PJRT_Buffer *buffer); /* NULL is a no-op */
void sim_buffer_delete_data(PJRT_Buffer *buffer);
/* Sets device and memory from whichever of them was given. */
PJRT_Error *sim_buffer_require_data(const PJRT_Buffer *buffer);
PJRT_Error *sim_place(PJRT_Client *client, PJRT_Device **device,
                      PJRT_Memory **memory);
/* UNIMPLEMENTED for a layout other than that of the shape; NULL is that. */
PJRT_Error *sim_expect_layout(const PJRT_Buffer_MemoryLayout *layout,
                              const sim_shape *shape);

/* ---- programs ------------------------------------------------------------ */

enum { SIM_MAX_VALUES = 256 };

typedef struct sim_signature {
  size_t num_parameters;
  sim_shape parameters[SIM_MAX_VALUES];
  bool is_donated[SIM_MAX_VALUES];
  size_t num_outputs;
  sim_shape outputs[SIM_MAX_VALUES];
} sim_signature;

/* Reads the signature of @main. */
PJRT_Error *sim_signature_parse(const char *code, size_t size,
                                sim_signature *out);

/* A byte string in the making. */
typedef struct sim_bytes {
  unsigned char *data;
  size_t size;
  size_t capacity;
} sim_bytes;

void sim_bytes_append(sim_bytes *bytes, const void *data, size_t size);

/* The protocol buffers that a client of PJRT reads or writes. */
void sim_write_shape(const sim_shape *shape, sim_bytes *out);
void sim_write_hlo(const sim_signature *signature, sim_bytes *out);

typedef struct sim_compile_options {
  int64_t num_replicas;
  int64_t num_partitions;
  bool is_portable;
  size_t num_ids; /* replicas times partitions */
  int *ids;       /* by replica, then partition; NULL: none are named */
} sim_compile_options;

/* `ids` has as many as the options say. */
void sim_write_assignment(const sim_compile_options *options, const int *ids,
                          sim_bytes *out);
/* `out->ids` is the caller's to free, also after a failure. */
PJRT_Error *sim_read_compile_options(const void *data, size_t size,
                                     sim_compile_options *out);

#endif /* PJRT_SIM_INTERNAL_H_ */
