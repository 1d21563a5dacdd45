/* Facts: what a plugin says of an object, read once, when the object is made,
 * and copied. */
#ifndef PJRT_CORE_FACTS_H_
#define PJRT_CORE_FACTS_H_

#include "abi/call.h"
#include "pjrt/named_values.h"
#include "pjrt/topology.h"

/* A text of the plugin's, copied. */
typedef struct pjrt_text_fact {
  char *data;
  size_t size;
} pjrt_text_fact;

pjrt_error *pjrt_text_fact_set(pjrt_text_fact *fact, const char *text,
                               size_t size) __attribute__((warn_unused_result));
void pjrt_text_fact_clear(pjrt_text_fact *fact);

/* For functions that plugins may lack: the fact then keeps its default. */
pjrt_error *pjrt_fact_optional(pjrt_error *error)
    __attribute__((warn_unused_result));

/* Calls a function whose args are one object in and one text out; the text
 * stays empty on a plugin that lacks the function. */
#define PJRT_READ_TEXT(plugin, fn, object, raw, text, fact)              \
  do {                                                                   \
    PJRT_ARGS(fn, args);                                                 \
    args->object = (raw);                                                \
    PJRT_TRY(pjrt_fact_optional(PJRT_CALL((plugin), fn, args)));         \
    PJRT_TRY(pjrt_text_fact_set((fact), args->text, args->text##_size)); \
  } while (0)

struct pjrt_device_description {
  int id;
  int process_index;
  pjrt_text_fact kind, debug_string, to_string;
  pjrt_named_values *attributes;
};

/* Fills in an empty description; what was read before an error is cleared like
 * the rest. */
pjrt_error *pjrt_device_description_read(const pjrt_plugin *plugin,
                                         PJRT_DeviceDescription *raw,
                                         pjrt_device_description *out)
    __attribute__((warn_unused_result));
void pjrt_device_description_clear(pjrt_device_description *description);

#endif /* PJRT_CORE_FACTS_H_ */
