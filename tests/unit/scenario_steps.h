/* The steps of a scenario, for the files that have them. */
#ifndef PJRT_TESTS_UNIT_SCENARIO_STEPS_H_
#define PJRT_TESTS_UNIT_SCENARIO_STEPS_H_

#include "scenario.h"

typedef struct scenario_outputs {
  size_t offset; /* in scenario */
  size_t num;    /* pointers */
} scenario_outputs;

typedef struct scenario_step {
  const char *name;
  pjrt_error *(*run)(scenario *s);
  scenario_outputs outs[2];
} scenario_step;

#define ONE(field) {offsetof(scenario, field), 1}
#define ALL(field) \
  {offsetof(scenario, field), sizeof((scenario *)0)->field / sizeof(void *)}

/* What comes after the life of a program: topologies, copies, buffers made of
 * nothing and of others, events of the caller's, what devices tell. */
extern const scenario_step scenario_more_steps[];
extern const size_t scenario_num_more_steps;
void scenario_end_more(scenario *s);

#endif /* PJRT_TESTS_UNIT_SCENARIO_STEPS_H_ */
