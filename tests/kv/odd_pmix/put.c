/* Puts a key into the store of the launcher, and prints what comes of it. */
#include <pjrt/pjrt.h>

#include <stdio.h>

int main(void) {
  pjrt_kvstore *store;
  pjrt_error *error =
      pjrt_kvstore_open("pmix:", PJRT_NUL_ENDED, "job", PJRT_NUL_ENDED, &store);
  if (!error) error = pjrt_kvstore_put(store, "key", 3, "value", 5);
  pjrt_error_print(error, stdout);
  pjrt_kvstore_free(store);
  if (error) pjrt_error_free(error);
  return 0;
}
