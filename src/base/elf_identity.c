#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/elf.h"
#include "base/error.h"

enum {
  BLOCK_SIZE = 4096,
  NUM_BLOCKS = 256,
  MAX_SEGMENT = 32 << 20,
  MAX_BUILD_ID = 64
};

/* FNV-1a over words instead of bytes, for speed, with a rotation so that high
 * bits reach low ones too. */
static uint64_t hash_bytes(uint64_t hash, const unsigned char *data,
                           size_t size) {
  while (size > 0) {
    uint64_t word = 0;
    size_t step = size < sizeof word ? size : sizeof word;
    memcpy(&word, data, step);
    hash = (hash ^ word) * UINT64_C(0x100000001b3);
    hash = hash << 29 | hash >> 35;
    data += step;
    size -= step;
  }
  return hash;
}

static uint64_t hash_range(uint64_t hash, const pjrt_elf *elf, uint64_t offset,
                           uint64_t size) {
  if (offset > elf->size) return hash;
  if (size > elf->size - offset) size = elf->size - offset;
  if (size > MAX_SEGMENT) size = MAX_SEGMENT;
  return hash_bytes(hash, elf->data + offset, (size_t)size);
}

/* Among the segments that are not loaded by themselves are the unwinder's
 * index, which holds the address of every function, and the relocated data,
 * which holds those of every virtual one. The section headers tell the size of
 * every section. */
static uint64_t hash_tables(uint64_t hash, const pjrt_elf *elf) {
  const Elf64_Ehdr *header = &elf->header;
  hash = hash_range(hash, elf, 0, sizeof *header);
  hash = hash_range(hash, elf, header->e_phoff,
                    (uint64_t)header->e_phnum * header->e_phentsize);
  hash = hash_range(hash, elf, header->e_shoff,
                    (uint64_t)header->e_shnum * header->e_shentsize);
  hash = hash_range(hash, elf, elf->symbols.offset,
                    (uint64_t)elf->symbols.num * sizeof(Elf64_Sym));
  hash = hash_range(hash, elf, elf->strings.offset, elf->strings.num);
  for (size_t i = 0; i < header->e_phnum; i++) {
    Elf64_Phdr segment;
    memcpy(&segment, elf->data + header->e_phoff + i * sizeof segment,
           sizeof segment);
    if (segment.p_type == PT_LOAD) continue;
    hash = hash_range(hash, elf, segment.p_offset, segment.p_filesz);
  }
  return hash;
}

static uint64_t hash_samples(uint64_t hash, const pjrt_elf *elf) {
  size_t step = elf->size / NUM_BLOCKS;
  if (step < BLOCK_SIZE) return hash_range(hash, elf, 0, elf->size);
  for (size_t i = 0; i < NUM_BLOCKS; i++) {
    hash = hash_range(hash, elf, i * step, BLOCK_SIZE);
  }
  return hash_range(hash, elf, elf->size - BLOCK_SIZE, BLOCK_SIZE);
}

static void print_build_id(const unsigned char *id, size_t size,
                           char out[PJRT_ELF_IDENTITY_SIZE]) {
  int at = snprintf(out, PJRT_ELF_IDENTITY_SIZE, "build-id:");
  for (size_t i = 0; i < size; i++) {
    at +=
        snprintf(out + at, PJRT_ELF_IDENTITY_SIZE - (size_t)at, "%02x", id[i]);
  }
}

void pjrt_elf_identity_of(const pjrt_elf *elf,
                          char out[PJRT_ELF_IDENTITY_SIZE]) {
  size_t size = 0;
  const unsigned char *id = pjrt_elf_build_id(elf, &size);
  if (id && size > 0 && size <= MAX_BUILD_ID) {
    print_build_id(id, size, out);
    return;
  }
  uint64_t hash = hash_tables(UINT64_C(0xcbf29ce484222325), elf);
  hash = hash_samples(hash, elf);
  snprintf(out, PJRT_ELF_IDENTITY_SIZE, "content:%zu:%016" PRIx64, elf->size,
           hash);
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
