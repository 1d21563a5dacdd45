/* Callback: functions that a client runs on events of the machine. */
#include <stdlib.h>

#include "ext/ext.h"

typedef struct registration {
  struct registration *next;
  PJRT_Callback_Type type;
  PJRT_Callback_Function *callback;
  void *user_arg;
} registration;

typedef struct registrations {
  registration *first;
} registrations;

static const char key; /* its address */

static void registrations_release(void *data) {
  registration *one = ((registrations *)data)->first;
  while (one) {
    registration *next = one->next;
    free(one);
    one = next;
  }
}

static registrations *registrations_of(PJRT_Client *client) {
  return sim_attached(&client->attachments, &key, sizeof(registrations),
                      registrations_release);
}

static PJRT_Error *check_type(PJRT_Callback_Type type) {
  if (type == PJRT_Callback_Type_Tpu_SliceBuilder ||
      type == PJRT_Callback_Type_Prefatal)
    return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "there are no callbacks of type %d", (int)type);
}

static PJRT_Error *register_callback(
    PJRT_Callback_RegisterCallback_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Callback_RegisterCallback_Args, 40);
  SIM_REQUIRE(args->client, SIM_CLIENT);
  SIM_TRY(check_type(args->type));
  if (!args->callback) return sim_misuse("a NULL callback");
  registrations *list = registrations_of(args->client);
  registration *one = sim_allocate(sizeof(*one));
  *one = (registration){NULL, args->type, args->callback, args->user_arg};
  sim_ext_lock();
  registration **last = &list->first;
  while (*last) last = &(*last)->next;
  *last = one;
  sim_ext_unlock();
  return NULL;
}

/* In the order of registration, on the caller's thread and without a lock, so
 * that a callback may register another one. */
static PJRT_Error *invoke_callback(PJRT_Callback_InvokeCallback_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Callback_InvokeCallback_Args, 32);
  SIM_REQUIRE(args->client, SIM_CLIENT);
  SIM_TRY(check_type(args->type));
  registrations *list = registrations_of(args->client);
  sim_ext_lock();
  registration *one = list->first;
  sim_ext_unlock();
  while (one) {
    if (one->type == args->type) one->callback(args->args, one->user_arg);
    sim_ext_lock();
    one = one->next;
    sim_ext_unlock();
  }
  return NULL;
}

static const PJRT_Callback_Extension node = {
    .register_callback = register_callback,
    .invoke_callback = invoke_callback,
};

const sim_extension sim_ext_callback = {
    .type = PJRT_Extension_Type_Callback,
    .name = "Callback",
    .steps = {{78, 40}},
    .node = &node,
    .node_size = sizeof(node),
};
