/* A launcher that is odd in the way that ODD names, in place of libpmix:
 *   srun   publishes nothing, as Slurm's does not
 *   taken  finds, when a key is published, that another process was faster
 *   alien  the same, and that one was no store */
#include <pmix.h>
#include <stdlib.h>
#include <string.h>

static pmix_pdata_t published; /* while its key is not empty */

static int is(const char *odd) { return strcmp(getenv("ODD"), odd) == 0; }

pmix_status_t PMIx_Init(pmix_proc_t *proc, pmix_info_t info[], size_t ninfo) {
  (void)info;
  (void)ninfo;
  memset(proc, 0, sizeof *proc);
  return PMIX_SUCCESS;
}

pmix_status_t PMIx_Finalize(const pmix_info_t info[], size_t ninfo) {
  (void)info;
  (void)ninfo;
  free(published.value.data.bo.bytes);
  return PMIX_SUCCESS;
}

const char *PMIx_Error_string(pmix_status_t status) {
  (void)status;
  return "ODD";
}

/* The other's value differs in its last byte. */
pmix_status_t PMIx_Publish_nb(const pmix_info_t info[], size_t ninfo,
                              pmix_op_cbfunc_t cbfunc, void *cbdata) {
  const pmix_byte_object_t *given = &info->value.data.bo;
  pmix_byte_object_t *kept = &published.value.data.bo;
  if (ninfo != 1 || info->value.type != PMIX_BYTE_OBJECT || !given->size) {
    return PMIX_ERR_BAD_PARAM;
  }
  memcpy(published.key, info->key, sizeof published.key);
  published.value.type = is("alien") ? PMIX_STRING : PMIX_BYTE_OBJECT;
  kept->bytes = malloc(given->size);
  kept->size = given->size;
  memcpy(kept->bytes, given->bytes, given->size);
  kept->bytes[given->size - 1] ^= 1;
  cbfunc(PMIX_ERR_DUPLICATE_KEY, cbdata);
  return PMIX_SUCCESS;
}

pmix_status_t PMIx_Lookup_nb(char **keys, const pmix_info_t info[],
                             size_t ninfo, pmix_lookup_cbfunc_t cbfunc,
                             void *cbdata) {
  (void)info;
  (void)ninfo;
  if (is("srun")) return PMIX_ERR_NOT_SUPPORTED;
  const int is_there = published.key[0] && !strcmp(keys[0], published.key);
  cbfunc(is_there ? PMIX_SUCCESS : PMIX_ERR_NOT_FOUND, &published, is_there,
         cbdata);
  return PMIX_SUCCESS;
}
