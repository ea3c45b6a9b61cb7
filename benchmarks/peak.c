// Prints what one core can do at most, in GFLOP/s: f32 FMA, dot products of
// bf16, and products of AMX tiles of bf16 (0 where there are none). Compile
// with -O3 -march=native.
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__AVX512BF16__) || defined(__AMX_BF16__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float Vector __attribute__((vector_size(4 * LANES)));

enum { chains = 12, rounds = 20000000, repeats = 5 };

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

/// One round of independent operations.
static inline __attribute__((always_inline)) void
multiplyAdd(Vector *sums, Vector factor, Vector term) {
  for (int chain = 0; chain < chains; ++chain)
    sums[chain] = sums[chain] * factor + term;
}

#ifdef __AVX512BF16__
static inline
    __attribute__((always_inline)) void dotProducts(Vector *sums, Vector factor,
                                                    Vector term) {
  for (int chain = 0; chain < chains; ++chain)
    sums[chain] = (Vector)_mm512_dpbf16_ps((__m512)sums[chain],
                                           (__m512bh)factor, (__m512bh)term);
}
#endif

#ifdef __AMX_BF16__
/// The best rate of products of 16 x 16 sums of 32 terms in registers, or 0 if
/// the system does not let this process use tiles.
static double measureTiles(void) {
  enum { permissionRequest = 0x1023, tileData = 18, tiles = 8 };
  if (syscall(SYS_arch_prctl, permissionRequest, tileData) != 0)
    return 0;
  uint8_t layout[64] = {1};
  for (int tile = 0; tile < tiles; ++tile) {
    layout[16 + 2 * tile] = 64;
    layout[48 + tile] = 16;
  }
  _tile_loadconfig(layout);
  double best = 0;
  long count = rounds / 10;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    double start = seconds();
    for (long i = 0; i < count; ++i) {
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    double rate = 1e-9 * 4 * (2 * 16 * 16 * 32) * count / (seconds() - start);
    best = rate > best ? rate : best;
  }
  _tile_release();
  return best;
}
#endif

/// The best rate of `round`, `flop` operations each; `check` keeps its results.
#define MEASURE(round, flop, check)                                            \
  ({                                                                           \
    Vector sums[chains], factor, term;                                         \
    for (int lane = 0; lane < LANES; ++lane) {                                 \
      factor[lane] = 0.5f;                                                     \
      term[lane] = 1.0f;                                                       \
    }                                                                          \
    for (int chain = 0; chain < chains; ++chain)                               \
      sums[chain] = term;                                                      \
    double best = 0;                                                           \
    for (int repeat = 0; repeat < repeats; ++repeat) {                         \
      double start = seconds();                                                \
      for (long i = 0; i < rounds; ++i)                                        \
        round(sums, factor, term);                                             \
      double rate = 1e-9 * (flop) * rounds / (seconds() - start);              \
      best = rate > best ? rate : best;                                        \
    }                                                                          \
    for (int chain = 0; chain < chains; ++chain)                               \
      check += sums[chain][0];                                                 \
    best;                                                                      \
  })

int main(void) {
  float check = 0;
  printf("%.1f", MEASURE(multiplyAdd, 2.0 * LANES * chains, check));
#ifdef __AVX512BF16__
  printf(" %.1f", MEASURE(dotProducts, 4.0 * LANES * chains, check));
#else
  printf(" 0");
#endif
#ifdef __AMX_BF16__
  printf(" %.1f\n", measureTiles());
#else
  printf(" 0\n");
#endif
  return check == 0;
}
