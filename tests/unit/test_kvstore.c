/* Key-value stores: in one process, in a folder, of one's own, and lent to a
 * plugin. Those that need a server are in tests/kv. */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "abi/plugin.h"
#include "kv/library.h"
#include "kv/record.h"
#include "kv/redis_address.h"
#include "kv/stores.h"
#include "sim_fixture.h"
#include "store_checks.h"
#include "temp_tree.h"

static void test_in_process(void **state) {
  pjrt_kvstore *store;
  (void)state;
  expect_ok(pjrt_kvstore_create_in_process(&store));
  check_store(store);
  pjrt_kvstore_free(NULL);
  pjrt_kvstore_cancel(NULL);
}

/* ---- folders ------------------------------------------------------------- */

static pjrt_error *open_at(const temp_tree *tree, const char *path,
                           const char *job, pjrt_kvstore **out) {
  char address[PATH_MAX];
  snprintf(address, sizeof address, "file:%s/%s", tree->root, path);
  return pjrt_kvstore_open(address, PJRT_NUL_ENDED, job, PJRT_NUL_ENDED, out);
}

static pjrt_kvstore *open_folder(const temp_tree *tree, const char *job) {
  pjrt_kvstore *store;
  expect_ok(open_at(tree, "kv", job, &store));
  return store;
}

static void test_folder(void **state) {
  temp_tree tree;
  (void)state;
  temp_tree_make(&tree);
  check_store(open_folder(&tree, "17.0"));
  temp_tree_remove(&tree);
}

/* Two handles stand for two processes; two jobs do not see each other. */
static void test_folder_is_shared_by_a_job(void **state) {
  temp_tree tree;
  waiter w;
  (void)state;
  temp_tree_make(&tree);
  pjrt_kvstore *one = open_folder(&tree, ".a/b");
  pjrt_kvstore *two = open_folder(&tree, ".a/b");
  pjrt_kvstore *other = open_folder(&tree, "other");
  start_waiting(&w, two, "k");
  nap_ms(20);
  expect_ok(put_text(one, "k", "v"));
  pthread_join(w.thread, NULL);
  expect_ok(w.error);
  pjrt_host_free(w.value);
  expect_error(put_text(two, "k", "w"), PJRT_ALREADY_EXISTS, "of 1 bytes");
  expect_absent(other, "k");
  pjrt_kvstore_free(one);
  expect_held(two, "k", "v", 1);
  pjrt_kvstore_free(two);
  pjrt_kvstore_free(other);
  temp_tree_remove(&tree);
}

/* The only file of the folder of the job named "job". */
static void find_file(const temp_tree *tree, temp_path *out) {
  temp_path folder;
  DIR *list = opendir(temp_at(tree, "kv/job", &folder));
  char file[300];
  int num = 0;
  assert_non_null(list);
  for (struct dirent *e; (e = readdir(list));) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    snprintf(file, sizeof file, "kv/job/%s", e->d_name);
    num++;
  }
  closedir(list);
  assert_int_equal(num, 1);
  temp_at(tree, file, out);
}

static void rewrite(const char *path, const char *data, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, size, file), size);
  fclose(file);
}

static size_t read_whole(const char *path, char *out, size_t room) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  const size_t size = fread(out, 1, room, file);
  fclose(file);
  return size;
}

/* Half a file is as good as none, whichever half. */
static void test_partial_files(void **state) {
  temp_tree tree;
  temp_path path;
  char whole[256];
  (void)state;
  temp_tree_make(&tree);
  pjrt_kvstore *store = open_folder(&tree, "job");
  expect_ok(put_text(store, "key", "value"));
  find_file(&tree, &path);
  const size_t size = read_whole(path.text, whole, sizeof whole);
  for (size_t i = 0; i < size; i++) {
    rewrite(path.text, whole, i);
    expect_absent(store, "key");
  }
  expect_error(put_text(store, "key", "value"), PJRT_DATA_LOSS,
               "holds no whole value");
  memset(whole + size, 'x', 1);
  rewrite(path.text, whole, size + 1);
  expect_absent(store, "key");
  rewrite(path.text, whole, size);
  expect_held(store, "key", "value", 5);
  pjrt_kvstore_free(store);
  temp_tree_remove(&tree);
}

