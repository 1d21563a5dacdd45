/* Plugins whose extensions answer what no honest one would: a copy of a node
 * takes its place, and the test changes slots of the copy. */
#ifndef PJRT_TESTS_UNIT_EXT_NODE_H_
#define PJRT_TESTS_UNIT_EXT_NODE_H_

#include "abi/plugin.h"
#include "sim_fixture.h"

/* `copy` must live as long as the plugin's handle. */
static inline void ext_take_node(pjrt_plugin *plugin, int type, void *copy,
                                 size_t size) {
  const size_t i = pjrt_plugin_find_extension(plugin, type);
  assert_true(i < plugin->num_extensions);
  assert_true(plugin->extensions[i].size >= size);
  memcpy(copy, plugin->extensions[i].node, size);
  plugin->extensions[i].node = copy;
}

/* The same of a plugin that the test does not name otherwise. */
#define EXT_TAKE_NODE(f, kind, copy)                             \
  ext_take_node((f)->plugin, PJRT_Extension_Type_##kind, (copy), \
                sizeof(*(copy)))

/* What calls `ask` with a plugin of this minor answers. */
static inline pjrt_error *ext_ask_minor(int minor,
                                        pjrt_error *(*ask)(const fixture *f)) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  fixture *f = fixture_create(&options);
  pjrt_error *error = ask(f);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
  return error;
}

#endif /* PJRT_TESTS_UNIT_EXT_NODE_H_ */
