#include "base/elf.h"

#include <string.h>

#include "base/error.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { NATIVE_DATA = ELFDATA2LSB };
#else
enum { NATIVE_DATA = ELFDATA2MSB };
#endif

#if defined(__x86_64__)
enum { NATIVE_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { NATIVE_MACHINE = EM_AARCH64 };
#elif defined(__riscv) && __riscv_xlen == 64
enum { NATIVE_MACHINE = EM_RISCV };
#elif defined(__powerpc64__)
enum { NATIVE_MACHINE = EM_PPC64 };
#elif defined(__s390x__)
enum { NATIVE_MACHINE = EM_S390 };
#elif defined(__loongarch64)
enum { NATIVE_MACHINE = EM_LOONGARCH };
#else
#error "This machine's ELF number is not known here."
#endif

/* ---- Checked reading ---------------------------------------------------- */

static bool in_file(const pjrt_elf *elf, uint64_t offset, uint64_t size) {
  return offset <= elf->size && size <= elf->size - offset;
}

/* Records in a file need not be aligned, so they are copied. */
static bool read_at(const pjrt_elf *elf, uint64_t offset, void *out,
                    size_t size) {
  if (!in_file(elf, offset, size)) return false;
  memcpy(out, elf->data + offset, size);
  return true;
}

static bool read_segment(const pjrt_elf *elf, size_t i, Elf64_Phdr *out) {
  return i < elf->header.e_phnum &&
         read_at(elf, elf->header.e_phoff + i * sizeof *out, out, sizeof *out);
}

static bool read_dynamic(const pjrt_elf *elf, size_t i, Elf64_Dyn *out) {
  return i < elf->dynamic.num &&
         read_at(elf, elf->dynamic.offset + i * sizeof *out, out, sizeof *out);
}

static bool read_symbol(const pjrt_elf *elf, size_t i, Elf64_Sym *out) {
  return i < elf->symbols.num &&
         read_at(elf, elf->symbols.offset + i * sizeof *out, out, sizeof *out);
}

/* The string at `index` of the string table, which is known to end with a
 * NUL. */
static const char *read_string(const pjrt_elf *elf, uint64_t index) {
  if (index >= elf->strings.num) return NULL;
  return (const char *)elf->data + elf->strings.offset + (size_t)index;
}

/* Where the byte that is loaded at `address` lies in the file; false when no
 * segment brings it. */
static bool file_offset(const pjrt_elf *elf, uint64_t address, size_t *out) {
  Elf64_Phdr segment;
  for (size_t i = 0; read_segment(elf, i, &segment); i++) {
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
    uint64_t within = address - segment.p_vaddr;
    if (within < segment.p_filesz) {
      *out = (size_t)(segment.p_offset + within);
      return true;
    }
  }
  return false;
}

/* ---- What a file is when it is no ELF file ------------------------------ */

static bool starts_with(const unsigned char *data, size_t size,
                        const char *magic, size_t magic_size) {
  return size >= magic_size && memcmp(data, magic, magic_size) == 0;
}

static pjrt_error *not_elf(const char *what, const char *path,
                           const unsigned char *data, size_t size) {
  static const struct {
    const char *magic;
    size_t size;
    const char *text;
  } kinds[] = {
      {"PK\3\4", 4, "a zip archive (a wheel must be unpacked or installed)"},
      {"!<arch>\n", 8, "a static library"},
      {"MZ", 2, "a Windows library"},
      {"\xcf\xfa\xed\xfe", 4, "a macOS library"},
      {"version https://git-lfs", 23, "a Git LFS pointer, not its file"},
  };
  if (size == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s %s: expected a shared library, found an "
                             "empty file",
                             what, path);
  }
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (starts_with(data, size, kinds[i].magic, kinds[i].size)) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "%s %s: expected a shared library, found %s",
                               what, path, kinds[i].text);
    }
  }
  char start[25];
  size_t length = 0;
  while (length < sizeof start - 1 && length < size && data[length] != '\n') {
    unsigned char byte = data[length];
    start[length++] = (char)(byte >= 0x20 && byte < 0x7f ? byte : '?');
  }
  start[length] = 0;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%s %s: expected a shared library, found a file "
                           "that starts with \"%s\"",
                           what, path, start);
}

/* ---- Parsing ------------------------------------------------------------ */

static pjrt_error *truncated(const char *what, const char *path,
                             const char *part, size_t size) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%s %s: truncated or damaged: its %s reach past "
                           "the end of the file, at %zu bytes",
                           what, path, part, size);
}