/* As on a network file system: a value gets whole, and no event says so, since
 * writing into a file is no news of its folder. */
static void test_files_without_news(void **state) {
  temp_tree tree;
  temp_path path;
  char whole[256];
  waiter w;
  (void)state;
  temp_tree_make(&tree);
  pjrt_kvstore *store = open_folder(&tree, "job");
  expect_ok(put_text(store, "key", "value"));
  find_file(&tree, &path);
  const size_t size = read_whole(path.text, whole, sizeof whole);
  rewrite(path.text, whole, 4);
  start_waiting(&w, store, "key");
  nap_ms(30);
  rewrite(path.text, whole, size);
  pthread_join(w.thread, NULL);
  expect_ok(w.error);
  assert_memory_equal(w.value, "value", 5);
  pjrt_host_free(w.value);
  pjrt_kvstore_free(store);
  temp_tree_remove(&tree);
}

static void test_folders_that_will_not_do(void **state) {
  temp_tree tree;
  temp_path path;
  struct stat info;
  char long_job[300];
  pjrt_kvstore *store = (pjrt_kvstore *)&tree;
  (void)state;
  temp_tree_make(&tree);
  memset(long_job, 'j', sizeof long_job);
  long_job[sizeof long_job - 1] = 0;
  expect_error(open_at(&tree, "kv", long_job, &store), PJRT_INVALID_ARGUMENT,
               "too long");
  assert_null(store);
  expect_error(open_at(&tree, "no/such", "j", &store), PJRT_NOT_FOUND,
               "no/such: cannot create");
  temp_write_text(&tree, "kv/file", "");
  expect_error(open_at(&tree, "kv", "file", &store), PJRT_INVALID_ARGUMENT,
               "is no folder");
  temp_folder(&tree, "kv/open");
  assert_int_equal(chmod(temp_at(&tree, "kv/open", &path), 0777), 0);
  expect_error(open_at(&tree, "kv", "open", &store), PJRT_PERMISSION_DENIED,
               "others may write to it (mode 777)");
  store = open_folder(&tree, "mine");
  assert_int_equal(stat(temp_at(&tree, "kv/mine", &path), &info), 0);
  assert_int_equal(info.st_mode & 0777, 0700);
  /* The folder goes away under the store. */
  assert_int_equal(rmdir(path.text), 0);
  expect_absent(store, "k");
  expect_error(put_text(store, "k", "v"), PJRT_NOT_FOUND, "cannot put key 'k'");
  pjrt_kvstore_free(store);
  temp_tree_remove(&tree);
}

static void test_folders_of_others(void **state) {
  temp_tree tree;
  temp_path path;
  pjrt_kvstore *store;
  (void)state;
  if (geteuid() != 0) {
    print_message("skip: only root can give a folder away\n");
    skip();
  }
  temp_tree_make(&tree);
  pjrt_kvstore_free(open_folder(&tree, "theirs"));
  assert_int_equal(chown(temp_at(&tree, "kv/theirs", &path), 65534, 65534), 0);
  expect_error(open_at(&tree, "kv", "theirs", &store), PJRT_PERMISSION_DENIED,
               "it belongs to user 65534, and this process is of user 0");
  temp_tree_remove(&tree);
}

/* ---- records ------------------------------------------------------------- */

static void expect_name(const char *key, size_t size, const char *expected) {
  pjrt_builder builder = {0};
  char *name;
  pjrt_record_append_name(&builder, key, size);
  expect_ok(pjrt_builder_finish(&builder, &name, NULL));
  assert_string_equal(name, expected);
  free(name);
}

static void test_record_names(void **state) {
  char key[300];
  char name[PJRT_RECORD_NAME_SIZE + 1];
  (void)state;
  expect_name("a", 1, "a-af63dc4c8601ec8c");
  expect_name(".a/\0", 4, "%2Ea%2F%00-19fc1ca7743fae37");
  /* However long the key, the name is not. */
  memset(key, '/', sizeof key);
  for (size_t i = 0; i < 33; i++) memcpy(name + 3 * i, "%2F", 3);
  memcpy(name + 99, "-d185632f296fe329", 18);
  expect_name(key, sizeof key, name);
}

