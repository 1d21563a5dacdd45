/* How to compile: XLA's CompileOptionsProto, all of it.
 *
 * What most programs set stands in a struct, pjrt_compile_opts. Everything else
 * goes by its name in XLA's .proto files, in a pjrt_compile_options:
 *
 *   pjrt_compile_options_create(&opts, &options);
 *   pjrt_compile_options_set_string(
 *       options, "executable_build_options.memory_fitting_level",
 *       PJRT_NUL_ENDED, "EFFORT_O2", PJRT_NUL_ENDED);
 *
 * and in a JSON file, which has Google's form for messages:
 *
 *   {"executable_build_options": {"num_replicas": 2},
 *    "env_option_overrides": {"xla_cpu_enable_fast_math": true}}
 *
 * The names are those of API 0.117's plugins and of older ones back to 0.40; a
 * plugin that does not know a field passes over it. */
#ifndef PJRT_COMPILE_OPTIONS_H_
#define PJRT_COMPILE_OPTIONS_H_

#include "pjrt/dtype.h"
#include "pjrt/named_values.h"

PJRT_BEGIN_DECLS

/* Compile options with any fields. One thread at a time may change it. */
typedef struct pjrt_compile_options pjrt_compile_options;

/* How hard the compiler tries. The numbers equal EffortLevel of XLA. */
typedef enum pjrt_effort {
  PJRT_EFFORT_DEFAULT = 0,
  PJRT_EFFORT_O0 = 9,
  PJRT_EFFORT_O1 = 19,
  PJRT_EFFORT_O2 = 29,
  PJRT_EFFORT_O3 = 39
} pjrt_effort;

/* An array that is to lie in device memory in a given order. */
typedef struct pjrt_shape_layout {
  pjrt_dtype dtype;
  const int64_t *dims; /* num_dims of them; may be NULL when there are none */
  size_t num_dims;
  /* The dimensions from the fastest varying to the slowest; NULL: row-major. */
  const int64_t *minor_to_major;
} pjrt_shape_layout;

typedef struct pjrt_compile_opts {
  size_t struct_size;
  /* Copies of the program that run at once on different data; default 1. */
  int num_replicas;
  /* Parts that one copy is split into; default 1. */
  int num_partitions;
  /* The devices to use, replica-major: num_replicas * num_partitions ids.
   * NULL: the plugin's default assignment. [borrowed: call] */
  const int *device_ids;
  size_t num_device_ids;
  /* Let XLA's SPMD partitioner split the program, as programs from JAX
   * expect; default: true when num_partitions > 1. */
  bool use_spmd_partitioning;
  /* Propagate shardings with Shardy (sdy dialect) instead of GSPMD; default
   * false. */
  bool use_shardy_partitioner;
  /* One executable for any one device, named when it is executed; default
   * false. */
  bool compile_portable_executable;
  /* XLA's flags for this compilation, such as xla_cpu_enable_fast_math;
   * NULL: none. int64 lists are refused. [borrowed: call] */
  const pjrt_named_values *xla_options;
  /* A serialized CompileOptionsProto to use instead of every other field;
   * INVALID_ARGUMENT unless it holds replica and partition counts of at least
   * 1, since plugins end the process otherwise. NULL: none.
   * [borrowed: call] */
  const void *serialized;
  size_t serialized_size;
  /* The same, as options with any fields; INVALID_ARGUMENT beside a serialized
   * form. NULL: none. [borrowed: call] */
  const pjrt_compile_options *options;
  /* How hard the compiler tries to make the program fast, and to make it fit
   * into memory; default: the plugin's. */
  pjrt_effort optimization_level;
  pjrt_effort memory_fitting_level;
  /* Bytes of device memory to compile for; default 0: what the device has. */
  int64_t device_memory_size;
  /* Whether an output that is a parameter unchanged shares its memory, as if
   * the parameter were donated; default false. */
  bool alias_passthrough_params;
  /* Whether the partitioner may choose the shardings that the program leaves
   * open: one for each parameter and output, or one for all of them. NULL: it
   * may not. [borrowed: call] */
  const bool *propagate_sharding_to_parameters;
  size_t num_propagate_sharding_to_parameters;
  const bool *propagate_sharding_to_outputs;
  size_t num_propagate_sharding_to_outputs;
  /* A profile of an earlier run, for feedback-directed optimization, as the
   * plugin wrote it; NULL: none. [borrowed: call] */
  const void *fdo_profile;
  size_t fdo_profile_size;
  /* Which of the profiles that are stored elsewhere to use; default 0: none. */
  int64_t profile_version;
  /* How arguments and outputs lie in device memory: one for each of main's.
   * Plugins pass over the outputs' without the arguments', so that is
   * INVALID_ARGUMENT. NULL: as the program and the plugin have it.
   * [borrowed: call] */
  const pjrt_shape_layout *argument_layouts;
  size_t num_argument_layouts;
  const pjrt_shape_layout *output_layouts;
  size_t num_output_layouts;
} pjrt_compile_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_compile_opts_init(pjrt_compile_opts *opts);

