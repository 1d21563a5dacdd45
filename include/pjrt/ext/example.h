/* The Example extension, which OpenXLA publishes to show what an extension can
 * be: an object of the plugin's that takes numbers. No plugin that is known
 * has it; the simulated one adds the numbers up.
 *
 * UNIMPLEMENTED where the plugin has no such extension;
 * pjrt_plugin_find_extension tells before. */
#ifndef PJRT_EXT_EXAMPLE_H_
#define PJRT_EXT_EXAMPLE_H_

#include "pjrt/plugin.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_example pjrt_example;

/* Makes the plugin's object.
 * INVALID_ARGUMENT: plugin is NULL. FAILED_PRECONDITION: it was opened with
 * inspect_only.
 * PJRT: PJRT_ExampleExtension_CreateExampleExtensionCpp (0.72).
 * @param plugin [shared]
 * @param out [owned: pjrt_example_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_example_create(pjrt_plugin *plugin,
                                                       pjrt_example **out);

/* Gives it a number; what is wrong with one is the plugin's to say. The
 * simulated plugin answers OUT_OF_RANGE when its sum would turn negative.
 * INVALID_ARGUMENT: example is NULL. FAILED_PRECONDITION: it was made before
 * this process was forked.
 * PJRT: PJRT_ExampleExtension_ExampleMethod (0.72).
 * @param example [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_example_method(pjrt_example *example,
                                                       int64_t value);

/* Drops the handle, and the plugin's object with it.
 * PJRT: PJRT_ExampleExtension_CreateExampleExtensionCpp (0.72).
 * @param example [taken] */
PJRT_API void pjrt_example_free(pjrt_example *example);

PJRT_END_DECLS

#endif /* PJRT_EXT_EXAMPLE_H_ */
