/* What the two files of the FFI share. */
#ifndef PJRT_SIM_EXT_FFI_H_
#define PJRT_SIM_EXT_FFI_H_

#include "ext/ext.h"

/* The minor of the FFI that a plugin of the configured PJRT minor speaks. */
int sim_ffi_minor(void);

/* The table for handlers, of that minor. */
const XLA_FFI_Api *sim_ffi_api(void);

void sim_ffi_error_free(XLA_FFI_Error *error);

/* What is wrong, or NULL. An id of 0 is replaced by a new one. */
const char *sim_ffi_type_register(const char *name, size_t size, int64_t *id,
                                  void (*deleter)(void *));
bool sim_ffi_type_is_known(int64_t id);
/* Lets the type's deleter free a value. */
void sim_ffi_type_delete(int64_t id, void *value);

/* False when the context, which may be NULL, has none of this type. */
bool sim_ffi_user_data(PJRT_ExecuteContext *context, int64_t type_id,
                       void **out);

#endif /* PJRT_SIM_EXT_FFI_H_ */
