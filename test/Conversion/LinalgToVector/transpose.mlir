// RUN: longnet-opt %s --longnet-vectorize="vector-bits=128" --canonicalize --cse | FileCheck %s --enable-var-scope

#id = affine_map<(d0, d1) -> (d0, d1)>
#swap = affine_map<(d0, d1) -> (d1, d0)>

// Four rows of four lanes are read, changed as vectors, and interleaved twice.
// CHECK-LABEL: func @transpose
// CHECK-COUNT-4: vector.load {{.*}} vector<4xf32>
// CHECK-COUNT-8: vector.shuffle
// CHECK-COUNT-4: vector.store {{.*}} vector<4xf32>
// CHECK: memref.store
// CHECK-LABEL: func @strided
func.func @transpose(%x: memref<?x16xf32, strided<[?, 1], offset: ?>>, %y: memref<16x?xf32>) {
  linalg.generic {indexing_maps = [#id, #swap], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<?x16xf32, strided<[?, 1], offset: ?>>) outs(%y : memref<16x?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  return
}

// CHECK: linalg.generic
func.func @strided(%x: memref<?x16xf32, strided<[?, ?], offset: ?>>, %y: memref<16x?xf32>) {
  linalg.generic {indexing_maps = [#id, #swap], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<?x16xf32, strided<[?, ?], offset: ?>>) outs(%y : memref<16x?xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  }
  return
}
