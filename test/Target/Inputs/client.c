// Calls a compiled attention the way a C program does, and in every way it
// should not. Arguments: folder with q.raw, k.raw, v.raw and the expected
// out.raw and lse.raw, all f32 of batch 2, heads 4 (keys 2), rows 37, dim 16.

#include "attention.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { B = 2, H = 4, G = 2, N = 37, D = 16 };

static float q[B * H * N * D], k[B * G * N * D], v[B * G * N * D];
static float out[B * H * N * D], lse[B * H * N];
static float wantedOut[B * H * N * D], wantedLse[B * H * N];

static void readFile(const char *folder, const char *name, float *data,
                     size_t size) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/%s.raw", folder, name);
  FILE *file = fopen(path, "rb");
  if (!file || fread(data, 1, size, file) != size) {
    printf("cannot read %s\n", path);
    exit(1);
  }
  fclose(file);
}

typedef struct {
  DLTensor tensor;
  int64_t shape[4], strides[4];
} View;

static void makeView(View *view, float *data, int rank, int64_t heads) {
  const int64_t shape[] = {B, heads, N, D};
  memset(view, 0, sizeof(*view));
  view->tensor.data = data;
  view->tensor.device.device_type = kDLCPU;
  view->tensor.ndim = rank;
  view->tensor.dtype.code = kDLFloat;
  view->tensor.dtype.bits = 32;
  view->tensor.dtype.lanes = 1;
  view->tensor.shape = view->shape;
  memcpy(view->shape, shape, sizeof(shape));
}

// The same sequence with heads inside rows: [batch, rows, heads, dim].
static void makeInterleaved(View *view, float *data, int64_t heads) {
  makeView(view, data, 4, heads);
  const int64_t strides[] = {N * heads * D, D, heads * D, 1};
  memcpy(view->strides, strides, sizeof(strides));
  view->tensor.strides = view->strides;
}

static void interleave(const float *from, float *to, int heads) {
  for (int b = 0; b < B; ++b)
    for (int h = 0; h < heads; ++h)
      for (int n = 0; n < N; ++n)
        memcpy(to + ((b * N + n) * heads + h) * D,
               from + ((b * heads + h) * N + n) * D, D * sizeof(float));
}

static View vq, vk, vv, vo, vl;

static void reset(void) {
  makeView(&vq, q, 4, H);
  makeView(&vk, k, 4, G);
  makeView(&vv, v, 4, G);
  makeView(&vo, out, 4, H);
  makeView(&vl, lse, 3, H);
}

static int32_t call(void) {
  return attention(&vq.tensor, &vk.tensor, &vv.tensor, &vo.tensor, &vl.tensor);
}

static void expectError(const char *what) {
  memset(out, 0x7f, sizeof(out));
  const int32_t code = call();
  printf("%s: %s\n", what, attention_error(code));
  for (size_t i = 0; i < sizeof(out); ++i)
    if (((const char *)out)[i] != 0x7f) {
      printf("  wrote in spite of an error\n");
      break;
    }
  reset();
}

static void expectSuccess(const char *what) {
  const int32_t code = call();
  printf("%s: %s\n", what, attention_error(code));
  reset();
}

int main(int argc, char **argv) {
  if (argc != 2)
    return 1;
  readFile(argv[1], "q", q, sizeof(q));
  readFile(argv[1], "k", k, sizeof(k));
  readFile(argv[1], "v", v, sizeof(v));
  readFile(argv[1], "out", wantedOut, sizeof(wantedOut));
  readFile(argv[1], "lse", wantedLse, sizeof(wantedLse));

  // The numbers of longnet-run, bit for bit.
  reset();
  expectSuccess("dense");
  printf("same: %d\n", !memcmp(out, wantedOut, sizeof(out)) &&
                           !memcmp(lse, wantedLse, sizeof(lse)));

  // Any layout is the same code.
  static float qi[B * H * N * D], ki[B * G * N * D], vi[B * G * N * D],
      oi[B * H * N * D], expected[B * H * N * D];
  interleave(q, qi, H);
  interleave(k, ki, G);
  interleave(v, vi, G);
  makeInterleaved(&vq, qi, H);
  makeInterleaved(&vk, ki, G);
  makeInterleaved(&vv, vi, G);
  makeInterleaved(&vo, oi, H);
  expectSuccess("interleaved");
  interleave(wantedOut, expected, H);
  printf("same: %d\n", !memcmp(oi, expected, sizeof(oi)));

  // A view into the middle of memory.
  vo.tensor.data = (char *)out - 64;
  vo.tensor.byte_offset = 64;
  memset(out, 0, sizeof(out));
  expectSuccess("offset");
  printf("same: %d\n", !memcmp(out, wantedOut, sizeof(out)));

  // Nothing to do needs no memory.
  vq.shape[0] = vk.shape[0] = vv.shape[0] = vo.shape[0] = vl.shape[0] = 0;
  vq.tensor.data = vk.tensor.data = vv.tensor.data = vo.tensor.data =
      vl.tensor.data = NULL;
  expectSuccess("no batch");
  vq.shape[2] = vo.shape[2] = vl.shape[2] = 0;
  vq.tensor.data = vo.tensor.data = vl.tensor.data = NULL;
  expectSuccess("no queries");

  // Mistakes.
  printf("null: %s\n", attention_error(attention(NULL, &vk.tensor, &vv.tensor,
                                                 &vo.tensor, &vl.tensor)));
  printf("null output: %s\n",
         attention_error(
             attention(&vq.tensor, &vk.tensor, &vv.tensor, &vo.tensor, NULL)));
  vq.tensor.ndim = 3;
  expectError("rank");
  vk.tensor.dtype.bits = 64;
  expectError("bits");
  vk.tensor.dtype.code = kDLInt;
  expectError("code");
  vk.tensor.dtype.lanes = 2;
  expectError("lanes");
  vv.tensor.device.device_type = 2;
  expectError("device");
  vv.tensor.shape = NULL;
  expectError("no shape");
  vv.tensor.data = NULL;
  expectError("no data");
  vq.tensor.byte_offset = 2;
  expectError("alignment");
  vq.shape[3] = 8;
  expectError("head dimension");
  vq.shape[2] = -1;
  expectError("negative");
  makeInterleaved(&vk, k, G);
  vk.strides[3] = 2;
  expectError("stride");
  makeInterleaved(&vo, out, H);
  vo.strides[1] = 0;
  expectError("overlap");
  vk.shape[0] = 1;
  expectError("batch");
  vk.shape[1] = vv.shape[1] = 3;
  expectError("groups");
  vk.shape[1] = vv.shape[1] = 0;
  vk.tensor.data = vv.tensor.data = NULL;
  expectError("no groups");
  vv.shape[1] = 1;
  expectError("value heads");
  vv.shape[2] = N - 1;
  expectError("value rows");
  vo.shape[2] = N - 1;
  expectError("output rows");
  vl.shape[1] = G;
  expectError("lse heads");
  printf("codes: %s, %s, %s\n", attention_error(0), attention_error(-1),
         attention_error(1 << 20));
  return 0;
}