enum { RECORD_ROOM = 100 };

static void make_record(const char *key, const char *value,
                        char out[RECORD_ROOM], size_t *out_size) {
  char header[PJRT_RECORD_HEADER_SIZE + 1];
  pjrt_record_header(strlen(key), strlen(value), header);
  *out_size = (size_t)snprintf(out, RECORD_ROOM, "%s%s%s", header, key, value);
}

/* The same bytes are another record when they are divided otherwise. */
static void test_records(void **state) {
  char record[RECORD_ROOM];
  size_t size, value_size;
  (void)state;
  make_record("ke", "y", record, &size);
  const char *value = pjrt_record_value(record, size, "ke", 2, &value_size);
  assert_true(value == record + size - 1 && value_size == 1);
  assert_null(pjrt_record_value(record, size, "key", 3, &value_size));
  assert_null(pjrt_record_value(record, size, "k", 1, &value_size));
  assert_null(pjrt_record_value(record, size, "kf", 2, &value_size));
  assert_null(pjrt_record_value(record, size + 1, "ke", 2, &value_size));
  for (size_t i = 0; i < size; i++) {
    assert_null(pjrt_record_value(record, i, "ke", 2, &value_size));
  }
  make_record("ke", "", record, &size);
  value = pjrt_record_value(record, size, "ke", 2, &value_size);
  assert_true(value == record + size && value_size == 0);
}

/* ---- libraries that are loaded ------------------------------------------- */

static void test_libraries(void **state) {
  size_t (*length)(const char *) = NULL;
  void (*none)(void) = NULL;
  const pjrt_kv_symbol there = {"strlen", &length};
  const pjrt_kv_symbol missing = {"pjrt_no_such_function", &none};
  (void)state;
  expect_ok(pjrt_kv_library_load("tests", "libc.so.6", &there, 1));
  assert_int_equal(length("three"), 5);
  expect_error(pjrt_kv_library_load("tests", "libc.so.6", &missing, 1),
               PJRT_UNIMPLEMENTED, "pjrt_no_such_function");
  expect_error(pjrt_kv_library_load("tests", "libpjrt_none.so.7", &there, 1),
               PJRT_UNIMPLEMENTED,
               "tests need libpjrt_none.so.7, which cannot be used here: ");
}

/* ---- addresses ----------------------------------------------------------- */

static void expect_no_store(const char *address, const char *job,
                            pjrt_code code, const char *part) {
  pjrt_kvstore *store = (pjrt_kvstore *)&code;
  expect_error(
      pjrt_kvstore_open(address, PJRT_NUL_ENDED, job, PJRT_NUL_ENDED, &store),
      code, part);
  assert_null(store);
}

static void test_addresses(void **state) {
  pjrt_kvstore *store;
  (void)state;
  expect_no_store("", "j", PJRT_INVALID_ARGUMENT, "address");
  expect_no_store(NULL, "j", PJRT_INVALID_ARGUMENT, "address");
  expect_no_store("file:/x", "", PJRT_INVALID_ARGUMENT, "the job of");
  expect_no_store("/x", "j", PJRT_INVALID_ARGUMENT, "expected file:PATH");
  expect_no_store("file:", "j", PJRT_INVALID_ARGUMENT, "no path");
  expect_no_store("redis://", "j", PJRT_INVALID_ARGUMENT, "no host");
  expect_no_store("rediss://:secret@h", "j", PJRT_INVALID_ARGUMENT,
                  "store at 'rediss:...': expected file:PATH, redis://HOST or");
  expect_no_store("pmix:x", "j", PJRT_INVALID_ARGUMENT,
                  "pmix: is followed by 'x', expected nothing");
  expect_error(pjrt_kvstore_open("file:a\0b", 8, "j", 1, &store),
               PJRT_INVALID_ARGUMENT, "one with a NUL byte");
}

static void expect_address(const char *text, const char *user,
                           const char *password, const char *host, int port) {
  pjrt_redis_address address;
  expect_ok(pjrt_redis_address_read(text, &address));
  assert_string_equal(address.user ? address.user : "-", user);
  assert_string_equal(address.password ? address.password : "-", password);
  assert_string_equal(address.host, host);
  assert_int_equal(address.port, port);
  pjrt_redis_address_clear(&address);
}

