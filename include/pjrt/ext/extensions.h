/* What there is to know of a plugin's extensions without calling them: their
 * functions, and which of them the plugin has.
 *
 * A plugin offers extensions in a chain; pjrt/plugin.h tells which, by type.
 * Each is a struct with functions in slots: it may end early, since extensions
 * grow, and slots may be empty. The library looks at both before it calls any,
 * so that a function that is not there is UNIMPLEMENTED. */
#ifndef PJRT_EXT_EXTENSIONS_H_
#define PJRT_EXT_EXTENSIONS_H_

#include "pjrt/plugin.h"

PJRT_BEGIN_DECLS

typedef enum pjrt_slot_state {
  PJRT_SLOT_ABSENT = 0,  /* the plugin's extension ends before it */
  PJRT_SLOT_NULL = 1,    /* the slot is there, and empty */
  PJRT_SLOT_PRESENT = 2, /* it holds a function */
  /* It holds something that the library does not know, and never calls. */
  PJRT_SLOT_UNKNOWN = 3
} pjrt_slot_state;

/* The functions that the library knows of extensions of this type: those in its
 * slots, in their order, and those of the table that Profiler points to. 0 for
 * a type that it does not know. */
PJRT_API size_t pjrt_extension_num_slots(int type);

/* The name of such a function, "PJRT_FFI_Register_Handler". Of a slot whose
 * arguments nobody has published, the name of the slot alone; NULL past the
 * end.
 * @return [borrowed: static] */
PJRT_API const char *pjrt_extension_slot_name(int type, size_t slot);

/* The minor of the ABI that brought it; 0 past the end. */
PJRT_API int pjrt_extension_slot_since(int type, size_t slot);

/* The version that the i-th extension has in the headers of the plugin's minor;
 * extensions do not tell it themselves. -1 where it is not known.
 * @param plugin [borrowed: call] */
PJRT_API int pjrt_plugin_extension_version(const pjrt_plugin *plugin, size_t i);

/* The slots of the plugin's i-th extension: those that the library knows of its
 * type, there or not, and behind them those that only the plugin knows, when it
 * is newer. 0 past the end, and for a type that the library does not know.
 * @param plugin [borrowed: call] */
PJRT_API size_t pjrt_plugin_extension_num_slots(const pjrt_plugin *plugin,
                                                size_t i);

/* What one of its slots holds. Where the extension declares no size, as before
 * API 0.45, it has what the plugin's minor had.
 * @param plugin [borrowed: call] */
PJRT_API pjrt_slot_state pjrt_plugin_extension_slot(const pjrt_plugin *plugin,
                                                    size_t i, size_t slot);

PJRT_END_DECLS

#endif /* PJRT_EXT_EXTENSIONS_H_ */
