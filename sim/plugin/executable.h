/* Programs and executables, shared by the files that make and run them. */
#ifndef PJRT_SIM_EXECUTABLE_H_
#define PJRT_SIM_EXECUTABLE_H_

#include "plugin/computation.h"
#include "plugin/slots.h"

/* What a compiled program is, whoever holds it. */
typedef struct sim_compiled {
  atomic_int refs;
  sim_compile_options options;
  sim_bytes code;          /* as it came */
  sim_bytes options_bytes; /* as they came */
  sim_bytes hlo;
  sim_signature signature;      /* as it lies in the devices' own memory */
  sim_computation *computation; /* NULL: arguments are echoed */
  sim_attachment *attachments;
  /* What the getters point into. */
  char fingerprint[64]; /* junk follows */
  PJRT_Buffer_Type output_types[SIM_MAX_VALUES];
  int64_t output_dims[SIM_MAX_VALUES * SIM_MAX_DIMS];
  size_t output_dim_sizes[SIM_MAX_VALUES];
  const char *memory_kinds[SIM_MAX_VALUES];
  size_t memory_kind_sizes[SIM_MAX_VALUES];
} sim_compiled;

/* Of a loaded executable. Real plugins crash when an executable is used that
 * came from one which is gone. */
typedef struct sim_lifetime {
  atomic_int refs;
  atomic_bool is_over;
} sim_lifetime;

struct PJRT_Executable {
  sim_kind kind;
  sim_compiled *program;
  sim_lifetime *parent; /* NULL when compiled without a client */
};

struct PJRT_LoadedExecutable {
  sim_kind kind;
  PJRT_Client *client;
  sim_compiled *program;
  int *ids;           /* of all devices; NULL when portable */
  size_t num_devices; /* of this process */
  PJRT_Device **devices;
  PJRT_LogicalDeviceIds *logical_ids;
  atomic_bool is_deleted;
  sim_lifetime *lifetime;
  struct sim_instant_outputs *instant; /* NULL: another mode */
};

/* For the machine that the topology describes. */
PJRT_Error *sim_compiled_create(const PJRT_TopologyDescription *topology,
                                const PJRT_Program *program,
                                const char *options, size_t options_size,
                                sim_compiled **out);
/* The same of the code alone. */
PJRT_Error *sim_compiled_parse(const PJRT_TopologyDescription *topology,
                               const char *code, size_t size,
                               const char *options, size_t options_size,
                               sim_compiled **out);
/* What PJRT_Executable_Serialize wrote. */
PJRT_Error *sim_compiled_read(const PJRT_TopologyDescription *topology,
                              const char *bytes, size_t size,
                              sim_compiled **out);
sim_compiled *sim_compiled_share(sim_compiled *program);
void sim_compiled_drop(sim_compiled *program);

PJRT_Executable *sim_executable_create(sim_compiled *program,
                                       sim_lifetime *parent);

/* Sets which devices it runs on. */
PJRT_Error *sim_assign(PJRT_LoadedExecutable *loaded);
/* The options' devices, if they name any, are some of so many. */
PJRT_Error *sim_check_assignment(const sim_compile_options *options,
                                 size_t num_devices);

/* Takes over the reference to the program, also when it fails. */
PJRT_Error *sim_load(PJRT_Client *client, sim_compiled *program,
                     PJRT_LoadedExecutable **out);

#endif /* PJRT_SIM_EXECUTABLE_H_ */