static void expect_no_address(const char *text, const char *part) {
  pjrt_redis_address address;
  pjrt_error *error = pjrt_redis_address_read(text, &address);
  pjrt_redis_address_clear(&address);
  assert_null(strstr(pjrt_error_message(error, NULL), "secret"));
  expect_error(error, PJRT_INVALID_ARGUMENT, part);
}

static void test_redis_addresses(void **state) {
  (void)state;
  expect_address("head", "-", "-", "head", 6379);
  expect_address("head:7", "-", "-", "head", 7);
  expect_address("[::1]", "-", "-", "::1", 6379);
  expect_address("[::1]:65535", "-", "-", "::1", 65535);
  expect_address("me:se@cret:x@h:1", "me", "se@cret:x", "h", 1);
  expect_address(":pw@h", "-", "pw", "h", 6379);
  expect_no_address("", "no host");
  expect_no_address(":6379", "no host");
  expect_no_address("[::1", "no ]");
  expect_no_address("[::1]x", "no host");
  expect_no_address("h:0", "'0' is no port");
  expect_no_address("h:65536", "no port");
  expect_no_address("h:", "'' is no port");
  expect_no_address("h:6379/3", "no port");
  expect_no_address("secret@h", "before the @");
}

/* ---- stores of one's own ------------------------------------------------- */

/* One value, which comes at the third time of asking. */
typedef struct own_store {
  int num_asked;
  int num_destroyed;
  pjrt_code fails;
} own_store;

static pjrt_error *own_try_get(void *user, const char *key, size_t key_size,
                               pjrt_kvstore_value *value) {
  own_store *own = user;
  assert_int_equal(key[key_size], 0);
  if (own->fails) return pjrt_error_create(own->fails, "broken", 6);
  if (++own->num_asked < 3) return NULL;
  assert_false(pjrt_kvstore_value_is_set(value));
  expect_error(pjrt_kvstore_value_set(value, NULL, 3), PJRT_INVALID_ARGUMENT,
               "3 bytes is NULL");
  expect_ok(pjrt_kvstore_value_set(value, "first", 5));
  assert_true(pjrt_kvstore_value_is_set(value));
  return pjrt_kvstore_value_set(value, "last", 4);
}

static pjrt_error *own_put(void *user, const char *key, size_t key_size,
                           const void *value, size_t value_size) {
  const own_store *own = user;
  (void)key;
  (void)key_size;
  assert_true(value && value_size == 0);
  return pjrt_error_create(own->fails, "broken", 6);
}

static void own_destroy(void *user) { ((own_store *)user)->num_destroyed++; }

static pjrt_kvstore_functions own_functions(own_store *own) {
  pjrt_kvstore_functions functions;
  pjrt_kvstore_functions_init(&functions);
  functions.name = "my own";
  functions.user = own;
  functions.try_get = own_try_get;
  functions.put = own_put;
  functions.destroy = own_destroy;
  return functions;
}

static void test_own_functions(void **state) {
  own_store own = {0};
  pjrt_kvstore *store;
  void *value;
  size_t size;
  (void)state;
  pjrt_kvstore_functions functions = own_functions(&own);
  expect_ok(pjrt_kvstore_create(&functions, &store));
  expect_ok(pjrt_kvstore_get(store, "k", 1, LONG, &value, &size));
  assert_int_equal(own.num_asked, 3);
  assert_memory_equal(value, "last", 5);
  pjrt_host_free(value);
  expect_ok(pjrt_kvstore_put(store, "k", 1, NULL, 0));
  own.fails = PJRT_DATA_LOSS;
  expect_error(pjrt_kvstore_get(store, "k", 1, LONG, &value, &size),
               PJRT_DATA_LOSS, "cannot get key 'k' in my own: broken");
  expect_error(pjrt_kvstore_put(store, "k", 1, "", 0), PJRT_DATA_LOSS,
               "cannot put key 'k' in my own: broken");
  own.fails = PJRT_OK;
  own.num_asked = -1000000;
  check_deadline(store);
  waiter w;
  start_waiting(&w, store, "k");
  nap_ms(20);
  pjrt_kvstore_cancel(store);
  pthread_join(w.thread, NULL);
  expect_error(w.error, PJRT_CANCELLED, "my own");
  pjrt_kvstore_free(store);
  assert_int_equal(own.num_destroyed, 1);
}

