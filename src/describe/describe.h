/* Text about objects: a line each and, under it, what else is known.
 *
 * Nothing here waits. A plugin is asked for what is safe to ask at any time
 * alone, and for nothing in a forked child. What comes from plugins, files and
 * callers is made printable first. */
#ifndef PJRT_DESCRIBE_DESCRIBE_H_
#define PJRT_DESCRIBE_DESCRIBE_H_

#include "base/text.h"
#include "core/client.h"
#include "pjrt/describe.h"

/* Begins a text; false, with all that there is to say, for NULL. */
bool pjrt_describe_begin(pjrt_builder *text, const void *object,
                         const char *noun);

/* Begins a line under the first. */
void pjrt_describe_line(pjrt_builder *text);

/* A foreign text; what is not printable becomes a blank. */
void pjrt_describe_text(pjrt_builder *text, const char *data, size_t size);
void pjrt_describe_fact(pjrt_builder *text, const pjrt_text_fact *fact);

/* "[1,2]" or "{1,2}". */
void pjrt_describe_list(pjrt_builder *text, const char *brackets,
                        const int64_t *list, size_t num);

/* "f32[2,3]". */
void pjrt_describe_shape(pjrt_builder *text, pjrt_dtype dtype,
                         const int64_t *dims, size_t num_dims);

/* "1 device", "2 devices". */
void pjrt_describe_count(pjrt_builder *text, size_t num, const char *noun);

/* " on libpjrt.so (API 0.117)". */
void pjrt_describe_plugin(pjrt_builder *text, const pjrt_plugin *plugin);

/* The same for a client's, and whether the client is another process's. */
void pjrt_describe_client(pjrt_builder *text, const pjrt_client *client);

/* What others say of a device: "device 0 (CPU_0)". */
void pjrt_describe_device(pjrt_builder *text, const pjrt_device *device);

/* An error's code and message. */
void pjrt_describe_error(pjrt_builder *text, const pjrt_error *error);

/* The values, a line for each. */
void pjrt_describe_values(pjrt_builder *text, const pjrt_named_values *values);

/* A memory's line, which stands under devices and buffers too. */
void pjrt_describe_memory(pjrt_builder *text, const pjrt_memory *memory);

#endif /* PJRT_DESCRIBE_DESCRIBE_H_ */
