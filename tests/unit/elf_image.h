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

/* The dynamic entries while they are made. */
typedef struct elf_image_dynamic {
  Elf64_Dyn entries[16];
  size_t num;
} elf_image_dynamic;

static inline void elf_image_add(elf_image_dynamic *dynamic, Elf64_Sxword tag,
                                 uint64_t value) {
  dynamic->entries[dynamic->num++] =
      (Elf64_Dyn){.d_tag = tag, .d_un.d_val = value};
}

/* Appends the string table, and the entries and symbols that name parts of
 * it. */
static inline void elf_image_put_strings(elf_image *image,
                                         const elf_image_spec *spec,
                                         elf_image_dynamic *dynamic) {
  uint32_t names[ELF_IMAGE_MAX];
  size_t num = 0;
  image->strings = elf_image_put(image, "", 1);
  for (; num < ELF_IMAGE_MAX && spec->symbols[num]; num++) {
    names[num] = elf_image_string(image, spec->symbols[num]);
  }
  for (size_t i = 0; i < ELF_IMAGE_MAX && spec->needed[i]; i++) {
    elf_image_add(dynamic, DT_NEEDED, elf_image_string(image, spec->needed[i]));
  }
  if (spec->runpath) {
    elf_image_add(dynamic, DT_RUNPATH, elf_image_string(image, spec->runpath));
  }
  if (spec->rpath) {
    elf_image_add(dynamic, DT_RPATH, elf_image_string(image, spec->rpath));
  }
  image->strings_end = image->size;
  elf_image_put_symbols(image, spec, names, num);
  elf_image_put_hash(image, spec, num);
}

static inline void elf_image_put_dynamic(elf_image *image,
                                         const elf_image_spec *spec,
                                         elf_image_dynamic *dynamic) {
  const uint64_t base = ELF_IMAGE_ADDRESS;
  elf_image_add(dynamic, DT_STRTAB, base + image->strings);
  elf_image_add(dynamic, DT_STRSZ, image->strings_end - image->strings);
  elf_image_add(dynamic, DT_SYMTAB, base + image->symbols);
  elf_image_add(dynamic, spec->sysv_hash ? DT_HASH : DT_GNU_HASH,
                base + image->hash);
  elf_image_add(dynamic, DT_FLAGS_1, spec->pie ? DF_1_PIE : 0);
  elf_image_add(dynamic, DT_NULL, 0);
  image->dynamic =
      elf_image_put(image, dynamic->entries, dynamic->num * sizeof(Elf64_Dyn));
}

/* Returns the note's size. */
static inline size_t elf_image_put_build_id(elf_image *image,
                                            const char *build_id) {
  if (!build_id) return 0;
  const Elf64_Nhdr note = {4, (Elf64_Word)strlen(build_id), NT_GNU_BUILD_ID};
  image->note = elf_image_put(image, &note, sizeof note);
  memcpy(image->bytes + image->size, "GNU", 4);
  memcpy(image->bytes + image->size + 4, build_id, note.n_descsz);
  image->size += 4 + (note.n_descsz + 3) / 4 * 4;
  return image->size - image->note;
}

static inline void elf_image_build(const elf_image_spec *spec,
                                   elf_image *image) {
  memset(image, 0, sizeof *image);
  size_t headers = elf_image_put(image, NULL, sizeof(Elf64_Ehdr));
  size_t segments = elf_image_put(image, NULL, 3 * sizeof(Elf64_Phdr));
  elf_image_dynamic dynamic = {.num = 0};
  elf_image_put_strings(image, spec, &dynamic);
  elf_image_put_dynamic(image, spec, &dynamic);
  size_t note_size = elf_image_put_build_id(image, spec->build_id);
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
       .p_filesz = dynamic.num * sizeof(Elf64_Dyn),
       .p_align = 8},
      {.p_type = note_size ? PT_NOTE : PT_NULL,
       .p_offset = image->note,
       .p_filesz = note_size,
       .p_align = 4},
  };
  memcpy(image->bytes + segments, program, sizeof program);
  const uint16_t one = 1; /* its first byte tells this machine's order */
  const bool little = *(const unsigned char *)&one == 1;
  const Elf64_Ehdr header = {
      .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                  little ? ELFDATA2LSB : ELFDATA2MSB, EV_CURRENT},
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