static pjrt_error *own_get(void *user, const char *key, size_t key_size,
                           int64_t timeout_ns, pjrt_kvstore_value *value) {
  (void)timeout_ns;
  return own_try_get(user, key, key_size, value);
}

static void test_functions_that_are_missing(void **state) {
  own_store own = {0};
  pjrt_kvstore *store = (pjrt_kvstore *)&own;
  (void)state;
  expect_error(pjrt_kvstore_create(NULL, &store), PJRT_INVALID_ARGUMENT,
               "functions is NULL");
  assert_null(store);
  pjrt_kvstore_functions functions = own_functions(&own);
  functions.try_get = NULL;
  expect_error(pjrt_kvstore_create(&functions, &store), PJRT_INVALID_ARGUMENT,
               "no try_get");
  functions = own_functions(&own);
  functions.put = NULL;
  expect_error(pjrt_kvstore_create(&functions, &store), PJRT_INVALID_ARGUMENT,
               "no put");
  functions = own_functions(&own);
  functions.get = own_get;
  expect_error(pjrt_kvstore_create(&functions, &store), PJRT_INVALID_ARGUMENT,
               "no cancel");
  functions = own_functions(&own);
  functions.name = NULL;
  expect_error(pjrt_kvstore_create(&functions, &store), PJRT_INVALID_ARGUMENT,
               "no name");
  assert_int_equal(own.num_destroyed, 4);
  functions.struct_size = 3;
  expect_error(pjrt_kvstore_create(&functions, &store), PJRT_INVALID_ARGUMENT,
               "pjrt_kvstore_functions.struct_size is 3");
}

/* ---- lent to a plugin ---------------------------------------------------- */

static pjrt_error *create_node(pjrt_plugin *plugin, pjrt_kvstore *store,
                               int node_id, int num_nodes, int64_t timeout_ns,
                               pjrt_client **out) {
  pjrt_client_opts opts;
  pjrt_named_values *options;
  pjrt_client_opts_init(&opts);
  assert_true(opts.kvstore_timeout_ns == PJRT_NO_DEADLINE);
  PJRT_TRY(pjrt_named_values_create(&options));
  expect_ok(
      pjrt_named_values_set_int64(options, "node_id", PJRT_NUL_ENDED, node_id));
  expect_ok(pjrt_named_values_set_int64(options, "num_nodes", PJRT_NUL_ENDED,
                                        num_nodes));
  opts.options = options;
  opts.kvstore = store;
  opts.kvstore_timeout_ns = timeout_ns;
  pjrt_error *error = pjrt_client_create(plugin, &opts, out);
  pjrt_named_values_free(options);
  return error;
}

typedef struct node {
  pthread_t thread;
  pjrt_plugin *plugin;
  pjrt_kvstore *store;
  int id;
  pjrt_client *client;
  pjrt_error *error;
} node;

static void *run_node(void *arg) {
  node *n = arg;
  n->error = create_node(n->plugin, n->store, n->id, 3, LONG, &n->client);
  return NULL;
}

/* The handle of the store is freed as soon as the clients have it. */
static void test_clients_meet(void **state) {
  fixture *f = *state;
  node nodes[3];
  pjrt_kvstore *store;
  expect_ok(pjrt_kvstore_create_in_process(&store));
  for (int i = 0; i < 3; i++) {
    nodes[i] = (node){.plugin = f->plugin, .store = store, .id = i};
    assert_int_equal(
        pthread_create(&nodes[i].thread, NULL, run_node, &nodes[i]), 0);
  }
  for (int i = 0; i < 3; i++) pthread_join(nodes[i].thread, NULL);
  pjrt_kvstore_free(store);
  for (int i = 0; i < 3; i++) {
    expect_ok(nodes[i].error);
    assert_int_equal(pjrt_client_process_index(nodes[i].client), i);
    assert_int_equal(pjrt_client_num_devices(nodes[i].client), 12);
    assert_int_equal(pjrt_client_num_addressable_devices(nodes[i].client), 4);
    pjrt_client_free(nodes[i].client);
  }
}