/* Makes options from the struct; device ids and all else are checked as when
 * compiling, as far as that is possible without a client.
 * @param opts [borrowed: call] may be NULL: the defaults
 * @param out [owned: pjrt_compile_options_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_create(
    const pjrt_compile_opts *opts, pjrt_compile_options **out);

/* Makes options from a serialized CompileOptionsProto, such as
 * pjrt_executable_compile_options gives. What this library does not know in it
 * is kept. INVALID_ARGUMENT when it is damaged.
 * @param serialized [borrowed: call]
 * @param out [owned: pjrt_compile_options_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_parse(
    const void *serialized, size_t serialized_size, pjrt_compile_options **out);

/* Makes options from JSON: the defaults, with what the JSON says instead.
 * Google's mapping with the names of the .proto files, which are not turned
 * into camelCase; bytes are in base64. An option override may be its value
 * alone, and a field that has no name here goes by its number: an integer, or
 * bytes. INVALID_ARGUMENT names the field, what was expected and what came;
 * UNIMPLEMENTED in a library that was built without jansson.
 * @param json [borrowed: call]
 * @param out [owned: pjrt_compile_options_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_from_json(
    const char *json, size_t json_size, pjrt_compile_options **out);

/* The same from a file, whose name messages start with. Blocks.
 * @param path [borrowed: call]
 * @param out [owned: pjrt_compile_options_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_read(
    const char *path, size_t path_size, pjrt_compile_options **out);

/* @param options [taken] */
PJRT_API void pjrt_compile_options_free(pjrt_compile_options *options);

/* Sets one field to a value, instead of the one it has. A field is named by its
 * path, as executable_build_options.debug_options.xla_dump_to, or
 * env_option_overrides.NAME for one of XLA's flags. INVALID_ARGUMENT when there
 * is no such field, when it is of another type, and when the number is too
 * large for it. An enum takes the number of a value, or its name as a string;
 * a float takes an int64; bytes take a string.
 * @param options [borrowed: call]
 * @param field [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_set_bool(
    pjrt_compile_options *options, const char *field, size_t field_size,
    bool value);

/* @param options [borrowed: call]
 * @param field [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_set_int64(
    pjrt_compile_options *options, const char *field, size_t field_size,
    int64_t value);

/* @param options [borrowed: call]
 * @param field [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_set_double(
    pjrt_compile_options *options, const char *field, size_t field_size,
    double value);

/* @param options [borrowed: call]
 * @param field [borrowed: call]
 * @param value [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_set_string(
    pjrt_compile_options *options, const char *field, size_t field_size,
    const char *value, size_t value_size);

/* Sets a repeated field of integers, or of bools as 0 and 1.
 * @param options [borrowed: call]
 * @param field [borrowed: call]
 * @param list [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_set_int64_list(
    pjrt_compile_options *options, const char *field, size_t field_size,
    const int64_t *list, size_t num_list);

/* Sets any field, also a message, a list or a map, to what JSON says.
 * UNIMPLEMENTED in a library that was built without jansson.
 * @param options [borrowed: call]
 * @param field [borrowed: call]
 * @param json [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_set_json(
    pjrt_compile_options *options, const char *field, size_t field_size,
    const char *json, size_t json_size);

/* Sets the devices: replica-major ids, num_replicas * num_partitions of them,
 * for the counts that the options have by then.
 * @param options [borrowed: call]
 * @param device_ids [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_set_device_ids(
    pjrt_compile_options *options, const int *device_ids,
    size_t num_device_ids);

/* Sets XLA's flags, as pjrt_compile_opts.xla_options does; a flag that has a
 * value gets the new one.
 * @param options [borrowed: call]
 * @param xla_options [borrowed: call] may be NULL: none */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_set_xla_options(
    pjrt_compile_options *options, const pjrt_named_values *xla_options);

/* Unsets a field, which then has its default.
 * @param options [borrowed: call]
 * @param field [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_clear(
    pjrt_compile_options *options, const char *field, size_t field_size);

/* All fields as JSON, which pjrt_compile_options_from_json reads. Fields that
 * this library does not know stand there by their numbers.
 * @param options [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_to_json(
    const pjrt_compile_options *options, char **out, size_t *out_size);

/* A CompileOptionsProto, for pjrt_compile_opts.serialized or a plugin.
 * @param options [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_serialize(
    const pjrt_compile_options *options, void **out, size_t *out_size);

PJRT_END_DECLS

#endif /* PJRT_COMPILE_OPTIONS_H_ */
