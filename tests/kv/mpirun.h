/* Processes that Open MPI's mpirun starts. */
#ifndef PJRT_TESTS_KV_MPIRUN_H_
#define PJRT_TESTS_KV_MPIRUN_H_

#include "child.h"

/* Skips the test where there is no mpirun, or no libpmix. */
void mpirun_need(void);

/* Starts mpirun with more words, up to a NULL: on this host alone, and going on
 * when one of the processes ends. */
void mpirun_start(child *c, const char *const *words);

#endif /* PJRT_TESTS_KV_MPIRUN_H_ */
