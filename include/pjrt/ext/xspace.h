/* What profilers record: XLA's XSpace, read and turned into a trace. Nothing
 * here needs a plugin.
 *
 * A space has planes, one for each device and one for the host's threads, say.
 * A plane has lines: threads, streams. A line has events, which have a begin, a
 * duration, and stats: whatever else is known, by name. Everything lives as
 * long as the space, and nothing of it changes, so that threads may share it.
 * An index past the end gives NULL, and NULL has no name and none of anything.
 */
#ifndef PJRT_EXT_XSPACE_H_
#define PJRT_EXT_XSPACE_H_

#include "pjrt/error.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_xspace pjrt_xspace;
typedef struct pjrt_xplane pjrt_xplane;
typedef struct pjrt_xline pjrt_xline;
typedef struct pjrt_xevent pjrt_xevent;
typedef struct pjrt_xstat pjrt_xstat;

/* Reads a serialized XSpace, such as pjrt_profiler_collect gives or an
 * .xplane.pb file has; no bytes are a space without planes. Fields that this
 * library does not know are passed over.
 * INVALID_ARGUMENT: not a well-formed message, a field of another type, an
 * event that begins outside of what 64 bits of nanoseconds can tell. Takes
 * memory for a copy of the data and at most 50 times its size, a few times in
 * practice.
 * @param data [borrowed: call]
 * @param out [owned: pjrt_xspace_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_xspace_parse(const void *data,
                                                     size_t size,
                                                     pjrt_xspace **out);

/* @param space [taken] */
PJRT_API void pjrt_xspace_free(pjrt_xspace *space);

/* ---- the space ----------------------------------------------------------- */

/* @param space [borrowed: call] */
PJRT_API size_t pjrt_xspace_num_planes(const pjrt_xspace *space);

/* @param space [borrowed: call]
 * @return [borrowed: space] */
PJRT_API const pjrt_xplane *pjrt_xspace_plane(const pjrt_xspace *space,
                                              size_t i);

/* What profilers complain of. */
typedef enum pjrt_xspace_note {
  PJRT_XSPACE_ERROR = 0, /* something was not recorded */
  PJRT_XSPACE_WARNING = 1,
  PJRT_XSPACE_HOSTNAME = 2 /* a machine that it was recorded on */
} pjrt_xspace_note;

/* How many notes of a kind there are.
 * @param space [borrowed: call] */
PJRT_API size_t pjrt_xspace_num_notes(const pjrt_xspace *space,
                                      pjrt_xspace_note kind);

/* The i-th of a kind; NULL past the end.
 * @param space [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: space] */
PJRT_API const char *pjrt_xspace_note_text(const pjrt_xspace *space,
                                           pjrt_xspace_note kind, size_t i,
                                           size_t *out_size);

/* ---- planes -------------------------------------------------------------- */

/* Such as "/device:GPU:0" and "/host:CPU".
 * @param plane [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: plane] never NULL */
PJRT_API const char *pjrt_xplane_name(const pjrt_xplane *plane,
                                      size_t *out_size);

/* @param plane [borrowed: call] */
PJRT_API int64_t pjrt_xplane_id(const pjrt_xplane *plane);

/* @param plane [borrowed: call] */
PJRT_API size_t pjrt_xplane_num_lines(const pjrt_xplane *plane);

/* @param plane [borrowed: call]
 * @return [borrowed: plane] */
PJRT_API const pjrt_xline *pjrt_xplane_line(const pjrt_xplane *plane, size_t i);

/* Facts of the whole plane, such as what the device can do.
 * @param plane [borrowed: call] */
PJRT_API size_t pjrt_xplane_num_stats(const pjrt_xplane *plane);

/* @param plane [borrowed: call]
 * @return [borrowed: plane] */
PJRT_API const pjrt_xstat *pjrt_xplane_stat(const pjrt_xplane *plane, size_t i);

/* ---- lines --------------------------------------------------------------- */

/* The name to show.
 * @param line [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: line] never NULL */
PJRT_API const char *pjrt_xline_name(const pjrt_xline *line, size_t *out_size);

/* @param line [borrowed: call] */
PJRT_API int64_t pjrt_xline_id(const pjrt_xline *line);

/* Nanoseconds, on most planes since 1970, from which its events count.
 * @param line [borrowed: call] */
PJRT_API int64_t pjrt_xline_timestamp_ns(const pjrt_xline *line);

