// RUN: longnet-opt %s --longnet-vectorize="vector-bits=512 registers=32" --canonicalize --cse | FileCheck %s --enable-var-scope
// RUN: longnet-opt %s --longnet-vectorize="vector-bits=256 registers=16" --canonicalize --cse | FileCheck %s --check-prefix=AVX2
// RUN: not longnet-opt %s --longnet-vectorize="vector-bits=96" 2>&1 | FileCheck %s --check-prefix=BAD

// BAD: longnet-vectorize: expects vector-bits to be a power of two of at least 64, and at least 8 registers, got 96 and 32

#id = affine_map<(d0, d1) -> (d0, d1)>
#lane = affine_map<(d0, d1) -> (d1)>
#line = affine_map<(d0) -> (d0)>

// Six rows by four vectors of accumulators; every vector serves six rows, every
// scalar four vectors.
// CHECK-LABEL: func @contraction
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %{{.*}}6
// CHECK-COUNT-24: vector.load {{.*}} vector<16xf32>
// CHECK: scf.for
// CHECK-COUNT-24: math.fma
// CHECK-LABEL: func @narrow
// AVX2-LABEL: func @contraction
// AVX2: vector<8xf32>
// AVX2-NOT: vector<16xf32>
func.func @contraction(%a: memref<12x32xf32>, %b: memref<32x64xf32>, %c: memref<12x64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>,
                                   affine_map<(d0, d1, d2) -> (d0, d1)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<12x32xf32>, memref<32x64xf32>) outs(%c : memref<12x64xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %r = math.fma %x, %y, %z : f32
    linalg.yield %r : f32
  }
  return
}

// Blocks of narrow rows are higher: eight by three vectors.
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %{{.*}}8 {
// CHECK-NEXT: vector.load {{.*}} vector<16xf32>
// CHECK-COUNT-23: vector.load {{.*}} vector<16xf32>
// CHECK: scf.for
// CHECK-COUNT-24: math.fma
// CHECK: scf.yield
// CHECK-NOT: scf.for
// CHECK-LABEL: func @even
func.func @narrow(%a: memref<64x32xf32>, %b: memref<32x48xf32>, %c: memref<64x48xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>,
                                   affine_map<(d0, d1, d2) -> (d0, d1)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<64x32xf32>, memref<32x48xf32>) outs(%c : memref<64x48xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %r = math.fma %x, %y, %z : f32
    linalg.yield %r : f32
  }
  return
}

// Five vectors are three and two, not four and one.
// CHECK: scf.for
// CHECK-COUNT-24: math.fma
// CHECK: scf.for
// CHECK-COUNT-16: math.fma
// CHECK-NOT: math.fma
// CHECK-LABEL: func @epilogue
func.func @even(%a: memref<8x31xf32>, %b: memref<31x80xf32>, %c: memref<8x80xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>,
                                   affine_map<(d0, d1, d2) -> (d0, d1)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<8x31xf32>, memref<31x80xf32>) outs(%c : memref<8x80xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %r = math.fma %x, %y, %z : f32
    linalg.yield %r : f32
  }
  return
}

// What follows a contraction is done to its sums in registers.
// CHECK: scf.for
// CHECK: %[[SUMS:.*]]:24 = scf.for
// CHECK: %[[FADE:.*]] = vector.load %{{.*}}[%{{.*}}] : memref<64xf32>, vector<16xf32>
// CHECK: %[[ACC:.*]] = vector.load %{{.*}}[%{{.*}}, %{{.*}}] : memref<12x64xf32>, vector<16xf32>
// CHECK: %[[NEW:.*]] = math.fma %[[FADE]], %[[ACC]], %[[SUMS]]#0 : vector<16xf32>
// CHECK: vector.store %[[NEW]], %{{.*}}[%{{.*}}, %{{.*}}] : memref<12x64xf32>, vector<16xf32>
// CHECK-COUNT-23: math.fma
// CHECK-NOT: linalg
// CHECK-NOT: math.fma
// CHECK-LABEL: func @read_again
func.func @epilogue(%a: memref<12x31xf32>, %b: memref<31x64xf32>, %fade: memref<64xf32>, %acc: memref<12x64xf32>) {
  %zero = arith.constant 0.0 : f32
  %t = memref.alloca() : memref<12x64xf32>
  linalg.fill ins(%zero : f32) outs(%t : memref<12x64xf32>)
  linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>,
                                   affine_map<(d0, d1, d2) -> (d0, d1)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<12x31xf32>, memref<31x64xf32>) outs(%t : memref<12x64xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %r = math.fma %x, %y, %z : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#lane, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%fade, %t : memref<64xf32>, memref<12x64xf32>) outs(%acc : memref<12x64xf32>) attrs = {longnet.epilogue} {
  ^bb0(%f: f32, %s: f32, %o: f32):
    %r = math.fma %f, %o, %s : f32
    linalg.yield %r : f32
  }
  return
}

