/* Hostile ELF files: whatever the bytes, parsing and every question end. */
#include <stddef.h>
#include <stdint.h>

#include "base/elf.h"
#include "base/library_search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t next = 0;
  (void)pjrt_loader_cache_find(data, size, "", 0, &next);

  pjrt_elf elf;
  pjrt_error *error = pjrt_elf_parse("plugin", "x.so", data, size, &elf);
  if (error) {
    pjrt_error_free(error);
    return 0;
  }
  size_t length = 0;
  volatile char last = 0; /* touches what is handed out */
  for (size_t i = 0; i < pjrt_elf_num_symbols(&elf); i++) {
    const char *name = pjrt_elf_export(&elf, i);
    if (name) last = name[0];
  }
  for (size_t at = 0;;) {
    const char *name = pjrt_elf_next_text(&elf, DT_NEEDED, &at);
    if (!name) break;
    last = name[0];
  }
  const unsigned char *id = pjrt_elf_build_id(&elf, &length);
  if (id && length) last = (char)id[length - 1];
  (void)last;
  (void)pjrt_elf_defines(&elf, "GetPjrtApi");
  (void)pjrt_elf_type(&elf);
  char identity[PJRT_ELF_IDENTITY_SIZE];
  pjrt_elf_identity_of(&elf, identity);
  return 0;
}
