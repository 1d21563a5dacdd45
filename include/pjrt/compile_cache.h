/* A compile cache: a folder of compiled programs, so that a program is compiled
 * once and not at each start of a process.
 *
 *   pjrt_compile_cache_open("cache", PJRT_NUL_ENDED, NULL, &cache);
 *   pjrt_compile_cache_compile(cache, client, program, NULL, &executable, NULL,
 *                              NULL);
 *
 * An entry is found by everything that the machine code depends on: the
 * program, the compile options, the plugin's file and version, its platform,
 * the client's devices, the processor of this machine, and the variables
 * XLA_FLAGS and LIBTPU_INIT_ARGS, with what is in the file that they may name.
 * What only the client's options say, and no device shows, is not part of it,
 * nor is what is in files that compile options name: give clients and options
 * of that kind folders of their own.
 *
 * Writing there is as good as running code: an entry is machine code that this
 * process runs. So a folder is private. It is made with mode 700, its files
 * with 600, and one that belongs to somebody else, or that others may write to,
 * is refused. Checksums find damage, and no malice.
 *
 * Any number of processes and threads may use a folder at once, and be killed
 * while they do: entries appear whole, and what is damaged counts as missing.
 * On network file systems this needs locks (flock) that work. Two that compile
 * the same program at the same time both compile it.
 *
 * Nothing is cached unless a cache is used. A cache that cannot be read or
 * written slows a program down and never stops it: the reason is told, and the
 * program is compiled. In a job of several processes whose plugin has them
 * compile together, as some on GPUs do, clear the folders of all or of none:
 * one that has the entry does not take part. */
#ifndef PJRT_COMPILE_CACHE_H_
#define PJRT_COMPILE_CACHE_H_

#include "pjrt/compile.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_compile_cache pjrt_compile_cache;

typedef struct pjrt_compile_cache_opts {
  size_t struct_size;
  /* What all entries together may take; those that were not used for longest
   * go first. 0: no bound; default: 4 GiB. */
  int64_t max_size_in_bytes;
  /* Use what is there and change nothing; default false. */
  bool read_only;
} pjrt_compile_cache_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_compile_cache_opts_init(pjrt_compile_cache_opts *opts);

/* Opens a folder, and makes it if it is not there and not read-only; its parent
 * must be there. PERMISSION_DENIED when it belongs to somebody else, or others
 * may write to it; INVALID_ARGUMENT for an empty path or a negative bound; the
 * system's error when it cannot be opened.
 * @param path [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_compile_cache_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_cache_open(
    const char *path, size_t path_size, const pjrt_compile_cache_opts *opts,
    pjrt_compile_cache **out);

/* Drops the handle; the entries stay.
 * @param cache [taken] NULL is a no-op */
PJRT_API void pjrt_compile_cache_free(pjrt_compile_cache *cache);

/* Loads the program from the cache, or compiles it as pjrt_client_compile does
 * and stores it. Blocks, for a compile often for seconds, and up to ten seconds
 * for other processes that are storing. The errors are those of compiling;
 * what goes wrong with the cache itself is in the explanation.
 * The plugin is called as by pjrt_executable_load, or as by pjrt_client_compile
 * and pjrt_executable_serialize.
 * @param cache [borrowed: call]
 * @param client [shared]
 * @param program [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_executable_free]
 * @param out_was_hit [borrowed: call] may be NULL
 * @param out_explanation [owned: pjrt_host_free] one line on what happened, and
 *   why; NULL when this fails; may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_cache_compile(
    pjrt_compile_cache *cache, pjrt_client *client, const pjrt_program *program,
    const pjrt_compile_opts *opts, pjrt_executable **out, bool *out_was_hit,
    char **out_explanation);

/* What a look-up finds now, without compiling or changing anything: one line
 * that starts with "hit" or "miss" and tells why: no entry of the program; one
 * with other compile options, which are named, or of another plugin, platform,
 * devices, processor or environment; an entry that is damaged; one that was
 * evicted, removed or never stored. Blocks while it reads the entry.
 * @param cache [borrowed: call]
 * @param client [borrowed: call]
 * @param program [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_cache_explain(
    pjrt_compile_cache *cache, pjrt_client *client, const pjrt_program *program,
    const pjrt_compile_opts *opts, char **out, size_t *out_size);

/* ---- the folder ---------------------------------------------------------- */

typedef struct pjrt_compile_cache_stats {
  size_t struct_size;
  /* Of the folder, now. */
  int64_t num_entries;
  int64_t size_in_bytes;
  int64_t max_size_in_bytes; /* 0: no bound */
  /* Of this handle, since it was opened. */
  int64_t num_hits;
  int64_t num_misses;
  int64_t num_stored;
  int64_t num_evicted;
  int64_t num_damaged; /* entries, all of which count as misses, too */
} pjrt_compile_cache_stats;

/* @param stats [borrowed: call] */
PJRT_API void pjrt_compile_cache_stats_init(pjrt_compile_cache_stats *stats);

/* @param cache [borrowed: call]
 * @param out [borrowed: call] initialized */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_cache_read_stats(
    pjrt_compile_cache *cache, pjrt_compile_cache_stats *out);

/* Removes entries, the least recently used first, until the others take at most
 * `max_size_in_bytes`. INVALID_ARGUMENT for a negative size,
 * FAILED_PRECONDITION when the cache is read-only, DEADLINE_EXCEEDED when
 * another process holds the lock for ten seconds.
 * @param cache [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_cache_evict(
    pjrt_compile_cache *cache, int64_t max_size_in_bytes);

/* Removes all entries, and what is remembered of others; the folder stays. The
 * errors are those of pjrt_compile_cache_evict.
 * @param cache [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_cache_clear(
    pjrt_compile_cache *cache);

PJRT_END_DECLS

#endif /* PJRT_COMPILE_CACHE_H_ */
