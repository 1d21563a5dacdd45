#include "core/object.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "core/plugin.h"

static void init(pjrt_object *object, pjrt_plugin *plugin,
                 void (*destroy)(pjrt_object *object)) {
  object->plugin = plugin;
  object->process = getpid();
  object->destroy = destroy;
  atomic_init(&object->refs, 1);
}

void pjrt_object_init(pjrt_object *object, pjrt_plugin *plugin,
                      void (*destroy)(pjrt_object *object)) {
  init(object, pjrt_plugin_retain(plugin), destroy);
}

void pjrt_object_init_of_client(pjrt_object *object, pjrt_client *client,
                                void (*destroy)(pjrt_object *object)) {
  init(object, client->plugin, destroy);
  object->client = client;
  pjrt_pool_hold(client->pool);
}

void pjrt_object_init_of(pjrt_object *object, pjrt_object *parent,
                         void (*destroy)(pjrt_object *object)) {
  init(object, parent->plugin, destroy);
  object->client = parent->client;
  object->parent = parent;
  pjrt_object_retain(parent);
}

pjrt_error *pjrt_object_check(const pjrt_object *object, const char *name) {
  if (!object) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL", name);
  }
  if (object->client) return pjrt_client_check(object->client);
  if (object->process == getpid()) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_FAILED_PRECONDITION,
                        "%s was made before this process was forked; make "
                        "another one",
                        name),
      object->plugin, NULL);
}

void pjrt_object_retain(pjrt_object *object) {
  atomic_fetch_add_explicit(&object->refs, 1, memory_order_relaxed);
}

static bool drop(pjrt_object *object) {
  return atomic_fetch_sub_explicit(&object->refs, 1, memory_order_acq_rel) == 1;
}

/* With the parents that nothing else keeps. */
static bool bury(pjrt_grave *grave) {
  pjrt_object *object = (pjrt_object *)grave;
  pjrt_client *client = object->client;
  for (;;) {
    pjrt_object *parent = object->parent;
    pjrt_plugin *plugin = object->plugin;
    object->destroy(object);
    free(object);
    if (!parent && !client) pjrt_plugin_free(plugin);
    if (!parent) return client && pjrt_pool_drop(client->pool);
    if (!drop(parent)) return false;
    object = parent;
  }
}

void pjrt_object_release(pjrt_object *object) {
  if (!object || object->process != getpid() || !drop(object)) return;
  object->grave.bury = bury;
  if (object->client) {
    pjrt_client_bury(object->client, &object->grave);
  } else {
    (void)!bury(&object->grave); /* no client ends with it */
  }
}
