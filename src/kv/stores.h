/* The stores that pjrt_kvstore_open chooses from, and what they share. */
#ifndef PJRT_KV_STORES_H_
#define PJRT_KV_STORES_H_

#include "base/text.h"
#include "pjrt/kvstore.h"

/* Each gets what follows its scheme in the address, and a job that is not
 * empty; both end with a NUL. */
pjrt_error *pjrt_folder_store_open(const char *path, const char *job,
                                   pjrt_kvstore **out)
    __attribute__((warn_unused_result));
pjrt_error *pjrt_redis_store_open(const char *server, const char *job,
                                  pjrt_kvstore **out)
    __attribute__((warn_unused_result));
pjrt_error *pjrt_pmix_store_open(const char *nothing, const char *job,
                                 pjrt_kvstore **out)
    __attribute__((warn_unused_result));

/* Appends the bytes as text that file systems and servers take: letters,
 * digits and "._-" as they are, the rest and a dot at the beginning as %XX. */
void pjrt_kv_append_encoded(pjrt_builder *builder, const char *bytes,
                            size_t size);

/* What a put answers when the key has this value already: NULL when it is the
 * same, else ALREADY_EXISTS. */
pjrt_error *pjrt_kv_check_same(const void *old, size_t old_size,
                               const void *value, size_t value_size)
    __attribute__((warn_unused_result));

/* A bell that wakes whoever polls its descriptor, once and for all. */
pjrt_error *pjrt_bell_make(int *out_fd) __attribute__((warn_unused_result));
void pjrt_bell_ring(int fd);
bool pjrt_bell_has_rung(int fd);

#endif /* PJRT_KV_STORES_H_ */
