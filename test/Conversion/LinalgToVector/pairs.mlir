// RUN: longnet-opt %s --longnet-vectorize="isa=avx512bf16" --canonicalize --cse | FileCheck %s --enable-var-scope
// RUN: longnet-opt %s --longnet-vectorize="isa=amx" --canonicalize --cse | FileCheck %s --check-prefix=AMX
// RUN: longnet-opt %s --longnet-vectorize --canonicalize --cse | FileCheck %s --check-prefix=PLAIN

// Six rows by four vectors of sums; a pair of the left factor is one broadcast.
// CHECK-LABEL: func @contraction
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c6
// CHECK-COUNT-24: vector.load {{.*}} vector<16xf32>
// CHECK: scf.for
// CHECK-COUNT-4: vector.load {{.*}} vector<32xbf16>
// CHECK: vector.load {{.*}} vector<2xbf16>
// CHECK: vector.broadcast %{{.*}} : i32 to vector<16xi32>
// CHECK: vector.bitcast %{{.*}} : vector<16xi32> to vector<32xbf16>
// CHECK-COUNT-24: x86vector.avx512.dot
// CHECK-COUNT-24: vector.store

// Two by two tiles; rows of 32 elements, and pairs of rows of the right factor.
// AMX-LABEL: func @contraction
// AMX: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c32
// AMX-COUNT-4: amx.tile_load {{.*}} into !amx.tile<16x16xf32>
// AMX-COUNT-4: amx.tile_load {{.*}} into !amx.tile<16x32xbf16>
// AMX-COUNT-4: amx.tile_mulf
// AMX-COUNT-4: amx.tile_store
// AMX-NOT: x86vector

// PLAIN-LABEL: func @contraction
// PLAIN: linalg.generic
func.func @contraction(%a: memref<64x16x2xbf16>, %b: memref<16x64x2xbf16>, %c: memref<64x64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, l, k, p) -> (i, k, p)>, affine_map<(i, l, k, p) -> (k, l, p)>,
                                   affine_map<(i, l, k, p) -> (i, l)>],
                  iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b : memref<64x16x2xbf16>, memref<16x64x2xbf16>) outs(%c : memref<64x64xf32>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    %u = arith.extf %x : bf16 to f32
    %w = arith.extf %y : bf16 to f32
    %r = math.fma %u, %w, %z : f32
    linalg.yield %r : f32
  }
  return
}

// Several products share factors, and the last one is summed up after the rest.
// AMX-LABEL: func @products
// AMX: scf.for
// AMX-COUNT-4: amx.tile_load {{.*}} into !amx.tile<16x32xbf16>
// AMX-COUNT-4: amx.tile_mulf
// AMX-COUNT-2: amx.tile_load {{.*}} into !amx.tile<16x32xbf16>
// AMX-NEXT: amx.tile_mulf
// AMX: scf.yield
// AMX: scf.for
// AMX-COUNT-4: amx.tile_load
// AMX-COUNT-4: amx.tile_mulf
// AMX: scf.yield
// AMX-COUNT-4: amx.tile_store
// CHECK-LABEL: func @products
// CHECK: scf.for
// CHECK-COUNT-48: x86vector.avx512.dot
// CHECK: scf.yield
// CHECK-COUNT-24: x86vector.avx512.dot
// CHECK: scf.yield
func.func @products(%a: memref<32x64x2xbf16>, %b: memref<64x64x2xbf16>, %c: memref<64x64x2xbf16>, %d: memref<32x64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, l, k, p) -> (i, k, p)>, affine_map<(i, l, k, p) -> (k, l, p)>,
                                   affine_map<(i, l, k, p) -> (k, l, p)>, affine_map<(i, l, k, p) -> (i, l)>],
                  iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b, %c : memref<32x64x2xbf16>, memref<64x64x2xbf16>, memref<64x64x2xbf16>) outs(%d : memref<32x64xf32>) {
  ^bb0(%x: bf16, %y: bf16, %z: bf16, %s: f32):
    %u = arith.extf %x : bf16 to f32
    %v = arith.extf %y : bf16 to f32
    %w = arith.extf %z : bf16 to f32
    %0 = math.fma %u, %v, %s : f32
    %1 = math.fma %u, %w, %0 : f32
    %2 = math.fma %u, %v, %1 : f32
    linalg.yield %2 : f32
  }
  return
}

// A product of one factor with itself is none of two.
// CHECK-LABEL: func @square
// CHECK-NOT: x86vector
func.func @square(%a: memref<32x64x2xbf16>, %b: memref<64x64x2xbf16>, %d: memref<32x64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, l, k, p) -> (i, k, p)>, affine_map<(i, l, k, p) -> (k, l, p)>,
                                   affine_map<(i, l, k, p) -> (i, l)>],
                  iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b : memref<32x64x2xbf16>, memref<64x64x2xbf16>) outs(%d : memref<32x64xf32>) {
  ^bb0(%x: bf16, %y: bf16, %s: f32):
    %u = arith.extf %x : bf16 to f32
    %0 = math.fma %u, %u, %s : f32
    linalg.yield %0 : f32
  }
  return
}