static pjrt_error *parse_header(const char *what, const char *path,
                                pjrt_elf *elf) {
  if (!starts_with(elf->data, elf->size, ELFMAG, SELFMAG)) {
    return not_elf(what, path, elf->data, elf->size);
  }
  if (elf->size > EI_CLASS && elf->data[EI_CLASS] == ELFCLASS32) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s %s: expected a 64-bit shared library, found "
                             "a 32-bit one",
                             what, path);
  }
  if (!read_at(elf, 0, &elf->header, sizeof elf->header)) {
    return truncated(what, path, "ELF header", elf->size);
  }
  const unsigned char *ident = elf->header.e_ident;
  if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != NATIVE_DATA ||
      ident[EI_VERSION] != EV_CURRENT) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s %s: expected ELF class %d, byte order %d, "
                             "version %d, found %d, %d, %d",
                             what, path, ELFCLASS64, NATIVE_DATA, EV_CURRENT,
                             ident[EI_CLASS], ident[EI_DATA],
                             ident[EI_VERSION]);
  }
  if (elf->header.e_phnum != 0 &&
      elf->header.e_phentsize != sizeof(Elf64_Phdr)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s %s: expected ELF program headers of %zu "
                             "bytes, found %d",
                             what, path, sizeof(Elf64_Phdr),
                             elf->header.e_phentsize);
  }
  if (!in_file(elf, elf->header.e_phoff,
               (uint64_t)elf->header.e_phnum * sizeof(Elf64_Phdr))) {
    return truncated(what, path, "ELF program headers", elf->size);
  }
  return NULL;
}

/* A segment that ends past the file makes dlopen die by SIGBUS: this is where
 * an interrupted download is found out. */
static pjrt_error *parse_segments(const char *what, const char *path,
                                  pjrt_elf *elf) {
  Elf64_Phdr segment;
  for (size_t i = 0; read_segment(elf, i, &segment); i++) {
    if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC) continue;
    if (!in_file(elf, segment.p_offset, segment.p_filesz)) {
      return truncated(what, path, "ELF segments", elf->size);
    }
    if (segment.p_type == PT_DYNAMIC) {
      elf->dynamic.offset = (size_t)segment.p_offset;
      elf->dynamic.num = (size_t)segment.p_filesz / sizeof(Elf64_Dyn);
    }
  }
  Elf64_Dyn entry;
  for (size_t i = 0; read_dynamic(elf, i, &entry); i++) {
    if (entry.d_tag == DT_NULL) elf->dynamic.num = i;
  }
  return NULL;
}

/* The value of the first dynamic entry of a tag. */
static bool dynamic_value(const pjrt_elf *elf, Elf64_Sxword tag,
                          uint64_t *out) {
  Elf64_Dyn entry;
  for (size_t i = 0; read_dynamic(elf, i, &entry); i++) {
    if (entry.d_tag == tag) {
      *out = entry.d_un.d_val;
      return true;
    }
  }
  return false;
}

/* The file offset of the table that a dynamic entry points to. Most linkers
 * put addresses there that the loader relocates. */
static bool dynamic_offset(const pjrt_elf *elf, Elf64_Sxword tag, size_t *out) {
  uint64_t address = 0;
  return dynamic_value(elf, tag, &address) && file_offset(elf, address, out);
}

/* The parts of a DT_GNU_HASH table. */
typedef struct gnu_hash {
  uint32_t num_buckets;
  uint32_t first; /* symbols before this one are not in the table */
  uint64_t buckets;
  uint64_t chains;
} gnu_hash;

static bool read_gnu_hash(const pjrt_elf *elf, gnu_hash *out) {
  uint32_t head[4]; /* buckets, first symbol, bloom words, bloom shift */
  if (!elf->gnu_hash || !read_at(elf, elf->gnu_hash, head, sizeof head)) {
    return false;
  }
  out->num_buckets = head[0];
  out->first = head[1];
  out->buckets = elf->gnu_hash + sizeof head + (uint64_t)head[2] * 8;
  out->chains = out->buckets + (uint64_t)head[0] * 4;
  return in_file(elf, out->buckets, (uint64_t)head[0] * 4);
}

/* One past the highest symbol in the table: the end of the last chain. */
static bool gnu_hash_end(const pjrt_elf *elf, size_t *out) {
  gnu_hash table;
  if (!read_gnu_hash(elf, &table)) return false;
  uint32_t highest = 0;
  for (uint32_t i = 0; i < table.num_buckets; i++) {
    uint32_t bucket = 0;
    if (!read_at(elf, table.buckets + (uint64_t)i * 4, &bucket, 4)) {
      return false;
    }
    if (bucket > highest) highest = bucket;
  }
  *out = table.first;
  if (highest < table.first) return true; /* every bucket is empty */
  uint32_t hash = 0;
  uint64_t symbol = highest;
  do {
    if (!read_at(elf, table.chains + (symbol - table.first) * 4, &hash, 4)) {
      return false;
    }
    symbol++;
  } while (!(hash & 1));
  *out = (size_t)symbol;
  return true;
}

