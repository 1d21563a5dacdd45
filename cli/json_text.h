/* Texts as JSON, which is UTF-8. */
#ifndef CLI_JSON_TEXT_H_
#define CLI_JSON_TEXT_H_

#include <jansson.h>

/* Bytes of any kind, such as plugins and file systems give: where they are not
 * UTF-8, those that are not ASCII turn into question marks. A new reference;
 * NULL when memory is short. */
json_t *text_json(const char *text, size_t size);

#endif /* CLI_JSON_TEXT_H_ */