// Sums of dot products are in registers, those of tiles are not.
// CHECK-LABEL: func @epilogue
// CHECK-COUNT-24: x86vector.avx512.dot
// CHECK: scf.yield
// CHECK: arith.addf {{.*}} : vector<16xf32>
// CHECK: vector.store
// CHECK-COUNT-23: arith.addf
// CHECK-NOT: arith.addf
// AMX-LABEL: func @epilogue
// AMX: amx.tile_mulf
// AMX: amx.tile_store
// AMX: vector.load
// AMX: arith.addf {{.*}} : vector<16xf32>
func.func @epilogue(%a: memref<96x64x2xbf16>, %b: memref<64x64x2xbf16>, %c: memref<96x64xf32>) {
  %zero = arith.constant 0.0 : f32
  %t = memref.alloca() : memref<96x64xf32>
  linalg.fill ins(%zero : f32) outs(%t : memref<96x64xf32>)
  linalg.generic {indexing_maps = [affine_map<(i, l, k, p) -> (i, k, p)>, affine_map<(i, l, k, p) -> (k, l, p)>,
                                   affine_map<(i, l, k, p) -> (i, l)>],
                  iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b : memref<96x64x2xbf16>, memref<64x64x2xbf16>) outs(%t : memref<96x64xf32>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    %u = arith.extf %x : bf16 to f32
    %w = arith.extf %y : bf16 to f32
    %r = math.fma %u, %w, %z : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [affine_map<(i, l) -> (i, l)>, affine_map<(i, l) -> (i, l)>],
                  iterator_types = ["parallel", "parallel"]}
      ins(%t : memref<96x64xf32>) outs(%c : memref<96x64xf32>) attrs = {longnet.epilogue} {
  ^bb0(%x: f32, %y: f32):
    %r = arith.addf %x, %y : f32
    linalg.yield %r : f32
  }
  return
}

// Nothing is computed where there are no rows.
// CHECK-LABEL: func @empty
// CHECK-NOT: x86vector
func.func @empty(%a: memref<0x16x2xbf16>, %b: memref<16x64x2xbf16>, %c: memref<0x64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, l, k, p) -> (i, k, p)>, affine_map<(i, l, k, p) -> (k, l, p)>,
                                   affine_map<(i, l, k, p) -> (i, l)>],
                  iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b : memref<0x16x2xbf16>, memref<16x64x2xbf16>) outs(%c : memref<0x64xf32>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    %u = arith.extf %x : bf16 to f32
    %w = arith.extf %y : bf16 to f32
    %r = math.fma %u, %w, %z : f32
    linalg.yield %r : f32
  }
  return
}

// What does not fill tiles goes to dot products, and what does not fill vectors
// is left alone.
// AMX-LABEL: func @odd
// AMX: x86vector.avx512.dot
// AMX: linalg.generic
// CHECK-LABEL: func @odd
func.func @odd(%a: memref<6x3x2xbf16>, %b: memref<3x16x2xbf16>, %c: memref<6x16xf32>, %d: memref<3x10x2xbf16>,
               %e: memref<6x10xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, l, k, p) -> (i, k, p)>, affine_map<(i, l, k, p) -> (k, l, p)>,
                                   affine_map<(i, l, k, p) -> (i, l)>],
                  iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b : memref<6x3x2xbf16>, memref<3x16x2xbf16>) outs(%c : memref<6x16xf32>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    %u = arith.extf %x : bf16 to f32
    %w = arith.extf %y : bf16 to f32
    %r = math.fma %u, %w, %z : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [affine_map<(i, l, k, p) -> (i, k, p)>, affine_map<(i, l, k, p) -> (k, l, p)>,
                                   affine_map<(i, l, k, p) -> (i, l)>],
                  iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %d : memref<6x3x2xbf16>, memref<3x10x2xbf16>) outs(%e : memref<6x10xf32>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    %u = arith.extf %x : bf16 to f32
    %w = arith.extf %y : bf16 to f32
    %r = math.fma %u, %w, %z : f32
    linalg.yield %r : f32
  }
  return
}

// Two rows are rounded and set side by side.
// CHECK-LABEL: func @interleave
// CHECK-COUNT-2: arith.truncf %{{.*}} : vector<16xf32> to vector<16xbf16>
// CHECK: vector.interleave %{{.*}}, %{{.*}} : vector<16xbf16> -> vector<32xbf16>
// CHECK: vector.store {{.*}} vector<32xbf16>
// PLAIN-LABEL: func @interleave
// PLAIN: vector.interleave
func.func @interleave(%from: memref<8x2x32xf32>, %to: memref<8x32x2xbf16>) {
  linalg.generic {indexing_maps = [affine_map<(i, l, p) -> (i, p, l)>, affine_map<(i, l, p) -> (i, l, p)>],
                  iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%from : memref<8x2x32xf32>) outs(%to : memref<8x32x2xbf16>) {
  ^bb0(%x: f32, %y: bf16):
    %r = arith.truncf %x : f32 to bf16
    linalg.yield %r : bf16
  }
  return
}

