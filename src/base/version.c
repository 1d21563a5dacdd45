#include "pjrt/base.h"

#define PJRT_STRING_(x) #x
#define PJRT_STRING(x) PJRT_STRING_(x)

const char *pjrt_version(void) {
  return PJRT_STRING(PJRT_VERSION_MAJOR) "." PJRT_STRING(
      PJRT_VERSION_MINOR) "." PJRT_STRING(PJRT_VERSION_PATCH);
}
