/* A strict reader of 64-bit ELF files.
 *
 * It answers what the dynamic loader would find in a shared library, without
 * loading it. Like the loader it follows the program headers and the dynamic
 * segment and ignores the sections. Files are expected to be hostile: every
 * offset is checked against the file's size. */
#ifndef PJRT_BASE_ELF_H_
#define PJRT_BASE_ELF_H_

#include <elf.h>

#include "base/file.h"

/* A table of `num` records of one size, at `offset` in the file. */
typedef struct pjrt_elf_table {
  size_t offset;
  size_t num;
} pjrt_elf_table;

/* A view of the memory that was parsed. The fields are elf.c's own. */
typedef struct pjrt_elf {
  const unsigned char *data;
  size_t size;
  Elf64_Ehdr header;
  pjrt_elf_table dynamic; /* of Elf64_Dyn */
  pjrt_elf_table symbols; /* of Elf64_Sym */
  pjrt_elf_table strings; /* of char */
  size_t gnu_hash;        /* offset, 0: there is none */
} pjrt_elf;

/* Checks and indexes an ELF file in memory, for any 64-bit machine of this
 * machine's byte order. INVALID_ARGUMENT says what is there instead; `what`
 * and `path` begin the message. */
pjrt_error *pjrt_elf_parse(const char *what, const char *path, const void *data,
                           size_t size, pjrt_elf *out)
    __attribute__((warn_unused_result));

/* "x86-64" and the like; "unknown" for a number without a name here. */
const char *pjrt_elf_machine(const pjrt_elf *elf);

/* The name of the machine that this was compiled for. */
const char *pjrt_elf_native_machine(void);

bool pjrt_elf_is_native(const pjrt_elf *elf);

/* What kind of object, with its article: "a shared library". */
const char *pjrt_elf_type(const pjrt_elf *elf);

/* Whether dlopen accepts this kind of object: no program, no object file. */
bool pjrt_elf_is_shared(const pjrt_elf *elf);

/* Whether dlsym would find a function of this name. */
bool pjrt_elf_defines(const pjrt_elf *elf, const char *function);

/* The dynamic symbols, exported or not. */
size_t pjrt_elf_num_symbols(const pjrt_elf *elf);

/* The i-th dynamic symbol's name when the file offers it to others, NULL when
 * it does not. */
const char *pjrt_elf_export(const pjrt_elf *elf, size_t i);

/* The next dynamic string of a tag (DT_NEEDED, DT_RUNPATH, ...), NULL after the
 * last. Start with *at 0. */
const char *pjrt_elf_next_text(const pjrt_elf *elf, Elf64_Sxword tag,
                               size_t *at);

/* The GNU build ID; NULL when there is none. */
const unsigned char *pjrt_elf_build_id(const pjrt_elf *elf, size_t *out_size);

/* An ELF file and its mapping. */
typedef struct pjrt_elf_file {
  pjrt_mapping mapping;
  pjrt_elf elf;
} pjrt_elf_file;

pjrt_error *pjrt_elf_open(const char *what, const char *path,
                          pjrt_elf_file *out)
    __attribute__((warn_unused_result));

/* Accepts a file of zeros. */
void pjrt_elf_close(pjrt_elf_file *file);

enum { PJRT_ELF_IDENTITY_SIZE = 160 };

/* A NUL-ended text that differs between different libraries: "build-id:" with
 * the GNU build ID, else "sha256:" with a hash of the headers, the tables that
 * any recompiled function changes, and samples of the rest; then the file's
 * size. Takes milliseconds for hundreds of megabytes. It tells a mistake, not
 * an attack: a file can be made to have another's identity. */
void pjrt_elf_identity_of(const pjrt_elf *elf,
                          char out[PJRT_ELF_IDENTITY_SIZE]);
pjrt_error *pjrt_elf_identity(const char *path,
                              char out[PJRT_ELF_IDENTITY_SIZE])
    __attribute__((warn_unused_result));

#endif /* PJRT_BASE_ELF_H_ */