/* The plugin asks for minutes; what is left of the caller's time counts. */
static void test_clients_that_wait_in_vain(void **state) {
  fixture *f = *state;
  pjrt_kvstore *store;
  pjrt_client *client = f->client;
  const int64_t begin = now_ns();
  expect_ok(pjrt_kvstore_create_in_process(&store));
  expect_error(create_node(f->plugin, store, 0, 2, 50 * MS, &client),
               PJRT_DEADLINE_EXCEEDED,
               "cannot get key 'local_topology/sim/1' in this process");
  assert_null(client);
  expect_error(create_node(f->plugin, store, 1, 2, 50 * MS, &client),
               PJRT_DEADLINE_EXCEEDED, "global_topology/sim");
  assert_true(now_ns() - begin < 30 * SECOND);
  /* Both have left their part, so these need not wait. */
  expect_ok(create_node(f->plugin, store, 0, 2, 0, &client));
  pjrt_client_free(client);
  expect_ok(create_node(f->plugin, store, 1, 2, 0, &client));
  pjrt_client_free(client);
  pjrt_kvstore_free(store);
}

/* A second process of the same number. */
static void test_clients_that_collide(void **state) {
  fixture *f = *state;
  pjrt_kvstore *store;
  pjrt_client *client;
  expect_ok(pjrt_kvstore_create_in_process(&store));
  expect_ok(put_text(store, "local_topology/sim/1", "someone else"));
  expect_error(create_node(f->plugin, store, 1, 2, LONG, &client),
               PJRT_ALREADY_EXISTS, "it has another value, of 12 bytes");
  pjrt_kvstore_free(store);
}

static void *cancel_later(void *store) {
  nap_ms(30);
  pjrt_kvstore_cancel(store);
  return NULL;
}

static void test_clients_are_cancelled(void **state) {
  fixture *f = *state;
  pjrt_kvstore *store;
  pjrt_client *client;
  pthread_t thread;
  expect_ok(pjrt_kvstore_create_in_process(&store));
  assert_int_equal(pthread_create(&thread, NULL, cancel_later, store), 0);
  expect_error(create_node(f->plugin, store, 1, 2, PJRT_NO_DEADLINE, &client),
               PJRT_CANCELLED, "waiting for keys was cancelled");
  pthread_join(thread, NULL);
  pjrt_kvstore_free(store);
}

/* ---- what a plugin does with it later, on any of its threads ------------- */

static PJRT_Client_Create_Args lent;
static PJRT_Error *(*real_create)(PJRT_Client_Create_Args *args);

static PJRT_Error *create_and_remember(PJRT_Client_Create_Args *args) {
  lent = *args;
  return real_create(args);
}

/* Ours stands for the plugin's. */
static PJRT_Error *make_error(PJRT_Error_Code code, const char *message,
                              size_t message_size) {
  return (PJRT_Error *)pjrt_error_create((pjrt_code)code, message,
                                         message_size);
}

static PJRT_CallbackError make = make_error;

static pjrt_code later_get(const char *key, int timeout_ms) {
  PJRT_KeyValueGetCallback_Args args = {
      .struct_size = PJRT_KeyValueGetCallback_Args_STRUCT_SIZE,
      .key = key,
      .key_size = strlen(key),
      .timeout_in_ms = timeout_ms,
      .callback_error = &make,
      .user_arg = lent.kv_get_user_arg};
  pjrt_error *error = (pjrt_error *)lent.kv_get_callback(&args);
  if (error) return args.value ? PJRT_INTERNAL : pjrt_error_consume(error);
  const bool is_right =
      args.value_size == 3 && memcmp(args.value, "v\0w", 3) == 0;
  args.value_deleter_callback(args.value);
  return is_right ? PJRT_OK : PJRT_INTERNAL;
}

