/* Asks a plugin for every args size that it expects, by calling each of its
 * functions with struct_size 0, and compares the answers with the registry.
 *
 *   plugin_sizes PLUGIN
 *
 * Prints "N answered" or one line per difference. Each call is made in a child
 * process: a plugin that does not check the size crashes on the zeroes that
 * follow it. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pjrt/abi.h"

typedef PJRT_Error *any_function(void *args);

struct accepted {
  const char *function;
  int from, to;
  size_t size;
};

static const struct accepted accepted[] = {
#define PJRT_ACCEPTED_ROW(function, from, to, size) {#function, from, to, size},
#include "accepted_sizes.inc"
};

struct slot {
  const char *name;
  size_t offset;
  int since; /* the minor that brought it */
};

static const struct slot slots[] = {
#define PJRT_CALL_ROW(function, since, kind) \
  {#function, offsetof(PJRT_Api, function), since},
#define PJRT_CALL_ROW_VOID(function, since, kind)
#include "../../src/abi/generated/calls.inc"
};

/* The answer of a function that says UNIMPLEMENTED before it looks. */
#define UNIMPLEMENTED ((size_t)-1)

/* What the registry recorded for this function and minor; 0 when nothing. Two
 * plugins of one minor may differ: then it is `found`, if that is recorded. */
static size_t recorded_size(const char *function, int minor, size_t found) {
  size_t size = 0;
  for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
    const struct accepted *a = &accepted[i];
    if (strcmp(a->function, function) || minor < a->from || minor > a->to)
      continue;
    if (!size || a->size == found) size = a->size;
  }
  return size;
}

/* The number after "size: expected " in the plugin's error; 0: it has none. */
static size_t size_in_error(const PJRT_Api *api, PJRT_Error *error) {
  PJRT_Error_Message_Args args = {PJRT_Error_Message_Args_STRUCT_SIZE, NULL,
                                  error, NULL, 0};
  const char before[] = "size: expected ";
  char text[512] = "";
  size_t size = 0;
  api->PJRT_Error_Message(&args);
  if (args.message_size >= sizeof(text)) args.message_size = sizeof(text) - 1;
  memcpy(text, args.message, args.message_size);
  const char *number = strstr(text, before);
  if (number) size = strtoul(number + strlen(before), NULL, 10);
  return size;
}

static bool is_unimplemented(const PJRT_Api *api, const PJRT_Error *error) {
  PJRT_Error_GetCode_Args args = {PJRT_Error_GetCode_Args_STRUCT_SIZE, NULL,
                                  error, PJRT_Error_Code_OK};
  return !api->PJRT_Error_GetCode(&args) &&
         args.code == PJRT_Error_Code_UNIMPLEMENTED;
}

/* The child's part: the answer goes through the pipe. */
static void ask(const PJRT_Api *api, size_t offset, int to_parent) {
  static char args[1024];
  any_function *function;
  memcpy(&function, (const char *)api + offset, sizeof(function));
  PJRT_Error *error = function(args);
  size_t size = error ? size_in_error(api, error) : 0;
  if (error && !size && is_unimplemented(api, error)) size = UNIMPLEMENTED;
  if (write(to_parent, &size, sizeof(size)) != sizeof(size)) _exit(2);
  _exit(0);
}

/* The size that the plugin expects; 0 when it did not say. */
static size_t asked_size(const PJRT_Api *api, size_t offset) {
  int ends[2];
  size_t size = 0;
  if (pipe(ends)) return 0;
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    ask(api, offset, ends[1]);
  }
  close(ends[1]);
  if (read(ends[0], &size, sizeof(size)) != sizeof(size)) size = 0;
  close(ends[0]);
  waitpid(child, NULL, 0);
  return size;
}

/* Whether the plugin has the function at all. The tables before 0.57 are longer
 * than they declare. */
static bool has(const PJRT_Api *api, const struct slot *slot) {
  any_function *function;
  int minor = api->pjrt_api_version.minor_version;
  if (minor < 57 ? slot->since > minor
                 : slot->offset + sizeof(function) > api->struct_size)
    return false;
  memcpy(&function, (const char *)api + slot->offset, sizeof(function));
  return function != NULL;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  const PJRT_Api *(*get_api)(void);
  if (!library) return fprintf(stderr, "%s\n", dlerror()), 2;
  *(void **)&get_api = dlsym(library, "GetPjrtApi");
  const PJRT_Api *api = get_api();
  int minor = api->pjrt_api_version.minor_version;
  int answered = 0, different = 0;
  for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
    if (!has(api, &slots[i])) continue;
    size_t found = asked_size(api, slots[i].offset);
    size_t expected = recorded_size(slots[i].name, minor, found);
    if (found == UNIMPLEMENTED) continue;
    if (found) answered++;
    if (found != expected) {
      printf("%s of a plugin at 0.%d: recorded %zu, it says %zu\n",
             slots[i].name, minor, expected, found);
      different = 1;
    }
  }
  if (!different) printf("%d answered\n", answered);
  return different;
}
