// Calls a compiled function on raw files. It is linked in, FUNCTION names it.
// Every argument is a number, or PATH,DIRECTION,CODE,BITS,SIZE,SIZE,... with
// direction r (read) or w (written) and DLPack's code and bits of the elements.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { largestRank = 5, largestCount = 12 };

typedef struct {
  void *data;
  int32_t deviceType, deviceId, rank;
  uint8_t code, bits;
  uint16_t lanes;
  int64_t *shape, *strides;
  uint64_t byteOffset;
} Tensor;

typedef struct {
  char *path;
  int isWritten;
  size_t bytes;
  Tensor tensor;
  int64_t shape[largestRank];
} Argument;

// Arguments are pointers and 64-bit integers, so those beyond the last are
// harmless wherever they are passed.
#define SLOTS                                                                  \
  uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,        \
      uint64_t, uint64_t, uint64_t, uint64_t, uint64_t
#define NAME2(f) f##_error
#define NAME(f) NAME2(f)
int32_t FUNCTION(SLOTS);
const char *NAME(FUNCTION)(int32_t);

static void fail(const char *what, const char *name) {
  fprintf(stderr, "call: %s %s\n", what, name);
  exit(2);
}

static void parse(Argument *argument, char *text) {
  argument->path = strtok(text, ",");
  argument->isWritten = *strtok(NULL, ",") == 'w';
  argument->tensor.code = atoi(strtok(NULL, ","));
  argument->tensor.bits = atoi(strtok(NULL, ","));
  argument->tensor.lanes = 1;
  argument->tensor.deviceType = 1;
  argument->bytes = argument->tensor.bits / 8;
  for (char *size; (size = strtok(NULL, ","));) {
    argument->shape[argument->tensor.rank++] = atoll(size);
    argument->bytes *= atoll(size);
  }
  argument->tensor.shape = argument->shape;
  argument->tensor.data = aligned_alloc(64, (argument->bytes + 64) / 64 * 64);
}

int main(int count, char **texts) {
  static Argument arguments[largestCount];
  uint64_t values[largestCount] = {0};
  if (count - 1 > largestCount)
    fail("too many arguments for", texts[0]);
  for (int i = 0; i < count - 1; ++i) {
    Argument *argument = &arguments[i];
    if (!strchr(texts[i + 1], ',')) {
      values[i] = strtoull(texts[i + 1], NULL, 10);
      continue;
    }
    parse(argument, texts[i + 1]);
    values[i] = (uint64_t)&argument->tensor;
    memset(argument->tensor.data, 0xff, argument->bytes);
    if (argument->isWritten)
      continue;
    FILE *file = fopen(argument->path, "rb");
    if (!file || fread(argument->tensor.data, 1, argument->bytes, file) !=
                     argument->bytes)
      fail("cannot read", argument->path);
    fclose(file);
  }
  int32_t code = FUNCTION(values[0], values[1], values[2], values[3], values[4],
                          values[5], values[6], values[7], values[8], values[9],
                          values[10], values[11]);
  if (code) {
    fprintf(stderr, "%s\n", NAME(FUNCTION)(code));
    return 1;
  }
  for (int i = 0; i < count - 1; ++i) {
    if (!arguments[i].isWritten)
      continue;
    FILE *file = fopen(arguments[i].path, "wb");
    if (!file || fwrite(arguments[i].tensor.data, 1, arguments[i].bytes,
                        file) != arguments[i].bytes)
      fail("cannot write", arguments[i].path);
    fclose(file);
  }
  return 0;
}
