// Prints the f32 FMA rate of one core in GFLOP/s: what the kernels are measured
// against. Compile with -O3 -march=native.
#include <stdio.h>
#include <time.h>

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float Vector __attribute__((vector_size(4 * LANES)));

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

int main(void) {
  enum { chains = 12, rounds = 20000000, repeats = 5 };
  Vector sums[chains], factor, term;
  for (int lane = 0; lane < LANES; ++lane) {
    factor[lane] = 0.5f;
    term[lane] = 1.0f;
  }
  for (int chain = 0; chain < chains; ++chain)
    sums[chain] = term;
  double best = 0;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    double start = seconds();
    for (long round = 0; round < rounds; ++round)
      for (int chain = 0; chain < chains; ++chain)
        sums[chain] = sums[chain] * factor + term;
    double rate = 2.0 * LANES * chains * rounds / (seconds() - start) * 1e-9;
    best = rate > best ? rate : best;
  }
  float all = 0;
  for (int chain = 0; chain < chains; ++chain)
    all += sums[chain][0];
  printf("%.1f\n", best);
  return all == 0;
}