/* @param line [borrowed: call] */
PJRT_API size_t pjrt_xline_num_events(const pjrt_xline *line);

/* In the order in which they were written.
 * @param line [borrowed: call]
 * @return [borrowed: line] */
PJRT_API const pjrt_xevent *pjrt_xline_event(const pjrt_xline *line, size_t i);

/* ---- events -------------------------------------------------------------- */

/* @param event [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: event] never NULL; one address for all events of a kind */
PJRT_API const char *pjrt_xevent_name(const pjrt_xevent *event,
                                      size_t *out_size);

/* A shorter or friendlier name; "" where there is none.
 * @param event [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: event] never NULL */
PJRT_API const char *pjrt_xevent_display_name(const pjrt_xevent *event,
                                              size_t *out_size);

/* Picoseconds from the line's timestamp to its begin; 0 for a sum.
 * @param event [borrowed: call] */
PJRT_API int64_t pjrt_xevent_offset_ps(const pjrt_xevent *event);

/* @param event [borrowed: call] */
PJRT_API int64_t pjrt_xevent_duration_ps(const pjrt_xevent *event);

/* How often it happened, of an event that sums up several; 1 otherwise.
 * @param event [borrowed: call] */
PJRT_API int64_t pjrt_xevent_num_occurrences(const pjrt_xevent *event);

/* Its own stats, then those of all events of its kind.
 * @param event [borrowed: call] */
PJRT_API size_t pjrt_xevent_num_stats(const pjrt_xevent *event);

/* @param event [borrowed: call]
 * @return [borrowed: event] */
PJRT_API const pjrt_xstat *pjrt_xevent_stat(const pjrt_xevent *event, size_t i);

/* ---- stats --------------------------------------------------------------- */

typedef enum pjrt_xstat_kind {
  PJRT_XSTAT_NONE = 0,
  PJRT_XSTAT_DOUBLE = 1,
  PJRT_XSTAT_UINT64 = 2,
  PJRT_XSTAT_INT64 = 3,
  PJRT_XSTAT_TEXT = 4, /* a reference to a text that the plane keeps, too */
  PJRT_XSTAT_BYTES = 5
} pjrt_xstat_kind;

/* @param stat [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: stat] never NULL */
PJRT_API const char *pjrt_xstat_name(const pjrt_xstat *stat, size_t *out_size);

/* @param stat [borrowed: call] */
PJRT_API pjrt_xstat_kind pjrt_xstat_kind_of(const pjrt_xstat *stat);

/* The readers answer 0 or "" for a stat of another kind.
 * @param stat [borrowed: call] */
PJRT_API double pjrt_xstat_double(const pjrt_xstat *stat);

/* @param stat [borrowed: call] */
PJRT_API uint64_t pjrt_xstat_uint64(const pjrt_xstat *stat);

/* @param stat [borrowed: call] */
PJRT_API int64_t pjrt_xstat_int64(const pjrt_xstat *stat);

/* A text, or bytes.
 * @param stat [borrowed: call]
 * @param out_size [borrowed: call] may be NULL, but for bytes
 * @return [borrowed: stat] never NULL */
PJRT_API const char *pjrt_xstat_text(const pjrt_xstat *stat, size_t *out_size);

/* ---- traces -------------------------------------------------------------- */

/* Takes the next piece of a file; an error ends the writing, and is what it
 * gives. On the calling thread.
 * @param data [borrowed: call]
 * @param user [borrowed: call] as it was given
 * @return [owned: pjrt_error_free] */
typedef pjrt_error *(*pjrt_write_fn)(const void *data, size_t size, void *user);

/* Writes the space as JSON for Perfetto and chrome://tracing: a process for
 * each plane, a thread for each line, a complete event for each event, with its
 * stats as arguments. Times are microseconds since the first event, exact to
 * the picosecond; the first event's own is in "otherData", in nanoseconds. In a
 * thread events are sorted by their begin, and the longer ones come first.
 * Stats of bytes are told by their size; negative durations, which no clock
 * should give, become 0; text that is no UTF-8 gets U+FFFD for each wrong byte.
 * Takes memory for a pointer to each event of a line, and for one piece.
 * @param space [borrowed: call]
 * @param write [borrowed: call]
 * @param user [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_xspace_write_trace(
    const pjrt_xspace *space, pjrt_write_fn write, void *user);

PJRT_END_DECLS

#endif /* PJRT_EXT_XSPACE_H_ */
