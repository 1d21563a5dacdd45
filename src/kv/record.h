/* Records: a key with its value, for stores whose names are shorter than keys
 * can be, or that show what is still being written. A part of a record is none,
 * and no record is taken for that of another key of the same name. */
#ifndef PJRT_KV_RECORD_H_
#define PJRT_KV_RECORD_H_

#include "base/text.h"

enum { PJRT_RECORD_HEADER_SIZE = 44, PJRT_RECORD_NAME_SIZE = 116 };

/* Appends the name of a key's record: the beginning of the key as letters,
 * digits and "%._-", and a hash. At most PJRT_RECORD_NAME_SIZE bytes. */
void pjrt_record_append_name(pjrt_builder *builder, const char *key,
                             size_t key_size);

/* A record is this header, the key and the value. A NUL follows. */
void pjrt_record_header(size_t key_size, size_t value_size,
                        char out[PJRT_RECORD_HEADER_SIZE + 1]);

/* The value in the record of a key; NULL in what is not one. */
const char *pjrt_record_value(const char *record, size_t size, const char *key,
                              size_t key_size, size_t *out_size);

#endif /* PJRT_KV_RECORD_H_ */
