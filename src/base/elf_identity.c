#include <stdio.h>
#include <string.h>

#include "base/elf.h"
#include "base/error.h"
#include "base/sha256.h"

enum {
  BLOCK_SIZE = 4096,
  NUM_BLOCKS = 256,
  MAX_RANGE = 32 << 20,
  MAX_BUILD_ID = 64
};

static void hash_range(pjrt_sha256 *hash, const pjrt_elf *elf, uint64_t offset,
                       uint64_t size) {
  if (offset > elf->size) return;
  if (size > elf->size - offset) size = elf->size - offset;
  if (size > MAX_RANGE) size = MAX_RANGE;
  pjrt_sha256_update(hash, elf->data + offset, (size_t)size);
}

/* The section headers tell the size of every section, and the unwinder's index
 * (PT_GNU_EH_FRAME, .eh_frame_hdr) has the address of every function. */
static void hash_tables(pjrt_sha256 *hash, const pjrt_elf *elf) {
  const Elf64_Ehdr *header = &elf->header;
  hash_range(hash, elf, 0, sizeof *header);
  hash_range(hash, elf, header->e_phoff,
             (uint64_t)header->e_phnum * header->e_phentsize);
  hash_range(hash, elf, header->e_shoff,
             (uint64_t)header->e_shnum * header->e_shentsize);
  hash_range(hash, elf, elf->symbols.offset,
             (uint64_t)elf->symbols.num * sizeof(Elf64_Sym));
  hash_range(hash, elf, elf->strings.offset, elf->strings.num);
  for (size_t i = 0; i < header->e_phnum; i++) {
    Elf64_Phdr segment;
    memcpy(&segment, elf->data + header->e_phoff + i * sizeof segment,
           sizeof segment);
    if (segment.p_type != PT_GNU_EH_FRAME) continue;
    hash_range(hash, elf, segment.p_offset, segment.p_filesz);
  }
}

/* Spread over the file: constants change without moving a function. */
static void hash_samples(pjrt_sha256 *hash, const pjrt_elf *elf) {
  const size_t step = elf->size / NUM_BLOCKS;
  if (step < BLOCK_SIZE) {
    hash_range(hash, elf, 0, elf->size);
    return;
  }
  for (size_t i = 0; i < NUM_BLOCKS; i++) {
    hash_range(hash, elf, i * step, BLOCK_SIZE);
  }
  hash_range(hash, elf, elf->size - BLOCK_SIZE, BLOCK_SIZE);
}

static void print_build_id(const pjrt_elf *elf, const unsigned char *id,
                           size_t size, char out[PJRT_ELF_IDENTITY_SIZE]) {
  int at = snprintf(out, PJRT_ELF_IDENTITY_SIZE, "build-id:");
  for (size_t i = 0; i < size; i++) {
    at +=
        snprintf(out + at, PJRT_ELF_IDENTITY_SIZE - (size_t)at, "%02x", id[i]);
  }
  snprintf(out + at, PJRT_ELF_IDENTITY_SIZE - (size_t)at, ":%zu", elf->size);
}

void pjrt_elf_identity_of(const pjrt_elf *elf,
                          char out[PJRT_ELF_IDENTITY_SIZE]) {
  size_t size = 0;
  const unsigned char *id = pjrt_elf_build_id(elf, &size);
  if (id && size > 0 && size <= MAX_BUILD_ID) {
    print_build_id(elf, id, size, out);
    return;
  }
  pjrt_sha256 hash;
  unsigned char digest[PJRT_SHA256_SIZE];
  char text[PJRT_SHA256_TEXT_SIZE];
  pjrt_sha256_init(&hash);
  hash_tables(&hash, elf);
  hash_samples(&hash, elf);
  pjrt_sha256_finish(&hash, digest);
  pjrt_sha256_print(digest, text);
  snprintf(out, PJRT_ELF_IDENTITY_SIZE, "sha256:%s:%zu", text, elf->size);
}

pjrt_error *pjrt_elf_identity(const char *path,
                              char out[PJRT_ELF_IDENTITY_SIZE]) {
  out[0] = 0;
  pjrt_elf_file file;
  PJRT_TRY(pjrt_elf_open("plugin", path, &file));
  pjrt_elf_identity_of(&file.elf, out);
  pjrt_elf_close(&file);
  return NULL;
}
