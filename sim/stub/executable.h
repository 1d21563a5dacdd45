/* Programs and executables, shared by the files that make and run them. */
#ifndef PJRT_STUB_EXECUTABLE_H_
#define PJRT_STUB_EXECUTABLE_H_

#include "stub/slots.h"

/* What a compiled program is, whoever holds it. */
typedef struct stub_program {
  atomic_int refs;
  stub_compile_options options;
  stub_bytes code;          /* as it came */
  stub_bytes options_bytes; /* as they came */
  stub_bytes hlo;
  stub_signature signature;
  /* What the getters point into. */
  PJRT_Buffer_Type output_types[STUB_MAX_VALUES];
  int64_t output_dims[STUB_MAX_VALUES * STUB_MAX_DIMS];
  size_t output_dim_sizes[STUB_MAX_VALUES];
  const char *memory_kinds[STUB_MAX_VALUES];
  size_t memory_kind_sizes[STUB_MAX_VALUES];
} stub_program;

/* Of a loaded executable. Real plugins crash when an executable is used that
 * came from one which is gone. */
typedef struct stub_lifetime {
  atomic_int refs;
  atomic_bool is_over;
} stub_lifetime;

struct PJRT_Executable {
  stub_kind kind;
  stub_program *program;
  stub_lifetime *parent; /* NULL when compiled without a client */
};

struct PJRT_LoadedExecutable {
  stub_kind kind;
  PJRT_Client *client;
  stub_program *program;
  size_t num_devices;
  PJRT_Device *devices[STUB_MAX_EXECUTABLE_DEVICES];
  PJRT_LogicalDeviceIds logical_ids[STUB_MAX_EXECUTABLE_DEVICES];
  atomic_bool is_deleted;
  stub_lifetime *lifetime;
};

PJRT_Error *stub_program_create(const PJRT_Program *program,
                                const char *options, size_t options_size,
                                stub_program **out);
stub_program *stub_program_share(stub_program *program);
void stub_program_drop(stub_program *program);

PJRT_Executable *stub_executable_create(stub_program *program,
                                        stub_lifetime *parent);

/* Takes over the reference to the program, also when it fails. */
PJRT_Error *stub_load(PJRT_Client *client, stub_program *program,
                      PJRT_LoadedExecutable **out);

#endif /* PJRT_STUB_EXECUTABLE_H_ */
