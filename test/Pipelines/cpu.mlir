// RUN: longnet-opt %s --longnet-cpu-pipeline | FileCheck %s --implicit-check-not=unrealized --implicit-check-not=longnet. --implicit-check-not=memrefCopy
// RUN: longnet-opt %s --longnet-cpu-pipeline="parallel=false vector-bits=128 registers=16" | FileCheck %s --check-prefix=SERIAL --implicit-check-not=omp. --implicit-check-not='vector<16xf32>'
// RUN: longnet-opt %s --longnet-cpu-pipeline="fuse=false" | FileCheck %s --check-prefix=PIECES --implicit-check-not=memrefCopy
// RUN: longnet-opt %s --longnet-tile-pipeline | FileCheck %s --check-prefix=TILES --implicit-check-not=memref.copy
// RUN: %mlir-opt %s --load-dialect-plugin=%plugin --load-pass-plugin=%plugin \
// RUN:   --pass-pipeline="builtin.module(longnet-cpu-pipeline)" | FileCheck %s

// CHECK: omp.parallel
// CHECK: llvm.call @longnet_attend_group
// CHECK: vector<16xf32>
// SERIAL: llvm.call @longnet_attend_group
// SERIAL: vector<4xf32>
// PIECES: omp.parallel
// TILES: scf.forall
// TILES: call @longnet_attend_group
// TILES: func.func private @longnet_attend_tile
func.func @attention(%q: tensor<?x?x?x16xf32>, %k: tensor<?x?x?x16xf32>, %v: tensor<?x?x?x16xf32>)
    -> (tensor<?x?x?x16xf32>, tensor<?x?x?xf32>) {
  %out, %lse = longnet.dilated_attention %q, %k, %v
      branches = [<segment = 32, dilation = 1>, <segment = 64, dilation = 3>] causal
      : (tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>) -> (tensor<?x?x?x16xf32>, tensor<?x?x?xf32>)
  return %out, %lse : tensor<?x?x?x16xf32>, tensor<?x?x?xf32>
}
