/* The XlaTransform extension: passes of one's own in XLA's compiler. A
 * transformation sees the HLO of every program that is compiled, and may
 * refuse the program or change it.
 *
 *   pjrt_xla_transform_register(plugin, "no_rng", PJRT_NUL_ENDED,
 *                               PJRT_XLA_TRANSFORM_AFTER_SCHEDULER,
 *                               refuse_random_numbers, NULL, NULL);
 *
 * A transformation is the plugin's: it holds for the whole process, whatever
 * handle of the plugin it was registered by and whatever client compiles, those
 * of other libraries in this process too. It survives all clients and handles.
 *
 * UNIMPLEMENTED where the plugin has no such extension, or an older one that
 * cannot take a transformation back. */
#ifndef PJRT_EXT_XLA_TRANSFORM_H_
#define PJRT_EXT_XLA_TRANSFORM_H_

#include "pjrt/plugin.h"
#include "pjrt/program.h"

PJRT_BEGIN_DECLS

/* Where in the compiler a transformation runs. */
typedef enum pjrt_xla_transform_stage {
  /* After the optimizations, fusion among them; the instructions have no order
   * yet. */
  PJRT_XLA_TRANSFORM_BEFORE_SCHEDULER = 0,
  /* On the program as it will run. */
  PJRT_XLA_TRANSFORM_AFTER_SCHEDULER = 1
} pjrt_xla_transform_stage;

/* Looks at a program that is being compiled. `hlo` is a PJRT_FORMAT_HLO, which
 * pjrt_hlo_print shows and pjrt_program_code gives as a serialized
 * HloModuleProto. Where *out stays NULL the program is left as it is; a program
 * put there, a PJRT_FORMAT_HLO too, takes its place. The compiler checks a
 * changed program; one with other parameters or outputs than before is of no
 * use. An error ends the compilation, with its message; XLA's own plugins make
 * INTERNAL of every code.
 *
 * Comes on the thread that compiles, which may be the caller's or one of the
 * plugin's, and on several at once: before the registering function has
 * returned, too, when another thread compiles. Once for each compilation and
 * stage, where the plugin's compiler has the stage once; a program that the
 * compiler takes apart comes in its parts. Must not compile, and must not
 * register or clear transformations.
 * @param hlo [borrowed: call]
 * @param user [borrowed: call] as it was registered
 * @param out [taken] NULL at first; a program from pjrt_program_create
 * @return [taken] NULL for success */
typedef pjrt_error *(*pjrt_xla_transform_fn)(const pjrt_program *hlo,
                                             void *user, pjrt_program **out);

/* Ends what a transformation worked with, once: when the transformation is gone
 * and no compilation is in it any more, in pjrt_xla_transform_clear, or at the
 * end of a compilation that outlasts it, on the thread of that. Never at the
 * end of the process. It must not call the plugin, which may hold its lock;
 * handles that it frees end on another thread, as in any callback.
 * @param user [taken] as it was registered */
typedef void (*pjrt_xla_transform_destroy_fn)(void *user);

/* Adds a transformation, after those of the same stage that are there. One name
 * may be given several times: XLA's plugins run them all.
 * INVALID_ARGUMENT: NULL, an empty name, no such stage. On failure `user` is
 * still the caller's.
 * PJRT: PJRT_Register_Xla_Transform (0.110).
 * @param plugin [borrowed: call]
 * @param name [borrowed: call]
 * @param user [borrowed: call] passed to transform, until destroy is called
 * @param destroy may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_xla_transform_register(
    pjrt_plugin *plugin, const char *name, size_t name_size,
    pjrt_xla_transform_stage stage, pjrt_xla_transform_fn transform, void *user,
    pjrt_xla_transform_destroy_fn destroy);

/* Takes the first transformation of that name and stage back, whoever
 * registered it. Compilations that are under way may still call it, until it
 * is destroyed. *out_cleared says whether there was one.
 * INVALID_ARGUMENT: NULL, an empty name, no such stage.
 * PJRT: PJRT_Clear_Xla_Transform (0.110).
 * @param plugin [borrowed: call]
 * @param name [borrowed: call]
 * @param out_cleared [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_xla_transform_clear(
    pjrt_plugin *plugin, const char *name, size_t name_size,
    pjrt_xla_transform_stage stage, bool *out_cleared);

PJRT_END_DECLS

#endif /* PJRT_EXT_XLA_TRANSFORM_H_ */
