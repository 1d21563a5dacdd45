/* Objects that plugins make beside those of their clients. They are counted,
 * since what was made of one keeps it, and end like all others: on a thread
 * that is none of the plugin's.
 *
 * The first member of a handle, which is memory from pjrt_alloc. */
#ifndef PJRT_CORE_OBJECT_H_
#define PJRT_CORE_OBJECT_H_

#include <stdatomic.h>
#include <sys/types.h>

#include "core/client.h"

typedef struct pjrt_object {
  pjrt_grave grave;
  pjrt_plugin *plugin;
  pjrt_client *client;        /* where it is buried; NULL: where it is freed */
  struct pjrt_object *parent; /* what it was made of, or NULL */
  pid_t process;
  atomic_size_t refs;
  /* Destroys what the plugin made, and what the handle holds. */
  void (*destroy)(struct pjrt_object *object);
} pjrt_object;

/* Of a plugin, of a client, which may be hollow, or of another object. What it
 * is of lives as long as it does. */
void pjrt_object_init(pjrt_object *object, pjrt_plugin *plugin,
                      void (*destroy)(pjrt_object *object));
void pjrt_object_init_of_client(pjrt_object *object, pjrt_client *client,
                                void (*destroy)(pjrt_object *object));
void pjrt_object_init_of(pjrt_object *object, pjrt_object *parent,
                         void (*destroy)(pjrt_object *object));

/* INVALID_ARGUMENT for NULL, with this name; FAILED_PRECONDITION in a forked
 * child. */
pjrt_error *pjrt_object_check(const pjrt_object *object, const char *name)
    __attribute__((warn_unused_result));

/* Another owner, and one less. NULL is nothing, and so is an object of the
 * process that this one was forked from. */
void pjrt_object_retain(pjrt_object *object);
void pjrt_object_release(pjrt_object *object);

#endif /* PJRT_CORE_OBJECT_H_ */