/* The dynamic segment does not tell how many symbols there are; the hash
 * tables do. Without one the loader finds none, and so do we. */
static bool count_symbols(pjrt_elf *elf, size_t *out) {
  *out = 0;
  size_t offset = 0;
  if (dynamic_offset(elf, DT_GNU_HASH, &offset)) {
    elf->gnu_hash = offset;
    return gnu_hash_end(elf, out);
  }
  if (dynamic_offset(elf, DT_HASH, &offset)) {
    uint32_t head[2]; /* buckets, chains: one for each symbol */
    if (!read_at(elf, offset, head, sizeof head)) return false;
    *out = head[1];
  }
  return true;
}

static pjrt_error *parse_tables(const char *what, const char *path,
                                pjrt_elf *elf) {
  uint64_t size = 0;
  if (dynamic_offset(elf, DT_STRTAB, &elf->strings.offset) &&
      dynamic_value(elf, DT_STRSZ, &size)) {
    if (!in_file(elf, elf->strings.offset, size)) {
      return truncated(what, path, "dynamic strings", elf->size);
    }
    elf->strings.num = (size_t)size;
    if (size > 0 && *(read_string(elf, size - 1)) != 0) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "%s %s: damaged: its dynamic strings do not "
                               "end with a NUL",
                               what, path);
    }
  }
  size_t num = 0;
  if (!count_symbols(elf, &num)) {
    return truncated(what, path, "symbol hashes", elf->size);
  }
  if (!dynamic_offset(elf, DT_SYMTAB, &elf->symbols.offset)) num = 0;
  if (!in_file(elf, elf->symbols.offset, (uint64_t)num * sizeof(Elf64_Sym))) {
    return truncated(what, path, "dynamic symbols", elf->size);
  }
  elf->symbols.num = num;
  return NULL;
}

pjrt_error *pjrt_elf_parse(const char *what, const char *path, const void *data,
                           size_t size, pjrt_elf *out) {
  *out = (pjrt_elf){.data = data, .size = size};
  pjrt_error *error = parse_header(what, path, out);
  if (!error) error = parse_segments(what, path, out);
  if (!error) error = parse_tables(what, path, out);
  if (error) *out = (pjrt_elf){0};
  return error;
}

/* ---- Questions ---------------------------------------------------------- */

static const char *machine_name(int machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "AArch64";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC64";
    case EM_S390:
      return "s390x";
    case EM_LOONGARCH:
      return "LoongArch";
    default:
      return "unknown";
  }
}

const char *pjrt_elf_machine(const pjrt_elf *elf) {
  return machine_name(elf->header.e_machine);
}

const char *pjrt_elf_native_machine(void) {
  return machine_name(NATIVE_MACHINE);
}

bool pjrt_elf_is_native(const pjrt_elf *elf) {
  return elf->header.e_machine == NATIVE_MACHINE;
}

bool pjrt_elf_is_shared(const pjrt_elf *elf) {
  uint64_t flags = 0;
  (void)dynamic_value(elf, DT_FLAGS_1, &flags);
  return elf->header.e_type == ET_DYN && elf->dynamic.num > 0 &&
         !(flags & DF_1_PIE);
}

const char *pjrt_elf_type(const pjrt_elf *elf) {
  switch (elf->header.e_type) {
    case ET_DYN:
      return pjrt_elf_is_shared(elf) ? "a shared library" : "a program";
    case ET_EXEC:
      return "a program";
    case ET_REL:
      return "an object file";
    case ET_CORE:
      return "a core dump";
    default:
      return "an ELF file of unknown type";
  }
}

