/* Builds small ELF shared libraries in memory, right or wrong in one respect.
 * They have all that the dynamic loader's tables need, and no code. */
#ifndef PJRT_TESTS_ELF_IMAGE_H_
#define PJRT_TESTS_ELF_IMAGE_H_

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ELF_IMAGE_ADDRESS = 0x10000, ELF_IMAGE_MAX = 4 };

typedef struct elf_image_spec {
  const char *symbols[ELF_IMAGE_MAX]; /* ended by NULL, like the next */
  const char *needed[ELF_IMAGE_MAX];
  const char *runpath;
  const char *rpath;
  const char *build_id; /* its bytes, as text */
  uint16_t machine;     /* 0: this machine's */
  uint16_t type;        /* 0: ET_DYN */
  bool sysv_hash;       /* DT_HASH instead of DT_GNU_HASH */
  bool pie;
  bool undefined;            /* the symbols are only asked for */
  unsigned char visibility;  /* of the symbols */
  unsigned char bind;        /* 0: STB_GLOBAL */
  unsigned char symbol_type; /* 0: STT_FUNC */
  unsigned char filler;      /* some byte of contents */
} elf_image_spec;

/* Aligned, so that the builder may write structs in place. */
typedef struct elf_image {
  _Alignas(16) unsigned char bytes[4096];
  size_t size;
  size_t strings; /* offsets of the parts */
  size_t strings_end;
  size_t symbols;
  size_t hash;
  size_t dynamic;
  size_t note;
} elf_image;

static inline uint16_t elf_image_machine(void) {
#if defined(__x86_64__)
  return EM_X86_64;
#elif defined(__aarch64__)
  return EM_AARCH64;
#elif defined(__riscv)
  return EM_RISCV;
#elif defined(__powerpc64__)
  return EM_PPC64;
#elif defined(__s390x__)
  return EM_S390;
#else
  return EM_LOONGARCH;
#endif
}

/* Appends bytes at a multiple of 8 and tells where. */
static inline size_t elf_image_put(elf_image *image, const void *data,
                                   size_t size) {
  size_t at = (image->size + 7) / 8 * 8;
  if (data) memcpy(image->bytes + at, data, size);
  image->size = at + size;
  return at;
}

/* Appends to the string table, which is under way. */
static inline uint32_t elf_image_string(elf_image *image, const char *text) {
  size_t at = image->size;
  memcpy(image->bytes + at, text, strlen(text) + 1);
  image->size += strlen(text) + 1;
  return (uint32_t)(at - image->strings);
}

static inline uint32_t elf_image_hash(const char *name) {
  uint32_t hash = 5381;
  for (; *name; name++) hash = hash * 33 + (unsigned char)*name;
  return hash;
}

/* One bucket with all symbols. */
static inline void elf_image_put_hash(elf_image *image,
                                      const elf_image_spec *spec, size_t num) {
  uint32_t words[16] = {0};
  size_t size = 0;
  if (spec->sysv_hash) { /* buckets, chains, one bucket, the chains */
    words[size++] = 1;
    words[size++] = (uint32_t)num + 1;
    words[size++] = num ? 1 : 0;
    size++;
    for (size_t i = 0; i < num; i++) {
      words[size++] = i + 1 < num ? (uint32_t)i + 2 : 0;
    }
  } else { /* buckets, first, bloom words, shift, bloom, one bucket, chains */
    words[size++] = 1;
    words[size++] = 1;
    words[size++] = 1;
    words[size++] = 6;
    words[size++] = ~0u;
    words[size++] = ~0u;
    words[size++] = num ? 1 : 0;
    for (size_t i = 0; i < num; i++) {
      uint32_t hash = elf_image_hash(spec->symbols[i]);
      words[size++] = i + 1 < num ? hash & ~1u : hash | 1u;
    }
  }
  image->hash = elf_image_put(image, words, size * sizeof words[0]);
}

static inline void elf_image_put_symbols(elf_image *image,
                                         const elf_image_spec *spec,
                                         const uint32_t *names, size_t num) {
  Elf64_Sym symbols[ELF_IMAGE_MAX + 1] = {{0}};
  for (size_t i = 0; i < num; i++) {
    unsigned char bind = spec->bind ? spec->bind : STB_GLOBAL;
    unsigned char type = spec->symbol_type ? spec->symbol_type : STT_FUNC;
    symbols[i + 1] =
        (Elf64_Sym){.st_name = names[i],
                    .st_info = (unsigned char)ELF64_ST_INFO(bind, type),
                    .st_other = spec->visibility,
                    .st_shndx = spec->undefined ? SHN_UNDEF : 1,
                    .st_value = ELF_IMAGE_ADDRESS};
  }
  image->symbols = elf_image_put(image, symbols, (num + 1) * sizeof symbols[0]);
}

