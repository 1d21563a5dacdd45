/* Libraries that a kind of store needs, loaded when the first such store is
 * opened: who does not use it need not have them. */
#ifndef PJRT_KV_LIBRARY_H_
#define PJRT_KV_LIBRARY_H_

#include "pjrt/error.h"

typedef struct pjrt_kv_symbol {
  const char *name;
  void *out; /* the address of a pointer to a function */
} pjrt_kv_symbol;

/* Finds functions in a library that the system knows by its soname. It stays
 * loaded. UNIMPLEMENTED, saying that `what`, such as "stores in Redis", needs
 * it. */
pjrt_error *pjrt_kv_library_load(const char *what, const char *soname,
                                 const pjrt_kv_symbol *symbols, size_t num)
    __attribute__((warn_unused_result));

#endif /* PJRT_KV_LIBRARY_H_ */
