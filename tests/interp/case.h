/* The folders of tests/data and models: a program, inputs, expected outputs. */
#ifndef PJRT_TESTS_INTERP_CASE_H_
#define PJRT_TESTS_INTERP_CASE_H_

#include "interp_fixture.h"

/* Runs a folder with a case.json and compares the outputs within its
 * tolerance, or within `ulps` where that is more. UNIMPLEMENTED comes from
 * preparing the program alone; UNAVAILABLE: built without jansson. */
pjrt_error *case_run(const char *folder, uint64_t ulps)
    __attribute__((warn_unused_result));

/* Runs models/digits, and counts the digits that are right. */
pjrt_error *case_run_digits(size_t *out_right, size_t *out_num)
    __attribute__((warn_unused_result));

#endif /* PJRT_TESTS_INTERP_CASE_H_ */