static inline void elf_image_build(const elf_image_spec *spec,
                                   elf_image *image) {
  memset(image, 0, sizeof *image);
  size_t headers = elf_image_put(image, NULL, sizeof(Elf64_Ehdr));
  size_t segments = elf_image_put(image, NULL, 3 * sizeof(Elf64_Phdr));
  uint32_t names[ELF_IMAGE_MAX];
  Elf64_Dyn dynamic[16] = {{0}};
  size_t num_dynamic = 0;
  size_t num_symbols = 0;

  image->strings = elf_image_put(image, "", 1);
  while (num_symbols < ELF_IMAGE_MAX && spec->symbols[num_symbols]) {
    names[num_symbols] = elf_image_string(image, spec->symbols[num_symbols]);
    num_symbols++;
  }
  for (size_t i = 0; i < ELF_IMAGE_MAX && spec->needed[i]; i++) {
    dynamic[num_dynamic++] =
        (Elf64_Dyn){.d_tag = DT_NEEDED,
                    .d_un.d_val = elf_image_string(image, spec->needed[i])};
  }
  const char *paths[] = {spec->runpath, spec->rpath};
  for (size_t i = 0; i < 2; i++) {
    if (!paths[i]) continue;
    dynamic[num_dynamic++] =
        (Elf64_Dyn){.d_tag = i == 0 ? DT_RUNPATH : DT_RPATH,
                    .d_un.d_val = elf_image_string(image, paths[i])};
  }
  image->strings_end = image->size;
  elf_image_put_symbols(image, spec, names, num_symbols);
  elf_image_put_hash(image, spec, num_symbols);

  const Elf64_Dyn tables[] = {
      {DT_STRTAB, {ELF_IMAGE_ADDRESS + image->strings}},
      {DT_STRSZ, {image->strings_end - image->strings}},
      {DT_SYMTAB, {ELF_IMAGE_ADDRESS + image->symbols}},
      {spec->sysv_hash ? DT_HASH : DT_GNU_HASH,
       {ELF_IMAGE_ADDRESS + image->hash}},
      {DT_FLAGS_1, {spec->pie ? DF_1_PIE : 0}},
      {DT_NULL, {0}},
  };
  memcpy(dynamic + num_dynamic, tables, sizeof tables);
  num_dynamic += sizeof tables / sizeof tables[0];
  image->dynamic =
      elf_image_put(image, dynamic, num_dynamic * sizeof dynamic[0]);

  size_t note_size = 0;
  if (spec->build_id) {
    const Elf64_Nhdr note = {4, (Elf64_Word)strlen(spec->build_id),
                             NT_GNU_BUILD_ID};
    image->note = elf_image_put(image, &note, sizeof note);
    memcpy(image->bytes + image->size, "GNU", 4);
    image->size += 4;
    memcpy(image->bytes + image->size, spec->build_id, note.n_descsz);
    image->size += (note.n_descsz + 3) / 4 * 4;
    note_size = image->size - image->note;
  }
  elf_image_put(image, &spec->filler, 1);

  const Elf64_Phdr program[] = {
      {.p_type = PT_LOAD,
       .p_vaddr = ELF_IMAGE_ADDRESS,
       .p_filesz = image->size,
       .p_memsz = image->size,
       .p_flags = PF_R,
       .p_align = 4096},
      {.p_type = PT_DYNAMIC,
       .p_offset = image->dynamic,
       .p_vaddr = ELF_IMAGE_ADDRESS + image->dynamic,
       .p_filesz = num_dynamic * sizeof dynamic[0],
       .p_align = 8},
      {.p_type = note_size ? PT_NOTE : PT_NULL,
       .p_offset = image->note,
       .p_filesz = note_size,
       .p_align = 4},
  };
  memcpy(image->bytes + segments, program, sizeof program);
  const uint16_t endian = 1; /* its first byte tells this machine's order */
  const Elf64_Ehdr header = {
      .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                  *(const unsigned char *)&endian ? ELFDATA2LSB : ELFDATA2MSB,
                  EV_CURRENT},
      .e_type = spec->type ? spec->type : ET_DYN,
      .e_machine = spec->machine ? spec->machine : elf_image_machine(),
      .e_version = EV_CURRENT,
      .e_phoff = segments,
      .e_ehsize = sizeof(Elf64_Ehdr),
      .e_phentsize = sizeof(Elf64_Phdr),
      .e_phnum = 3};
  memcpy(image->bytes + headers, &header, sizeof header);
}

/* What every test of discovery needs: a library that looks like a plugin. */
static inline void elf_image_plugin(elf_image *image) {
  const elf_image_spec spec = {.symbols = {"GetPjrtApi"}};
  elf_image_build(&spec, image);
}

#endif /* PJRT_TESTS_ELF_IMAGE_H_ */
