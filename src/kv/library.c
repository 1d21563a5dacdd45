#include "kv/library.h"

#include <dlfcn.h>
#include <string.h>

#include "base/error.h"

static pjrt_error *unusable(const char *what, const char *soname) {
  const char *reason = dlerror();
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "%s need %s, which cannot be used here: %s", what,
                           soname, reason ? reason : "no reason is given");
}

pjrt_error *pjrt_kv_library_load(const char *what, const char *soname,
                                 const pjrt_kv_symbol *symbols, size_t num) {
  void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
  if (!library) return unusable(what, soname);
  for (size_t i = 0; i < num; i++) {
    void *address = dlsym(library, symbols[i].name);
    if (!address) return unusable(what, soname);
    memcpy(symbols[i].out, &address, sizeof address);
  }
  return NULL;
}
