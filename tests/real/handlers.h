/* Two custom calls of the tests' own, through the plugin's FFI extension: one
 * that waits until it is let through, so that a test can look at work that is
 * certainly under way, and one that fails. */
#ifndef PJRT_TESTS_REAL_HANDLERS_H_
#define PJRT_TESTS_REAL_HANDLERS_H_

#include "real/fixture.h"

/* main(f32[4]) -> f32[4], its argument; stops at the gate on the way. */
extern const char gate_program[];
/* The same, with the argument donated. */
extern const char donating_gate_program[];
/* main(f32[4]) -> f32[4]; fails with "the test wants it to fail". */
extern const char failing_program[];

/* As fixture_open, and the plugin knows the custom calls; the gate is shut. */
int fixture_open_with_handlers(void **state);

#define RUN_REAL_TESTS_WITH_HANDLERS(tests) \
  cmocka_run_group_tests((tests), fixture_open_with_handlers, fixture_close)

void gate_shut(void);
void gate_open(void);
/* Waits until a program stands before the gate. */
void gate_await_arrival(void);

/* Work under way. */
typedef struct pending {
  pjrt_buffer *out;
  pjrt_event *done;
} pending;

/* Shuts the gate and starts a program that stops there: it is under way when
 * this returns, and stays so. */
pending start_gate(pjrt_executable *gate, pjrt_buffer *arg);
/* Runs the failing program; its outputs and its event carry the error. */
pending start_failing(pjrt_executable *failing, pjrt_buffer *arg);
void pending_free(pending *work);

#endif /* PJRT_TESTS_REAL_HANDLERS_H_ */
