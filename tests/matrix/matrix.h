/* The compatibility matrix: many cases, each tried on the simulated plugin in
 * many set-ups. A case is one public function, or one raw call, with a known
 * right result; a set-up is a version, a missing function, a fault, or an odd
 * extension.
 *
 * What must come out is worked out from facts: which functions a case calls
 * where everything is there (counted by the plugin), which of them a set-up
 * lacks, and what the library does without (fallbacks.c). Where nothing that
 * is needed lacks, the result is right; elsewhere the error names what lacks.
 *
 * Set-ups run in child processes: one that dies or hangs says in which cell. */
#ifndef PJRT_TESTS_MATRIX_MATRIX_H_
#define PJRT_TESTS_MATRIX_MATRIX_H_

#include "sim_fixture.h"

enum { MATRIX_MAX_FUNCTIONS = 320, MATRIX_MAX_CASES = 256 };

typedef struct matrix_attempt matrix_attempt;

typedef struct matrix_case {
  const char *name; /* "pjrt_buffer_map", "PJRT_Buffer_Delete" */
  /* Brings about what the case starts from, and the case itself. A wrong
   * result is noted with MATRIX_EXPECT; an error is returned. */
  pjrt_error *(*prepare)(matrix_attempt *a);
  pjrt_error *(*run)(matrix_attempt *a);
  /* The function that tells the fact, where a fact is read beforehand. */
  const char *fact;
  /* Functions without which the case cannot do, whatever others can; blanks
   * between them. */
  const char *direct;
  /* A function that the case does as well without. */
  const char *spare;
  const char *variant; /* tells rows of one function apart; may be NULL */
  /* Changes the plugin's options for this case; may be NULL. */
  void (*configure)(pjrt_sim_options *options);
  /* The call whose event is held back until sim.release_events, and how it
   * ends then. */
  const char *held;
  pjrt_code ends;
  /* From which minor on it works, for reasons other than functions, and what
   * the error before says. */
  int since;
  const char *before;
  /* In a forked child too: it does so itself, or makes something of the child's
   * own. */
  bool calls_when_forked;
  const void *row; /* for the program that made it */
} matrix_case;

typedef struct matrix_program {
  const matrix_case *cases;
  size_t num_cases;
  size_t world_size;              /* what an attempt works with, zeroed */
  void (*end)(matrix_attempt *a); /* frees it */
  /* The cases call the plugin themselves: nothing has a fallback but what the
   * library calls on its own. */
  bool is_raw;
  /* Whether an attempt has objects by now that a forked child must not use.
   * NULL: forks are not tried. */
  bool (*can_fork)(matrix_attempt *a);
} matrix_program;

/* How the plugin is. */
typedef struct matrix_setup {
  char name[120];
  pjrt_sim_options options;
  bool missing[MATRIX_MAX_FUNCTIONS];
  bool may_leak;   /* something that ends objects is missing */
  bool is_measure; /* counts the calls of each case */
  bool is_forked;  /* the case itself is tried in a forked child */
  /* One function fails: at its first call in the case itself. */
  const char *faulty;
  pjrt_code code;
  bool is_async;
  int delay_ms;
  const char *refused; /* the plugin itself is, with this message */
} matrix_setup;

struct matrix_attempt {
  const matrix_case *what;
  const matrix_setup *how;
  void *world;
  pjrt_plugin *plugin;
  char wrong[240]; /* the first thing that was */
};

/* Opens the plugin, once per attempt. */
pjrt_error *matrix_open(matrix_attempt *a);

/* Whether the plugin has the function and it does not fail. */
bool matrix_has(const matrix_attempt *a, const char *function);

void matrix_wrong(matrix_attempt *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define MATRIX_EXPECT(a, condition)                                   \
  do {                                                                \
    if (!(condition))                                                 \
      matrix_wrong((a), "%s:%d: %s", __FILE__, __LINE__, #condition); \
  } while (0)

/* The text equals `expected`, or is any for NULL; it is empty where `function`
 * is not there. */
void matrix_expect_text(matrix_attempt *a, const char *function,
                        const char *text, size_t size, const char *expected);

/* All sweeps as cmocka tests; with the argument --facts prints what was
 * measured instead: "case<TAB>variant<TAB>function,...". */
int matrix_main(int argc, char **argv, const matrix_program *program);

/* ---- what the library does without --------------------------------------- */

typedef struct matrix_fallback {
  const char *function;
  const char *what; /* happens without it, for people */
  /* Its error is nobody's business either; but for RESOURCE_EXHAUSTED, in the
   * last case, which is told whatever it was about. */
  enum { FAILURE_TELLS, FAILURE_IS_PASSED_OVER, FAILURE_MAY_TELL } failure;
  const char *instead[2]; /* what is needed then, */
  const char *by;         /* by cases that call this one; NULL: all */
  const char *spared;     /* what is not needed any more then */
} matrix_fallback;

extern const matrix_fallback matrix_fallbacks[];
extern const size_t matrix_num_fallbacks;
const matrix_fallback *matrix_find_fallback(const char *function);

/* Whether the plugin cannot be opened without it. */
bool matrix_is_required(const char *function);

/* Whether something stays alive when the function does nothing. */
bool matrix_ends_objects(const char *function);

/* Whether a call gives an event of its own, which may fail. */
bool matrix_gives_event(const char *function);

/* ---- facts of the ABI ---------------------------------------------------- */

/* One field of an args struct. */
typedef struct matrix_field {
  const char *structure;
  const char *name;
  const char *class;     /* "HANDLE", "SIZE", ... */
  const char *direction; /* "IN", "OUT", "INOUT" */
  const char *type;
  int since; /* 0: as old as the struct */
  size_t offset;
  size_t size;
} matrix_field;

extern const matrix_field matrix_fields[];
extern const size_t matrix_num_fields;

/* ---- all functions ------------------------------------------------------- */

/* Those of the table come first, in its order; then those of extensions, whose
 * name is that of their args. */
size_t matrix_num_functions(void);
const char *matrix_function_name(size_t i);
int matrix_function_since(size_t i);
/* "Layouts"; NULL for a function of the table. */
const char *matrix_function_extension(size_t i);
size_t matrix_index(const char *function);

/* Which functions of extensions the plugin lacks as it is configured now. */
void matrix_note_extensions(bool *missing);

#endif /* PJRT_TESTS_MATRIX_MATRIX_H_ */
