// Prints what one core can do at most, in GFLOP/s: f32 FMA, and dot products of
// bf16 (0 where there are none). Compile with -O3 -march=native.
#include <stdio.h>
#include <time.h>

#ifdef __AVX512BF16__
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
  printf(" %.1f\n", MEASURE(dotProducts, 4.0 * LANES * chains, check));
#else
  printf(" 0\n");
#endif
  return check == 0;
}
