/* Checks the simulated plugin that PJRT_TEST_SIM names through the raw ABI, as
 * a client would use it.
 *
 *   sim_checks [SUITE]...          all cases, or those of these suites
 *   sim_checks quick [SUITE]...    these first and then the others, silently up
 *                                  to the first that fails or hangs
 *   sim_checks describe            what the environment configures: the version
 *                                  and size of the table, and for each node of
 *                                  the chain its type and size */
#include <dlfcn.h>
#include <unistd.h>

#include "check.h"

/* For a case of the quick mode, each of which takes far less than a second. */
enum { PATIENCE_S = 5 };

static const char *case_name;
static int num_failures;
static bool is_quick;

void check_failed(const char *file, int line, const char *what) {
  const char *slash = strrchr(file, '/');
  if (is_quick) _exit(1);
  num_failures++;
  printf("not ok %s: %s:%d: %s\n", case_name, slash ? slash + 1 : file, line,
         what);
}

void run_check(const char *name, void (*check)(void)) {
  const int failures = num_failures;
  pjrt_sim_live before, after;
  case_name = name;
  if (is_quick) alarm(PATIENCE_S);
  use_defaults();
  sim.get_live(&before);
  check();
  sim.get_live(&after);
  if (num_failures == failures && memcmp(&before, &after, sizeof(after)) != 0)
    check_failed(__FILE__, __LINE__, "something is alive");
  if (num_failures == failures && !is_quick) printf("ok %s\n", name);
}

/* ---- suites -------------------------------------------------------------- */

typedef struct suite {
  const char *name;
  void (*run)(void);
  bool was_run;
} suite;

#define SUITE_ROW(name) {#name, suite_##name, false},
static suite suites[] = {CHECK_SUITES(SUITE_ROW)};
#undef SUITE_ROW

enum { NUM_SUITES = sizeof suites / sizeof *suites };

static void run_suite(suite *one) {
  if (!one->was_run) one->run();
  one->was_run = true;
}

static void run_named(const char *name) {
  for (size_t i = 0; i < NUM_SUITES; i++)
    if (strcmp(suites[i].name, name) == 0) {
      run_suite(&suites[i]);
      return;
    }
  fprintf(stderr, "sim_checks: there is no suite '%s'\n", name);
  exit(2);
}

static void run_suites(int num_names, char **names) {
  for (int i = 0; i < num_names; i++) run_named(names[i]);
  if (num_names && !is_quick) return;
  for (size_t i = 0; i < NUM_SUITES; i++) run_suite(&suites[i]);
}

static void check_at_exit(void) {
  pjrt_sim_live live, none = {0};
  sim.get_live(&live);
  CHECK(num_failures || !memcmp(&live, &none, sizeof(live)));
}

/* ---- what is configured -------------------------------------------------- */

static void describe(void) {
  api = sim.get_api();
  if (!api) {
    puts("none");
    return;
  }
  PJRT_Client *client = new_client();
  printf("0.%d %zu %s\n", api->pjrt_api_version.minor_version, api->struct_size,
         client ? "client" : "no client");
  if (client) free_client(client);
  for (const PJRT_Extension_Base *node = api->extension_start; node;
       node = node->next)
    printf("%d %zu\n", (int)node->type, node->struct_size);
}

/* ---- the plugin ---------------------------------------------------------- */

static void *symbol(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (found) return found;
  fprintf(stderr, "sim_checks: the plugin has no symbol %s\n", name);
  exit(2);
}

static void load(void) {
  const char *path = getenv("PJRT_TEST_SIM");
  void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!library) {
    fprintf(stderr, "sim_checks: cannot load PJRT_TEST_SIM: %s\n",
            path ? dlerror() : "it is not set");
    exit(2);
  }
#define LOAD(field) \
  *(void **)(void *)&sim.field = symbol(library, "pjrt_sim_" #field)
  LOAD(configure);
  LOAD(options_init);
  LOAD(release_events);
  LOAD(now_us);
  LOAD(advance_us);
  LOAD(lose_device);
  LOAD(get_live);
  LOAD(num_calls);
  LOAD(last_struct_size);
  LOAD(num_misuses);
  LOAD(first_misuse);
  LOAD(get_execution);
  LOAD(stream_num_waits);
#undef LOAD
  *(void **)(void *)&sim.get_api = symbol(library, "GetPjrtApi");
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  load();
  if (argc > 1 && strcmp(argv[1], "describe") == 0) {
    describe();
    return 0;
  }
  is_quick = argc > 1 && strcmp(argv[1], "quick") == 0;
  const int first = is_quick ? 2 : 1;
  run_suites(argc - first, argv + first);
  run_check("at-exit", check_at_exit);
  return num_failures ? 1 : 0;
}
