/* Compile options as the plugins read them: a serialized
 * xla.CompileOptionsProto. */
#ifndef PJRT_CORE_COMPILE_OPTIONS_H_
#define PJRT_CORE_COMPILE_OPTIONS_H_

#include "base/text.h"
#include "core/named_values.h"
#include "pjrt/compile_options.h"

struct pjrt_compile_options {
  char *data;
  size_t size;
};

/* Reads a caller's struct, NULL for the defaults, and judges all that can be
 * judged without a client: counts of at least 1, as many device ids as they ask
 * for, none twice, XLA options of a kind that XLA takes, a serialized form that
 * is whole and has counts. INVALID_ARGUMENT otherwise.
 * Options that came as an object are a serialized form afterwards; what that
 * says of counts and portability stands in the struct, too. */
pjrt_error *pjrt_compile_opts_read(const pjrt_compile_opts *given,
                                   pjrt_compile_opts *out)
    __attribute__((warn_unused_result));

/* Serializes what the function above has read; a form that came serialized is
 * copied. `device_ids` are replicas times partitions, replica-major: those of
 * `opts` or the plugin's default ones; NULL leaves the choice to the plugin.
 * They are not used for a portable executable, which has none. free() the
 * result. */
pjrt_error *pjrt_compile_opts_serialize(const pjrt_compile_opts *opts,
                                        const int *device_ids,
                                        size_t num_device_ids, void **out,
                                        size_t *out_size)
    __attribute__((warn_unused_result));

/* What the library itself must know of a serialized form. */
typedef struct pjrt_compile_facts {
  int num_replicas;
  int num_partitions;
  bool is_portable;
} pjrt_compile_facts;

/* INVALID_ARGUMENT when the form is damaged or a count is missing, below 1 or
 * too large: plugins end the process then. */
pjrt_error *pjrt_compile_facts_read(const void *serialized, size_t size,
                                    pjrt_compile_facts *out)
    __attribute__((warn_unused_result));

/* Appends the fields of an ExecutableBuildOptionsProto that assign devices.
 * INVALID_ARGUMENT unless there is one id for each, and none twice. */
pjrt_error *pjrt_compile_put_devices(int num_replicas, int num_partitions,
                                     const int *device_ids,
                                     size_t num_device_ids,
                                     pjrt_builder *ordinal,
                                     pjrt_builder *assignment)
    __attribute__((warn_unused_result));

/* Flags of XLA's: judging them, and appending one that has been found good as a
 * field of a CompileOptionsProto. */
pjrt_error *pjrt_compile_check_xla_options(const pjrt_named_values *options)
    __attribute__((warn_unused_result));
void pjrt_compile_put_xla_option(const pjrt_named_value *option,
                                 pjrt_builder *out);

#endif /* PJRT_CORE_COMPILE_OPTIONS_H_ */
