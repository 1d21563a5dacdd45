/* Assertions on errors. Include after cmocka.h. */
#ifndef PJRT_TESTS_UNIT_EXPECT_H_
#define PJRT_TESTS_UNIT_EXPECT_H_

#include <string.h>

#include "pjrt/error.h"

/* Fails with the error's message. */
static inline void expect_ok(pjrt_error *error) {
  if (error) fail_msg("%s", pjrt_error_message(error, NULL));
}

/* Checks the code, and that the message contains `part`; frees the error. */
static inline void expect_error(pjrt_error *error, pjrt_code code,
                                const char *part) {
  const char *message = pjrt_error_message(error, NULL);
  if (pjrt_error_code(error) != code || !strstr(message, part)) {
    fail_msg("expected %s with '%s', got %s: %s", pjrt_code_name(code), part,
             pjrt_code_name(pjrt_error_code(error)), message);
  }
  pjrt_error_free(error);
}

#endif /* PJRT_TESTS_UNIT_EXPECT_H_ */