// Not where the sums themselves are wanted too.
// CHECK: scf.for
// CHECK: scf.for
// CHECK-COUNT-24: math.fma
// CHECK: scf.yield
// CHECK-COUNT-24: vector.store
// CHECK: scf.for
// CHECK: math.fma
// CHECK-LABEL: func @reduce
func.func @read_again(%a: memref<12x31xf32>, %b: memref<31x64xf32>, %fade: memref<64xf32>, %acc: memref<12x64xf32>) -> f32 {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %t = memref.alloca() : memref<12x64xf32>
  linalg.fill ins(%zero : f32) outs(%t : memref<12x64xf32>)
  linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>,
                                   affine_map<(d0, d1, d2) -> (d0, d1)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<12x31xf32>, memref<31x64xf32>) outs(%t : memref<12x64xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %r = math.fma %x, %y, %z : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#lane, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%fade, %t : memref<64xf32>, memref<12x64xf32>) outs(%acc : memref<12x64xf32>) attrs = {longnet.epilogue} {
  ^bb0(%f: f32, %s: f32, %o: f32):
    %r = math.fma %f, %o, %s : f32
    linalg.yield %r : f32
  }
  %e = memref.load %t[%c0, %c0] : memref<12x64xf32>
  return %e : f32
}

// A reduction over rows is carried in registers; what varies along it is stored.
// CHECK: scf.for %{{.*}} iter_args
// CHECK: vector.store
// CHECK: scf.yield
// CHECK-LABEL: func @ragged
func.func @reduce(%s: memref<8x64xf32>, %sum: memref<64xf32>) {
  linalg.generic {indexing_maps = [#id, #lane], iterator_types = ["reduction", "parallel"]}
      outs(%s, %sum : memref<8x64xf32>, memref<64xf32>) {
  ^bb0(%x: f32, %y: f32):
    %p = math.exp2 %x : f32
    %z = arith.addf %y, %p : f32
    linalg.yield %p, %z : f32, f32
  }
  return
}

// A remainder that is known runs in narrower vectors, down to one element.
// CHECK: vector<16xf32>
// CHECK: vector<8xf32>
// CHECK: memref.store
// CHECK-LABEL: func @dynamic
func.func @ragged(%x: memref<25xf32>, %y: memref<25xf32>) {
  linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%x : memref<25xf32>) outs(%y : memref<25xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.mulf %a, %a : f32
    linalg.yield %r : f32
  }
  return
}

// CHECK: arith.remui
// CHECK: scf.for
// CHECK: vector.step : vector<16xindex>
// CHECK: scf.for
// CHECK: memref.store
// CHECK-LABEL: func @left_alone
func.func @dynamic(%y: memref<?xf32>, %i: index) {
  linalg.generic {indexing_maps = [#line], iterator_types = ["parallel"]} outs(%y : memref<?xf32>) {
  ^bb0(%b: f32):
    %lane = linalg.index 0 : index
    %at = arith.addi %lane, %i : index
    %int = arith.index_cast %at : index to i32
    %r = arith.sitofp %int : i32 to f32
    linalg.yield %r : f32
  }
  return
}

// Lanes that are not contiguous, bodies with regions, elements that vectors pack.
// CHECK-COUNT-2: linalg.generic
// CHECK: linalg.fill
// CHECK: memref.copy
func.func @left_alone(%x: memref<8xf32, strided<[2]>>, %y: memref<8xf32>, %c: i1, %bits: memref<64xi1>, %more: memref<64xi1>) {
  linalg.generic {indexing_maps = [#line], iterator_types = ["parallel"]} outs(%x : memref<8xf32, strided<[2]>>) {
  ^bb0(%b: f32):
    linalg.yield %b : f32
  }
  linalg.generic {indexing_maps = [#line], iterator_types = ["parallel"]} outs(%y : memref<8xf32>) {
  ^bb0(%b: f32):
    %r = scf.if %c -> f32 {
      scf.yield %b : f32
    } else {
      %z = arith.negf %b : f32
      scf.yield %z : f32
    }
    linalg.yield %r : f32
  }
  linalg.fill ins(%c : i1) outs(%bits : memref<64xi1>)
  memref.copy %bits, %more : memref<64xi1> to memref<64xi1>
  return
}
