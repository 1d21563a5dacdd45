/* Checked builds: every handle that a public function is given is known, so
 * that one that was freed before, or is of another kind, ends the process with
 * a line that names the function and the object, instead of going on with
 * whatever lies there by then.
 *
 * generate.py writes a checking function around each public one, from the
 * prototypes and their ownership tags, and the library's own sources are
 * compiled with other names for those inside. So no source knows of it, and
 * unchecked builds have nothing of it. What the library was not seen to hand
 * out, such as what callbacks are given, is let through. */
#ifndef PJRT_CHECKED_HANDLES_H_
#define PJRT_CHECKED_HANDLES_H_

/* `kind` is "buffer" and the like, `function` the public one; both static.
 * NULL handles are nothing. */

/* The function gave it away, for the caller to free or to borrow. */
void pjrt_handle_made(const char *function, const char *kind,
                      const void *handle);
void pjrt_handle_lent(const char *function, const char *kind,
                      const void *handle);

/* The function was given it, and frees it, too. */
void pjrt_handle_used(const char *function, const char *kind,
                      const void *handle);
void pjrt_handle_taken(const char *function, const char *kind,
                       const void *handle);

#endif /* PJRT_CHECKED_HANDLES_H_ */