// Pairs are transposed as words.
// CHECK-LABEL: func @transpose
// CHECK-COUNT-8: vector.bitcast %{{.*}} : vector<16xbf16> to vector<8xi32>
// CHECK: vector.shuffle
// CHECK-COUNT-8: vector.store {{.*}} vector<16xbf16>
func.func @transpose(%from: memref<16x24x2xbf16>, %to: memref<24x16x2xbf16>) {
  linalg.generic {indexing_maps = [affine_map<(i, k, p) -> (i, k, p)>, affine_map<(i, k, p) -> (k, i, p)>],
                  iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%from : memref<16x24x2xbf16>) outs(%to : memref<24x16x2xbf16>) {
  ^bb0(%x: bf16, %y: bf16):
    linalg.yield %x : bf16
  }
  return
}

// Pairs that do not lie side by side are no rows of words.
// CHECK-LABEL: func @strided
// CHECK-NOT: memref.collapse_shape
// CHECK: return
func.func @strided(%from: memref<16x24x2xbf16, strided<[96, 4, 1]>>, %to: memref<24x16x2xbf16>) {
  linalg.generic {indexing_maps = [affine_map<(i, k, p) -> (i, k, p)>, affine_map<(i, k, p) -> (k, i, p)>],
                  iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%from : memref<16x24x2xbf16, strided<[96, 4, 1]>>) outs(%to : memref<24x16x2xbf16>) {
  ^bb0(%x: bf16, %y: bf16):
    linalg.yield %x : bf16
  }
  return
}

// Rows and pairs of weights, and their sum, in one pass over the scores.
// CHECK-LABEL: func @softmax
// CHECK: scf.for {{.*}} iter_args
// CHECK-COUNT-2: math.exp2 %{{.*}} : vector<16xf32>
// CHECK: vector.interleave
// CHECK: scf.yield
// CHECK: vector.store {{.*}} vector<16xf32>
func.func @softmax(%scores: memref<8x2x16xf32>, %top: memref<16xf32>, %pairs: memref<8x16x2xbf16>, %sum: memref<16xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, l, p) -> (i, p, l)>, affine_map<(i, l, p) -> (l)>,
                                   affine_map<(i, l, p) -> (i, l, p)>, affine_map<(i, l, p) -> (l)>],
                  iterator_types = ["reduction", "parallel", "reduction"]}
      ins(%scores, %top : memref<8x2x16xf32>, memref<16xf32>) outs(%pairs, %sum : memref<8x16x2xbf16>, memref<16xf32>) {
  ^bb0(%x: f32, %t: f32, %y: bf16, %s: f32):
    %d = arith.subf %x, %t : f32
    %w = math.exp2 %d : f32
    %r = arith.truncf %w : f32 to bf16
    %z = arith.addf %s, %w : f32
    linalg.yield %r, %z : bf16, f32
  }
  return
}

// Sums start from what the buffer was filled with, in registers.
// CHECK-LABEL: func @filled
// CHECK-NOT: memref<6x16xf32>, vector<16xf32>
// CHECK: x86vector.avx512.dot
// CHECK: vector.store
// AMX-LABEL: func @filled
func.func @filled(%a: memref<6x3x2xbf16>, %b: memref<3x16x2xbf16>, %out: memref<6x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloca() : memref<6x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<6x16xf32>)
  linalg.generic {indexing_maps = [affine_map<(i, l, k, p) -> (i, k, p)>, affine_map<(i, l, k, p) -> (k, l, p)>,
                                   affine_map<(i, l, k, p) -> (i, l)>],
                  iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b : memref<6x3x2xbf16>, memref<3x16x2xbf16>) outs(%c : memref<6x16xf32>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    %u = arith.extf %x : bf16 to f32
    %w = arith.extf %y : bf16 to f32
    %r = math.fma %u, %w, %z : f32
    linalg.yield %r : f32
  }
  memref.copy %c, %out : memref<6x16xf32> to memref<6x16xf32>
  return
}

// Rows of two halves.
// CHECK-LABEL: func @halves
// CHECK: scf.for %[[ROW:.*]] =
// CHECK: vector.load %{{.*}}[%c0{{.*}}, %[[ROW]], %c0{{.*}}] : memref<2x16x32xbf16>, vector<32xbf16>
// CHECK: vector.load %{{.*}}[%c1{{.*}}, %[[ROW]], %c0{{.*}}] : memref<2x16x32xbf16>, vector<32xbf16>
// CHECK: vector.interleave
func.func @halves(%from: memref<2x16x32xbf16>, %to: memref<16x32x2xbf16>) {
  linalg.generic {indexing_maps = [affine_map<(i, l, p) -> (p, i, l)>, affine_map<(i, l, p) -> (i, l, p)>],
                  iterator_types = ["parallel", "parallel", "parallel"]} ins(%from : memref<2x16x32xbf16>) outs(%to : memref<16x32x2xbf16>) {
  ^bb0(%x: bf16, %y: bf16):
    linalg.yield %x : bf16
  }
  return
}