static bool is_export(const Elf64_Sym *symbol) {
  unsigned char bind = ELF64_ST_BIND(symbol->st_info);
  unsigned char visibility = ELF64_ST_VISIBILITY(symbol->st_other);
  return symbol->st_shndx != SHN_UNDEF &&
         (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) &&
         (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

/* Assemblers leave the type out, so that it does not exclude. */
static bool is_function(const Elf64_Sym *symbol) {
  unsigned char type = ELF64_ST_TYPE(symbol->st_info);
  return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

static bool symbol_matches(const pjrt_elf *elf, size_t i, const char *name) {
  Elf64_Sym symbol;
  if (!read_symbol(elf, i, &symbol) || !is_export(&symbol) ||
      !is_function(&symbol)) {
    return false;
  }
  const char *text = read_string(elf, symbol.st_name);
  return text && strcmp(text, name) == 0;
}

static uint32_t gnu_hash_of(const char *name) {
  uint32_t hash = 5381;
  for (; *name; name++) hash = hash * 33 + (unsigned char)*name;
  return hash;
}

static bool gnu_hash_find(const pjrt_elf *elf, const char *name) {
  gnu_hash table;
  if (!read_gnu_hash(elf, &table) || table.num_buckets == 0) return false;
  uint32_t wanted = gnu_hash_of(name);
  uint32_t start = 0;
  uint64_t bucket = table.buckets + (uint64_t)(wanted % table.num_buckets) * 4;
  if (!read_at(elf, bucket, &start, 4) || start < table.first) return false;
  uint32_t hash = 0;
  uint64_t symbol = start;
  do {
    if (!read_at(elf, table.chains + (symbol - table.first) * 4, &hash, 4)) {
      return false;
    }
    if ((hash | 1) == (wanted | 1) &&
        symbol_matches(elf, (size_t)symbol, name)) {
      return true;
    }
    symbol++;
  } while (!(hash & 1));
  return false;
}

bool pjrt_elf_defines(const pjrt_elf *elf, const char *function) {
  if (elf->gnu_hash) return gnu_hash_find(elf, function);
  for (size_t i = 0; i < elf->symbols.num; i++) {
    if (symbol_matches(elf, i, function)) return true;
  }
  return false;
}

size_t pjrt_elf_num_symbols(const pjrt_elf *elf) { return elf->symbols.num; }

const char *pjrt_elf_export(const pjrt_elf *elf, size_t i) {
  Elf64_Sym symbol;
  if (!read_symbol(elf, i, &symbol) || !is_export(&symbol)) return NULL;
  return read_string(elf, symbol.st_name);
}

const char *pjrt_elf_next_text(const pjrt_elf *elf, Elf64_Sxword tag,
                               size_t *at) {
  Elf64_Dyn entry;
  while (read_dynamic(elf, *at, &entry)) {
    ++*at;
    if (entry.d_tag != tag) continue;
    const char *text = read_string(elf, entry.d_un.d_val);
    if (text) return text;
  }
  return NULL;
}

/* Finds the build ID in one segment of notes. */
static const unsigned char *find_build_id(const pjrt_elf *elf,
                                          const Elf64_Phdr *notes,
                                          size_t *out_size) {
  uint64_t align = notes->p_align == 8 ? 8 : 4;
  uint64_t at = 0;
  Elf64_Nhdr note;
  while (notes->p_filesz - at >= sizeof note) {
    uint64_t start = notes->p_offset + at;
    if (!read_at(elf, start, &note, sizeof note)) return NULL;
    uint64_t name_end = sizeof note + (uint64_t)note.n_namesz;
    uint64_t value = (name_end + align - 1) / align * align;
    uint64_t end = value + note.n_descsz;
    if (end > notes->p_filesz - at) return NULL;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
        memcmp(elf->data + start + sizeof note, "GNU", 4) == 0) {
      *out_size = note.n_descsz;
      return elf->data + start + value;
    }
    at += (end + align - 1) / align * align;
    if (at > notes->p_filesz) return NULL;
  }
  return NULL;
}

const unsigned char *pjrt_elf_build_id(const pjrt_elf *elf, size_t *out_size) {
  *out_size = 0;
  Elf64_Phdr segment;
  for (size_t i = 0; read_segment(elf, i, &segment); i++) {
    if (segment.p_type != PT_NOTE ||
        !in_file(elf, segment.p_offset, segment.p_filesz)) {
      continue;
    }
    const unsigned char *id = find_build_id(elf, &segment, out_size);
    if (id) return id;
  }
  return NULL;
}

pjrt_error *pjrt_elf_open(const char *what, const char *path,
                          pjrt_elf_file *out) {
  *out = (pjrt_elf_file){0};
  PJRT_TRY(pjrt_file_map(what, path, &out->mapping));
  pjrt_error *error = pjrt_elf_parse(what, path, out->mapping.data,
                                     out->mapping.size, &out->elf);
  if (error) pjrt_elf_close(out);
  return error;
}

void pjrt_elf_close(pjrt_elf_file *file) {
  pjrt_file_unmap(&file->mapping);
  *file = (pjrt_elf_file){0};
}