static pjrt_code later_try_get(const char *key) {
  PJRT_KeyValueTryGetCallback_Args args = {
      .struct_size = PJRT_KeyValueTryGetCallback_Args_STRUCT_SIZE,
      .key = key,
      .key_size = strlen(key),
      .callback_error = &make,
      .user_arg = lent.kv_try_get_user_arg};
  pjrt_error *error = (pjrt_error *)lent.kv_try_get_callback(&args);
  if (!error) args.value_deleter_callback(args.value);
  return pjrt_error_consume(error);
}

static pjrt_code later_put(const char *key, const char *value, size_t size) {
  PJRT_KeyValuePutCallback_Args args = {
      .struct_size = PJRT_KeyValuePutCallback_Args_STRUCT_SIZE,
      .key = key,
      .key_size = strlen(key),
      .value = value,
      .value_size = size,
      .callback_error = &make,
      .user_arg = lent.kv_put_user_arg};
  return pjrt_error_consume((pjrt_error *)lent.kv_put_callback(&args));
}

static void *put_and_get(void *failed) {
  static atomic_int num;
  char key[16];
  snprintf(key, sizeof key, "t%d", atomic_fetch_add(&num, 1));
  for (int i = 0; i < 100; i++) {
    if (later_put(key, "v\0w", 3) || later_get(key, 1000) ||
        later_try_get(key) || later_get("shared", 60000)) {
      return failed;
    }
  }
  return NULL;
}

static void test_callbacks_at_any_time(void **state) {
  fixture *f = *state;
  pjrt_kvstore *store;
  pjrt_client *client;
  pthread_t threads[4];
  void *failed;
  expect_ok(pjrt_kvstore_create_in_process(&store));
  real_create = f->plugin->table.PJRT_Client_Create;
  f->plugin->table.PJRT_Client_Create = create_and_remember;
  expect_ok(create_node(f->plugin, store, 0, 1, 0, &client));
  pjrt_kvstore_free(store);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, put_and_get, &lent), 0);
  }
  assert_int_equal(later_put("shared", "v\0w", 3), PJRT_OK);
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], &failed);
    assert_null(failed);
  }
  /* The deadline was that of creating. */
  const int64_t begin = now_ns();
  assert_int_equal(later_get("absent", 30), PJRT_DEADLINE_EXCEEDED);
  assert_true(now_ns() - begin >= 30 * MS);
  assert_int_equal(later_get("absent", -1), PJRT_DEADLINE_EXCEEDED);
  assert_int_equal(later_try_get("absent"), PJRT_NOT_FOUND);
  assert_int_equal(later_put("shared", "x", 1), PJRT_ALREADY_EXISTS);
  assert_int_equal(later_put("", "x", 1), PJRT_INVALID_ARGUMENT);
  pjrt_client_free(client);
}

/* Without a store the plugin is told of none. */
static void test_no_store(void **state) {
  fixture *f = *state;
  pjrt_client *client;
  real_create = f->plugin->table.PJRT_Client_Create;
  f->plugin->table.PJRT_Client_Create = create_and_remember;
  expect_error(create_node(f->plugin, NULL, 0, 2, 0, &client),
               PJRT_INVALID_ARGUMENT, "kv_get_callback");
  assert_true(!lent.kv_get_callback && !lent.kv_put_callback &&
              !lent.kv_try_get_callback);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_in_process),
      cmocka_unit_test(test_folder),
      cmocka_unit_test(test_folder_is_shared_by_a_job),
      cmocka_unit_test(test_partial_files),
      cmocka_unit_test(test_files_without_news),
      cmocka_unit_test(test_folders_that_will_not_do),
      cmocka_unit_test(test_folders_of_others),
      cmocka_unit_test(test_record_names),
      cmocka_unit_test(test_records),
      cmocka_unit_test(test_libraries),
      cmocka_unit_test(test_addresses),
      cmocka_unit_test(test_redis_addresses),
      cmocka_unit_test(test_own_functions),
      cmocka_unit_test(test_functions_that_are_missing),
      sim_test(test_clients_meet),
      sim_test(test_clients_that_wait_in_vain),
      sim_test(test_clients_that_collide),
      sim_test(test_clients_are_cancelled),
      sim_test(test_callbacks_at_any_time),
      sim_test(test_no_store),
  };
  return cmocka_run_group_tests_name("kvstore", tests, NULL, NULL);
}
