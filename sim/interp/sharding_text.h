/* The two texts of a sharding. Both fill in how many tiles each dimension has
 * and which of them each partition holds; false for a text that they do not
 * know, of which some are valid. */
#ifndef SIM_INTERP_SHARDING_TEXT_H_
#define SIM_INTERP_SHARDING_TEXT_H_

#include "interp/sharding.h"

/* "{devices=[2,1]<=[2]}", "{replicated}". */
bool sim_read_tile_sharding(const sim_program *program, const char *text,
                            sim_sharding *out, size_t *tile_of);

/* "<@mesh, [{"x"}, {}]>", with the mesh of the module; moves *text past it. */
bool sim_read_mesh_sharding(const sim_program *program, const char **text,
                            sim_sharding *out, size_t *tile_of);

/* Whether a list such as {"x", "y"} names all axes of the meshes that the
 * shardings of the text are of. */
bool sim_names_all_axes(const sim_program *program, const char *shardings,
                        const char *axes);

#endif /* SIM_INTERP_SHARDING_TEXT_H_ */
