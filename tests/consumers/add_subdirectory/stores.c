/* A library that was built without hiredis and libpmix says so. */
#include <pjrt/pjrt.h>

#include <stdio.h>
#include <string.h>

static int expect_none(const char *address, const char *missing) {
  pjrt_kvstore *store;
  char part[64];
  pjrt_error *error =
      pjrt_kvstore_open(address, PJRT_NUL_ENDED, "job", PJRT_NUL_ENDED, &store);
  snprintf(part, sizeof part, "was built without %s,", missing);
  const int is_right = pjrt_error_code(error) == PJRT_UNIMPLEMENTED &&
                       strstr(pjrt_error_message(error, NULL), part);
  if (!is_right) fprintf(stderr, "%s: expected '%s'\n", address, part);
  if (error) pjrt_error_free(error);
  return is_right;
}

int main(void) {
  return expect_none("redis://host", "hiredis") &&
                 expect_none("pmix:", "libpmix")
             ? 0
             : 1;
}
